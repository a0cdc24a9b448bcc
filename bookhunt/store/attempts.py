"""The rows of attempts: how they begin and how they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.model.errors import IllegalTransition
from bookhunt.model.money import Money
from bookhunt.model.purchase import Answer, Attempt, Frozen, Stage
from bookhunt.store.queries import queries
from bookhunt.store.values import maybe_moment, micros, moment, offer_of, offer_text

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from bookhunt.hunt.ports import Intent

_SQL = queries("purchases")


def attempt_of(row: sqlite3.Row) -> Attempt:
    """The attempt a row stands for.

    Raises:
        LedgerUnusable: it stands for none.
    """
    currency = row["currency"]
    agreed = None if row["agreed_minor"] is None else Money(row["agreed_minor"], currency)
    charged = None
    if row["charged_minor"] is not None:
        charged = Money(row["charged_minor"], row["charged_currency"])
    frozen = None
    if row["frozen"] is not None and agreed is not None:
        frozen = Frozen(document=row["frozen"], body_hash=row["body_hash"], total=agreed)
    return Attempt(
        id=row["id"],
        request_id=row["request_id"],
        seller=row["seller"],
        offer=offer_of(row["offer"]),
        key=row["key"],
        reference=row["reference"],
        definition_hash=row["definition_hash"],
        profile=row["profile"],
        max_price=Money(row["max_minor"], currency),
        stage=Stage(row["stage"]),
        version=row["version"],
        agreed=agreed,
        frozen=frozen,
        sends=row["sends"],
        first_sent_at=maybe_moment(row["first_sent_us"]),
        last_sent_at=maybe_moment(row["last_sent_us"]),
        not_found=row["not_found"],
        checks=row["checks"],
        next_check_at=maybe_moment(row["next_check_us"]),
        order_id=row["order_id"],
        charged=charged,
        delivery=row["delivery"],
        answer=None if row["answer"] is None else Answer(row["answer"]),
        detail=row["detail"],
        created_at=moment(row["created_us"]),
        finished_at=maybe_moment(row["finished_us"]),
    )


def prepared(intent: Intent, *, max_price: Money, now: datetime) -> Attempt:
    """The attempt an intent begins."""
    return Attempt.begun(
        id=intent.attempt_id,
        request_id=intent.request_id,
        offer=intent.offer,
        key=intent.key,
        reference=intent.reference,
        definition_hash=intent.definition_hash,
        profile=intent.profile,
        max_price=max_price,
        agreed=intent.agreed,
        at=now,
    )


def insert(db: sqlite3.Connection, attempt: Attempt) -> None:
    """Write a new attempt down."""
    db.execute(
        _SQL["insert"],
        {
            "id": attempt.id,
            "request_id": attempt.request_id,
            "seller": attempt.seller,
            "item": attempt.offer.item,
            "offer": offer_text(attempt.offer),
            "key": attempt.key,
            "reference": attempt.reference,
            "definition_hash": attempt.definition_hash,
            "profile": attempt.profile,
            "max_minor": attempt.max_price.minor,
            "currency": attempt.max_price.currency,
            "agreed_minor": None if attempt.agreed is None else attempt.agreed.minor,
            "created_us": micros(attempt.created_at),
        },
    )


def live(db: sqlite3.Connection, request_id: str) -> Attempt | None:
    """The attempt of a request that is open or won; there is never a second one."""
    row = db.execute(_SQL["live"], {"request_id": request_id}).fetchone()
    return None if row is None else attempt_of(row)


def current(db: sqlite3.Connection, attempt: Attempt) -> Attempt:
    """The attempt as it stands, if that is where the caller saw it.

    Raises:
        IllegalTransition: somebody moved it first.
    """
    row = db.execute(_SQL["by_id"], {"id": attempt.id}).fetchone()
    if row is None:
        raise IllegalTransition(f"there is no attempt {attempt.id}")
    stands = attempt_of(row)
    if (stands.stage, stands.version) != (attempt.stage, attempt.version):
        raise IllegalTransition(
            f"attempt {attempt.id} was {attempt.stage} in version {attempt.version}, and is "
            f"{stands.stage} in version {stands.version} now"
        )
    return stands


def owner_of_order(db: sqlite3.Connection, attempt: Attempt, order_id: str | None) -> str | None:
    """The request of another attempt that owns this order at the same seller."""
    if order_id is None:
        return None
    parameters = {"seller": attempt.seller, "order_id": order_id, "id": attempt.id}
    row = db.execute(_SQL["owner_of_order"], parameters).fetchone()
    return None if row is None else str(row["request_id"])
