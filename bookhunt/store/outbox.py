"""`hunt.ports.Outbox` in the ledger: notices stand beside the outcomes they tell of.

The notice of an outcome is written by a trigger of the file (`schema/ledger_0002.sql`); here is
what is done about it afterwards, and the news that are no outcome. Nothing here moves money: every
operation waits behind those that do.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import uuid_utils

from bookhunt.model.money import Money
from bookhunt.model.notice import Delivery, DeliveryState, Event, News, Notice, Standing
from bookhunt.model.outcome import RequestRecord
from bookhunt.model.request import RequestState
from bookhunt.store import requests
from bookhunt.store.operations import Lane
from bookhunt.store.queries import queries
from bookhunt.store.values import (
    Members,
    maybe_micros,
    maybe_moment,
    micros,
    moment,
    result_of,
    text_of,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from bookhunt.hunt.ports import Clock, Outbox
    from bookhunt.store.writer import Writer

_SQL = queries("outbox")
_AT_A_TIME = 500  # rows that one turn forgets
_LONGEST_ERROR = 300
# No back-off is that long: such a time was written by a clock that has been put back since.
_TOO_FAR = timedelta(days=3)


class SqliteOutbox:
    """The outbox of a ledger, through its writer."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock

    async def listen(self, targets: Mapping[str, Collection[Event]]) -> None:
        """As `ports.Outbox.listen`."""
        await self._writer.run("listen", partial(_listen, targets=targets), lane=Lane.CHANGE)

    async def post(self, news: News) -> bool:
        """As `ports.Outbox.post`."""
        work = partial(_post, news=news, now=self._clock.now())
        return await self._writer.run("post", work, lane=Lane.CHANGE)

    async def due(
        self, targets: Collection[str], *, at: datetime, limit: int
    ) -> Mapping[str, list[Delivery]]:
        """As `ports.Outbox.due`."""
        work = partial(_due, targets=targets, at=at, limit=limit)
        return await self._writer.run("due", work, lane=Lane.READ)

    async def told(self, delivery: Delivery) -> None:
        """As `ports.Outbox.told`."""
        await self._writer.run("told", partial(_told, delivery=delivery), lane=Lane.CHANGE)

    async def failed(self, delivery: Delivery, *, error: str, again_at: datetime | None) -> None:
        """As `ports.Outbox.failed`."""
        work = partial(_failed, delivery=delivery, error=error, again_at=again_at)
        await self._writer.run("failed", work, lane=Lane.CHANGE)

    async def undelivered(self, *, limit: int) -> list[Delivery]:
        """As `ports.Outbox.undelivered`."""
        work = partial(_undelivered, limit=limit)
        return await self._writer.run("undelivered", work, lane=Lane.READ)

    async def prune(self, *, before: datetime, most_waiting: int) -> int:
        """As `ports.Outbox.prune`; some hundred at a time."""
        work = partial(_prune, before=before, most_waiting=most_waiting)
        return await self._writer.run("prune", work, lane=Lane.CHANGE)


# --------------------------------------------------------------------------------- in the thread
def _listen(db: sqlite3.Connection, *, targets: Mapping[str, Collection[Event]]) -> None:
    db.execute(_SQL["forget_targets"])
    for target, events in targets.items():
        for event in sorted({*events, Event.TEST}):
            db.execute(_SQL["add_target"], {"event": event.value, "target": target})
    gone = {"targets": text_of(sorted(targets)), "error": "it is not configured any more"}
    db.execute(_SQL["give_up_on_the_gone"], gone)


def _post(db: sqlite3.Connection, *, news: News, now: datetime) -> bool:
    if db.execute(_SQL["has_listener"], {"event": news.event.value}).fetchone() is None:
        return False
    body = {"title": news.title, "message": news.message, "data": dict(news.data)}
    row = {
        "id": str(uuid_utils.uuid7()),
        "event": news.event.value,
        "at_us": micros(now),
        "once": None if news.once is None else f"news/{news.once}",
        "body": text_of(body),
    }
    return db.execute(_SQL["post"], row).rowcount == 1


def _due(
    db: sqlite3.Connection, *, targets: Collection[str], at: datetime, limit: int
) -> dict[str, list[Delivery]]:
    found = {}
    for target in targets:
        names = {
            "target": target,
            "at_us": micros(at),
            "too_far_us": micros(at + _TOO_FAR),
            "limit": limit,
        }
        rows = db.execute(_SQL["due"], names).fetchall()
        if rows:
            found[target] = [_delivery_of(db, row) for row in rows]
    return found


def _told(db: sqlite3.Connection, *, delivery: Delivery) -> None:
    names = {"notice_id": delivery.notice.id, "target": delivery.target}
    db.execute(_SQL["told"], names)


def _failed(
    db: sqlite3.Connection, *, delivery: Delivery, error: str, again_at: datetime | None
) -> None:
    state = DeliveryState.GIVEN_UP if again_at is None else DeliveryState.WAITING
    row = {
        "notice_id": delivery.notice.id,
        "target": delivery.target,
        "state": state.value,
        "due_us": maybe_micros(again_at),
        "error": error[:_LONGEST_ERROR],
    }
    db.execute(_SQL["failed"], row)


def _undelivered(db: sqlite3.Connection, *, limit: int) -> list[Delivery]:
    rows = db.execute(_SQL["undelivered"], {"limit": limit}).fetchall()
    return [_delivery_of(db, row) for row in rows]


def _prune(db: sqlite3.Connection, *, before: datetime, most_waiting: int) -> int:
    for row in db.execute(_SQL["waiting_targets"]).fetchall():
        surplus = row["waiting"] - most_waiting
        if surplus > 0:
            names = {
                "target": row["target"],
                "surplus": surplus,
                "error": f"more than {most_waiting} were waiting",
            }
            db.execute(_SQL["give_up_surplus"], names)
    names = {"before_us": micros(before), "limit": _AT_A_TIME}
    return db.execute(_SQL["forget"], names).rowcount


# ------------------------------------------------------------------------------------------ rows
def _delivery_of(db: sqlite3.Connection, row: sqlite3.Row) -> Delivery:
    return Delivery(
        notice=_notice_of(db, row["notice_id"]),
        target=row["target"],
        state=DeliveryState(row["state"]),
        tries=row["tries"],
        due_at=maybe_moment(row["due_us"]),
        error=row["error"],
    )


def _notice_of(db: sqlite3.Connection, notice_id: str) -> Notice:
    row = db.execute(_SQL["notice"], {"id": notice_id}).fetchone()
    members = Members(row["body"], "a notice")
    event, at = Event(row["event"]), moment(row["at_us"])
    if row["request_id"] is None:
        news = News(
            event=event,
            title=members.take("title"),
            message=members.take("message"),
            data=members.take("data"),
            once=None if row["once"] is None else row["once"].removeprefix("news/"),
        )
        members.end()
        return Notice(id=row["id"], event=event, at=at, news=news)
    asked = requests.record_of(db.execute(_SQL["request"], {"id": row["request_id"]}).fetchone())
    standing = members.take("standing")
    record = RequestRecord(
        request=asked.request,
        state=members.one_of(RequestState, "state"),
        version=members.take("version"),
        cancel_requested=bool(members.take("cancel_requested")),
        result=result_of(members.take("result")),
        finished_at=maybe_moment(members.take("finished_us")),
    )
    members.end()
    return Notice(
        id=row["id"],
        event=event,
        at=at,
        request=record,
        standing=None if standing is None else _standing_of(standing),
    )


def _standing_of(document: dict[str, Any]) -> Standing:
    members = Members(document, "an order that may stand")
    minor, currency = members.take("agreed_minor"), members.take("currency")
    standing = Standing(
        seller=members.take("seller"),
        agreed=None if minor is None else Money(minor, currency),
        order_id=members.take("order_id"),
    )
    members.end()
    return standing


if TYPE_CHECKING:

    def _is_an_outbox(outbox: SqliteOutbox) -> Outbox:
        return outbox
