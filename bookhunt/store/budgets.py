"""What may be spent and what is: limits of a currency, reservations of attempts, days and months.

An attempt reserves what it may cost in the transaction that records its intent, in the day and the
month (UTC) of that moment, and holds it until it ends. An order whose outcome nobody knows keeps
its reservation. What a seller charged above what was agreed is counted in full: the budget's cap
is raised by it, with an entry in the journal, because a limit cannot undo what was paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import IntentRefusal, Limits
from bookhunt.model.errors import CurrencyMismatch, InputError
from bookhunt.model.money import Money
from bookhunt.model.purchase import Attempt, Stage
from bookhunt.store import journal
from bookhunt.store.queries import queries

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import datetime

_SQL = queries("budgets")
# The requirement's defaults, in each currency's own units.
_PURCHASE, _DAY = "100", "200"


@dataclass(frozen=True, slots=True)
class _Period:
    """A day or a month of one currency."""

    currency: str
    period: str
    limit: Money | None
    refusal: IntentRefusal

    @property
    def key(self) -> dict[str, str]:
        return {"currency": self.currency, "period": self.period}


def standard_limits(currency: str) -> Limits:
    """The limits of a currency for which nobody set any.

    Raises:
        BadMoney: there is no such currency.
    """
    return Limits(purchase=Money.of(_PURCHASE, currency), day=Money.of(_DAY, currency), month=None)


def limits(db: sqlite3.Connection, currency: str, *, defaults: Mapping[str, Limits]) -> Limits:
    """The limits in force: those set by hand, else the configured ones, else the standard."""
    row = db.execute(_SQL["limit_of"], {"currency": currency}).fetchone()
    if row is None:
        return defaults.get(currency) or standard_limits(currency)
    day, month = row["day_minor"], row["month_minor"]
    return Limits(
        purchase=_money(row["purchase_minor"], currency),
        day=_money(day, currency),
        month=_money(month, currency),
    )


def currencies(db: sqlite3.Connection) -> list[str]:
    """Every currency with limits set by hand or money spent or reserved, in order."""
    return [row["currency"] for row in db.execute(_SQL["currencies"])]


def set_limits(db: sqlite3.Connection, currency: str, limits: Limits | None) -> None:
    """Set the limits of a currency, or go back to the configured ones.

    Raises:
        CurrencyMismatch: a limit is in another currency.
        InputError: a limit is below zero.
    """
    values: dict[str, int | None] = {"purchase": None, "day": None, "month": None}
    if limits is None:
        db.execute(_SQL["unset_limit"], {"currency": currency})
        journal.write(db, "limits.unset", {"currency": currency})
        return
    for name in values:
        limit: Money | None = getattr(limits, name)
        if limit is not None and limit.currency != currency:
            raise CurrencyMismatch(f"a limit of {limit} is none for {currency}")
        if limit is not None and limit.minor < 0:
            raise InputError(f"a limit of {limit} is below zero", hint="give zero or more")
        values[name] = None if limit is None else limit.minor
    db.execute(
        _SQL["set_limit"],
        {"currency": currency, **{f"{name}_minor": minor for name, minor in values.items()}},
    )
    journal.write(db, "limits.set", {"currency": currency, **values})


def refusal(
    db: sqlite3.Connection, amount: Money, limits: Limits, *, at: datetime
) -> IntentRefusal | None:
    """Why an amount cannot be reserved now, if so; nothing is written."""
    if limits.purchase is not None and amount > limits.purchase:
        return IntentRefusal.PURCHASE_LIMIT
    for period in _periods(amount.currency, limits, at):
        row = db.execute(_SQL["used"], period.key).fetchone()
        used = 0 if row is None else row["minor"]
        if period.limit is not None and used + amount.minor > period.limit.minor:
            return period.refusal
    return None


def reserve(
    db: sqlite3.Connection, attempt_id: str, amount: Money, limits: Limits, *, at: datetime
) -> IntentRefusal | None:
    """Hold an amount for an attempt; or why not, with parts of it written: undo them."""
    periods = _periods(amount.currency, limits, at)
    for period in periods:
        refused = _take(db, period, amount.minor)
        if refused is not None:
            return refused
    db.execute(
        _SQL["insert_reservation"],
        {
            "attempt_id": attempt_id,
            "currency": amount.currency,
            "day": periods[0].period,
            "month": periods[1].period,
            "minor": amount.minor,
        },
    )
    return None


def change(
    db: sqlite3.Connection, attempt_id: str, amount: Money, limits: Limits
) -> IntentRefusal | None:
    """Hold another amount from now on; or why not, with parts of it written: undo them."""
    if limits.purchase is not None and amount > limits.purchase:
        return IntentRefusal.PURCHASE_LIMIT
    held, periods = _held(db, attempt_id, limits)
    for period in periods:
        db.execute(_SQL["give_back"], {**period.key, "minor": held})
        refused = _take(db, period, amount.minor)
        if refused is not None:
            return refused
    db.execute(_SQL["change_reservation"], {"attempt_id": attempt_id, "minor": amount.minor})
    return None


def end(db: sqlite3.Connection, settled: Attempt, limits: Limits) -> None:
    """Spend what an attempt held, at what was charged if that can be compared, or give it back."""
    held, periods = _held(db, settled.id, limits)
    bought = settled.stage is Stage.CONFIRMED
    told = None if settled.charged is None else settled.as_it_costs(settled.charged)
    charged = held if told is None else max(told.minor, 0)
    for period in periods:
        if not bought:
            db.execute(_SQL["give_back"], {**period.key, "minor": held})
            continue
        before = db.execute(_SQL["cap"], period.key).fetchone()["minor"]
        db.execute(_SQL["spend"], {**period.key, "minor": held, "spent": charged})
        after = db.execute(_SQL["cap"], period.key).fetchone()["minor"]
        if before != after:
            raised = {**period.key, "cap_before": before, "cap_after": after}
            journal.write(db, "budget.overcharged", raised, attempt=settled)
    changed = db.execute(
        _SQL["end_reservation"],
        {"attempt_id": settled.id, "state": "spent" if bought else "released"},
    ).rowcount
    assert changed == 1, "an attempt holds its reservation until it ends"


def used(db: sqlite3.Connection, currency: str, *, at: datetime) -> tuple[Money, Money]:
    """Spent and reserved, in the day and in the month of `at`."""
    amounts = []
    for period in _names(at):
        row = db.execute(_SQL["used"], {"currency": currency, "period": period}).fetchone()
        amounts.append(Money(0 if row is None else row["minor"], currency))
    return amounts[0], amounts[1]


def _take(db: sqlite3.Connection, period: _Period, minor: int) -> IntentRefusal | None:
    limit = None if period.limit is None else period.limit.minor
    db.execute(_SQL["open_budget"], {**period.key, "cap_minor": limit})
    taken = db.execute(_SQL["reserve"], {**period.key, "minor": minor}).rowcount
    return None if taken == 1 else period.refusal


def _held(
    db: sqlite3.Connection, attempt_id: str, limits: Limits
) -> tuple[int, tuple[_Period, _Period]]:
    row = db.execute(_SQL["reservation_of"], {"attempt_id": attempt_id}).fetchone()
    day, month = _both(row["currency"], (row["day"], row["month"]), limits)
    return row["minor"], (day, month)


def _periods(currency: str, limits: Limits, at: datetime) -> tuple[_Period, _Period]:
    return _both(currency, _names(at), limits)


def _both(currency: str, names: tuple[str, str], limits: Limits) -> tuple[_Period, _Period]:
    return (
        _Period(currency, names[0], limits.day, IntentRefusal.DAY_LIMIT),
        _Period(currency, names[1], limits.month, IntentRefusal.MONTH_LIMIT),
    )


def _names(at: datetime) -> tuple[str, str]:
    """The day ('2026-03-02') and the month ('2026-03') of a moment, in UTC."""
    day = at.astimezone(UTC).date().isoformat()
    return day, day[:7]


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)
