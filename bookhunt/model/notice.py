"""A notice: something that happened and that somebody asked to be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bookhunt.model.money import Money
    from bookhunt.model.outcome import RequestRecord


class Event(StrEnum):
    """What a notice can be about. The words stand in configurations and ledgers for ever."""

    BOUGHT = "bought"  # an order stands
    OVERCHARGED = "overcharged"  # it stands, and costs more than was agreed; `bought` hears it too
    NOT_AVAILABLE = "not_available"  # nobody has it at that price; of a watch: it looks again
    FAILED = "failed"  # every seller that had it refused the order
    IN_DOUBT = "in_doubt"  # an order was sent, and nobody can say yet what became of it
    NEEDS_ATTENTION = "needs_attention"  # only a person can say what became of an order
    EXPIRED = "expired"  # its time passed before anybody was asked
    PRICE = "price"  # a watched book costs less than ever seen
    SELLER_SUSPENDED = "seller_suspended"  # a seller is left alone for what it did
    TEST = "test"  # `bookhunt notify test`; never asked for in the configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The order that may have stood when the notice was written."""

    seller: str
    agreed: Money | None
    order_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is told beside the outcomes of requests.

    `once` names what must not be told a second time: news with a name that came before are
    dropped. `data` is JSON, and says the same to programs as `title` and `message` say to people.
    """

    event: Event
    title: str
    message: str
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    once: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to be told: the outcome of a request as it was then, or other news."""

    id: str  # UUIDv7; the same however often, and to how many, it is told
    event: Event
    at: datetime
    request: RequestRecord | None = None
    standing: Standing | None = None
    news: News | None = None


class DeliveryState(StrEnum):
    """Where the telling of one notice to one target stands."""

    WAITING = "waiting"  # it is due now, or again after a failure
    TOLD = "told"
    GIVEN_UP = "given_up"  # it was tried often enough, or the target is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One notice on its way to one target."""

    notice: Notice
    target: str  # the name a target goes by in the outbox
    state: DeliveryState
    tries: int  # that failed
    due_at: datetime | None  # when it is tried next; None: it is not
    error: str | None  # why the last try failed
