"""The JSON contract: the names of every object's fields, and what a client submits.

Objects travel and are printed under the same names, so the tables here serve both sides: the
daemon builds its answers in this order, the command line checks `--fields` against them. Plain
tuples and dataclasses: importing pydantic costs a command five times the start of Python.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

SCHEMA_VERSION = 1  # of the objects; grows when a field changes its meaning or disappears
API_VERSION = 1  # of the routes; client and daemon of another number do not talk
LONGEST_WAIT_S = 60.0  # of one long poll; who wants to wait longer asks again

REQUEST_FIELDS = (
    "request_id book max_price status strategy resolved_seller resolved_price item_price shipping "
    "original_price order_id delivery_estimate purchased_at lowest_available_price "
    "lowest_available_seller reason overcharged sellers_asked sellers_total calls cached "
    "coalesced early_exit stopped_because proof tax url cheaper_by_link profile customer watch_id "
    "attempts submitted_at finished_at latency_ms trace_id message schema_version"
).split()
ATTEMPT_FIELDS = "seller stage reason total".split()
OFFER_FIELDS = (
    "seller item book price shipping tax total currency original condition format available "
    "inventory expires_at checked_at cached url rank fits reason schema_version"
).split()
SELLER_FIELDS = (
    "id name mode tier pinned trust state suspended_until cause p95_ms success stock orders "
    "last_seen file hash schema_version"
).split()
NOTE_FIELDS = (
    "seller reason total detail tier rank expected reservation cached shared asked_ms answered_ms "
    "calls"
).split()
TRACE_FIELDS = "request_id trace_id began_at ms parts link dropped spans schema_version".split()
SPAN_FIELDS = "id parent name start_ms ms told".split()
FEEDBACK_FIELDS = "request_id seller feedback counted schema_version".split()
BOOK_FIELDS = "title isbns pinned resolver resolved_at expires_at why schema_version".split()
DELIVERY_FIELDS = (
    "notice_id event target state tries due_at error at request_id title schema_version"
).split()
NOTIFY_TEST_FIELDS = "number target told error ms schema_version".split()
NOTIFY_SECRET_FIELDS = "secret stored schema_version".split()
PRICE_LINE_FIELDS = (
    "seller condition format country currency lowest lowest_at median last last_at landed points "
    "schema_version"
).split()
PROFILE_FIELDS = (
    "profile default name street street2 city region postcode country phone email bill "
    "schema_version"
).split()
REQUEST_RECORD_FIELDS = [
    "kind",
    *(name for name in REQUEST_FIELDS if name not in {"attempts", "schema_version"}),
    *"condition format country sellers dry_run note schema_version".split(),
]
ATTEMPT_RECORD_FIELDS = (
    "kind attempt_id request_id seller item stage reason agreed charged reference order_id "
    "delivery_estimate detail definition_hash sends checks created_at first_sent_at last_sent_at "
    "finished_at schema_version"
).split()
_FIGURES = (
    "requests bought not_available failed refused unknown spent average overcharged calls "
    "calls_per_request cached coalesced calls_saved latency_ms"
).split()
STATS_FIELDS = ["since", "until", "complete", *_FIGURES, "states", "schema_version"]
SELLER_STATS_FIELDS = (
    "seller tried bought refused abandoned unknown spent average schema_version"
).split()
STRATEGY_STATS_FIELDS = ["strategy", *_FIGURES, "schema_version"]


class Body:
    """A body that leaves out what was not said: absent means the daemon's configuration decides."""

    __slots__ = ()

    def body(self) -> dict[str, Any]:
        """The JSON object to send."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in said.items()
            if value is not None and value is not False
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRequest(Body):
    """The body of `POST /purchase-request`; what is None or False is not sent.

    `book_name` may hold an ISBN: the daemon reads it as one where it has the shape of one.
    """

    book_name: str | None = None
    isbn: str | None = None
    max_price: dict[str, str] | str | None = None  # {"amount", "currency"}, or a decimal string
    customer_info: dict[str, Any] | None = None  # {"profile"} or {"shipping", "payment"}
    customer: str | None = None
    strategy: str | None = None
    condition: str | None = None
    format: str | None = None
    country: str | None = None
    sellers: tuple[str, ...] | None = None
    deadline_ms: int | None = None  # for asking sellers and choosing
    priority: int | None = None
    dry_run: bool = False
    note: str | None = None
    again: bool = False  # buy although the same book was asked for or bought within a day


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRequest(Body):
    """The body of `POST /quote`; what is None is not sent."""

    book_name: str | None = None
    isbn: str | None = None
    max_price: dict[str, str] | str | None = None  # None: offers at any price, in the currency
    currency: str | None = None
    condition: str | None = None
    format: str | None = None
    country: str | None = None
    profile: str | None = None  # its country, where `country` is not said
    sellers: tuple[str, ...] | None = None
    deadline_ms: int | None = None
