"""Why an example failed: the request, the part of the answer, and what was read of it.

For a quote each row is read once more field by field, so that a wrong expression shows: where it
looked, what stood there, and what that was taken for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.doctor_asking import currency_for
from bookhunt.sellers.doctor_requests import shown_request
from bookhunt.sellers.language import MoneyValue, Value
from bookhunt.sellers.reading.amounts import AmountReader
from bookhunt.sellers.reading.currencies import currency_of
from bookhunt.sellers.reading.errors import BadExpression, Unreadable, shown
from bookhunt.sellers.reading.received import Received
from bookhunt.sellers.reading.rows import Row, Rows
from bookhunt.sellers.reading.values import ValueReader

if TYPE_CHECKING:
    from bookhunt.sellers.doctor_asking import Stage
    from bookhunt.sellers.language import AnswerFormat, Rowed
    from bookhunt.sellers.transport import WireAnswer

_LONGEST_BODY = 1200
_MOST_ROWS = 5


def explained(stage: Stage) -> list[str]:
    """The last request and answer, and the fields of its rows."""
    script = stage.script
    lines: list[str] = []
    if script.sent and not script.problems:
        lines += ["sent:", *(f"  | {line}" for line in shown_request(script.sent[-1]))]
    if script.last_answer is not None:
        lines += ["answer:", *(f"  | {line}" for line in _shown_answer(script.last_answer))]
        block = {"quote": "quote", "resolve": "resolve", "rates": "rates"}.get(
            stage.example.operation
        )
        model: Rowed | None = getattr(stage.seller.definition, block) if block else None
        if model is not None:
            currency = currency_for(stage.seller.definition, stage.example)
            lines += _rows(model, script.last_answer, stage.seller.settings, currency)
    return lines


def _shown_answer(answer: WireAnswer) -> list[str]:
    text = Received(answer).text
    more = f"... ({len(text)} characters)" if len(text) > _LONGEST_BODY else ""
    return [f"status {answer.status}", *(text[:_LONGEST_BODY] + more).splitlines()]


def _rows(model: Rowed, answer: WireAnswer, settings: Any, currency: str) -> list[str]:
    last = model.steps[-1]
    written, namespaces = model.format_of(last), model.namespaces_of(last)
    try:
        rows = Rows(model.rows, None, written, namespaces).of(Received(answer).tree(written))
        kept = Rows(model.rows, model.where, written, namespaces).of(Received(answer).tree(written))
    except (Unreadable, BadExpression) as bad:
        return [f"rows: {bad}"]
    lines = [f"rows: {len(rows)}, {len(kept)} of them pass where:"]
    fields = model.fields  # type: ignore[attr-defined]  # every rowed block has its own
    seen = _Seen(
        written=written,
        namespaces=namespaces,
        scope={"settings": settings},
        currency=getattr(fields, "currency", None),
        otherwise=currency,
    )
    for n, row in enumerate(kept[:_MOST_ROWS], 1):
        lines.append(f"  row {n}:")
        for name in type(fields).model_fields:
            value = getattr(fields, name)
            if isinstance(value, Value):
                lines.append(f"    {name}: {seen.of(value, row)}")
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """How the fields of one answer are looked at."""

    written: AnswerFormat
    namespaces: dict[str, str]
    scope: Any
    currency: Value | None
    otherwise: str  # the currency where a row names none

    def of(self, value: Value, row: Row) -> str:
        """Where it looked, what stood there, what was made of it."""
        if value.at is None and value.const is None:
            return "as the definition says"
        source = value.at if value.at is not None else f"const {value.const!r}"
        try:
            raw = ValueReader(value, self.written, self.namespaces).raw(row, self.scope)
        except (Unreadable, RecursionError) as bad:
            return f"{source} -> {bad}"
        try:
            read = self._read(value, row)
        except (Unreadable, RecursionError) as bad:
            return f"{source} -> {_shown(raw)} -> {bad}"
        return _way(source, raw, read)

    def _read(self, value: Value, row: Row) -> Any:
        if not isinstance(value, MoneyValue):
            return ValueReader(value, self.written, self.namespaces).read(row, self.scope)
        currency = self.otherwise
        if self.currency is not None:
            reader = ValueReader(self.currency, self.written, self.namespaces)
            currency = currency_of(reader.read(row, self.scope))
        amount = AmountReader(value, self.written, self.namespaces)
        money = amount.read(row, self.scope, currency)
        return None if money is None else _Plain(str(money))


class _Plain(str):
    """Shown without quotes."""

    __slots__ = ()


def _way(source: str, raw: Any, read: Any) -> str:
    if _shown(read) == _shown(raw):
        return f"{source} -> {_shown(raw)}"
    return f"{source} -> {_shown(raw)} -> {_shown(read)}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return str(value) if isinstance(value, _Plain) else shown(value)
