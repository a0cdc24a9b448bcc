"""What calls say of watches, and the watches that makes, by the settings in force now."""

import secrets
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator

from bookhunt.daemon.bodies import (
    Amount,
    ClosedBody,
    ConditionWord,
    FormatWord,
    SellerIds,
    StrategyWord,
    Text,
)
from bookhunt.daemon.intake import book_of, customer_of, price_of
from bookhunt.home.cards import refuse_card_numbers
from bookhunt.model.schedule import end_of, read_schedule, zone_of
from bookhunt.model.watch import MOST_COPIES, Watch, WatchRecord, WatchState

if TYPE_CHECKING:
    from bookhunt.daemon.daemon import Daemon

_UTC = "UTC"


class WatchBody(ClosedBody):
    """`POST /watches`; what is absent the configuration decides."""

    id: Text | None = None  # the caller's own, so that the call can be made twice
    book_name: Text | None = None
    isbn: Text | None = None
    max_price: Amount | Text
    profile: Text | None = None
    customer: Text | None = None
    strategy: StrategyWord | None = None
    condition: ConditionWord | None = None
    format: FormatWord | None = None
    sellers: SellerIds | None = None
    schedule: Annotated[str, Field(min_length=1, max_length=4000)]
    timezone: Text = _UTC
    until: Text | None = None
    copies: Annotated[int, Field(ge=1, le=MOST_COPIES)] = 1
    quote_only: bool = False
    first_run: bool = True
    note: Text | None = None

    @model_validator(mode="after")
    def _a_book(self) -> Any:
        if (self.book_name is None) == (self.isbn is None):
            raise ValueError("say either `book_name` or `isbn`")
        return self


class WatchEdit(ClosedBody):
    """`PATCH /watches/{id}`: what is absent stays; null takes `sellers`, `until`, `note` away."""

    max_price: Amount | Text | None = None
    profile: Text | None = None
    strategy: StrategyWord | None = None
    condition: ConditionWord | None = None
    format: FormatWord | None = None
    sellers: SellerIds | None = None
    schedule: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    timezone: Text | None = None
    until: Text | None = None
    copies: Annotated[int, Field(ge=1, le=MOST_COPIES)] | None = None
    quote_only: bool | None = None
    note: Text | None = None


def watch_of(daemon: "Daemon", body: WatchBody) -> Watch:
    """The watch that a body describes.

    Raises:
        InputError, ProfileMissing, NotFound: what is wrong with it.
    """
    defaults, now = daemon.config_file.config.defaults, daemon.clock.now()
    profile = body.profile or daemon.default_profile
    daemon.buyers.buyer(profile)
    if body.note is not None:
        refuse_card_numbers(body.note, what="the note")
    zone_of(body.timezone)
    return Watch(
        id=body.id or secrets.token_hex(6),
        customer=customer_of(body.customer),
        book=daemon.pins.named(book_of(body.book_name, body.isbn)),
        max_price=price_of(body.max_price, defaults.currency),
        profile=profile,
        strategy=body.strategy or defaults.strategy,
        condition=body.condition or defaults.condition,
        format=body.format or defaults.format,
        sellers=daemon.intake.chosen(body.sellers),
        schedule=read_schedule(body.schedule),
        timezone=body.timezone,
        until=_end(body.until, body.timezone),
        copies=body.copies,
        quote_only=body.quote_only,
        note=body.note,
        created_at=now,
        anchor=now,
    )


def edited(daemon: "Daemon", record: WatchRecord, edit: WatchEdit) -> tuple[Watch, WatchState]:
    """The watch after an edit, and its state: one that has more to do than before goes on.

    Raises:
        InputError, ProfileMissing, NotFound: what is wrong with it.
    """
    watch, said = record.watch, edit.model_fields_set
    changes: dict[str, Any] = {
        name: getattr(edit, name)
        for name in ("profile", "strategy", "condition", "format", "timezone", "copies")
        if getattr(edit, name) is not None
    }
    if edit.quote_only is not None:
        changes["quote_only"] = edit.quote_only
    if edit.profile is not None:
        daemon.buyers.buyer(edit.profile)
    if edit.max_price is not None:
        changes["max_price"] = price_of(edit.max_price, watch.max_price.currency)
    if edit.schedule is not None:
        changes |= {"schedule": read_schedule(edit.schedule), "anchor": daemon.clock.now()}
    if "sellers" in said:
        changes["sellers"] = daemon.intake.chosen(edit.sellers)
    if "note" in said:
        if edit.note is not None:
            refuse_card_numbers(edit.note, what="the note")
        changes["note"] = edit.note
    if "until" in said:
        changes["until"] = _end(edit.until, edit.timezone or watch.timezone)
    changed = replace(watch, **changes)
    zone_of(changed.timezone)
    return changed, _state_after(record, changed, now=daemon.clock.now())


def _state_after(record: WatchRecord, watch: Watch, *, now: datetime) -> WatchState:
    if record.state is WatchState.PAUSED:
        return WatchState.PAUSED
    if not watch.quote_only and record.bought >= watch.copies:
        return WatchState.DONE
    return WatchState.ACTIVE if watch.next_run(now) is not None else WatchState.ENDED


def _end(until: str | None, timezone: str) -> datetime | None:
    return None if until is None else end_of(until, zone_of(timezone))
