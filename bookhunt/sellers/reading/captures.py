"""What is kept of an answer for later steps: captured values, picked rows, landed totals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.exact_json import JsonNumber
from bookhunt.sellers.reading.forms import form_of
from bookhunt.sellers.reading.identity import same_identifier
from bookhunt.sellers.reading.rows import MOST_ROWS, Row
from bookhunt.sellers.reading.texts import is_blank, json_text, text_of
from bookhunt.sellers.template_filters import MISSING

if TYPE_CHECKING:
    from bookhunt.model.money import Money
    from bookhunt.sellers.compiled import CompiledCapture, CompiledPages, CompiledPick, Regex
    from bookhunt.sellers.language import AnswerFormat
    from bookhunt.sellers.reading.amounts import LowestReader, PricedReader
    from bookhunt.sellers.reading.received import Received
    from bookhunt.sellers.template import Scope

_LONGEST_KEPT = 16_384  # as JSON; what is kept is on disk before an order is sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was found for a capture or pick; `value` None: nothing, and `detail` says why."""

    value: Any = None
    detail: str | None = None


def captured(capture: CompiledCapture, received: Received, written: AnswerFormat) -> Kept:
    """The value that a capture takes of an answer. Never an exception."""
    try:
        value = _source(capture, received, written)
        if value is not None and capture.pattern is not None:
            value = _group(capture.pattern, text_of(value))
        return Kept(value=_kept(value))
    except (Unreadable, RecursionError) as bad:
        return Kept(detail=f"{capture.name}: {bad}")


def picked(
    pick: CompiledPick, received: Received, written: AnswerFormat, scope: Scope, currency: str
) -> Kept:
    """What a pick keeps of the row it chooses. Never an exception.

    A row whose `min_by` is not there or no amount cannot be the lowest and is passed over.
    `currency` is what amounts without one are in: the offer's.
    """
    try:
        rows = [row for row in _pick_rows(pick, received.tree(written)) if _fits(pick, row, scope)]
        row = rows[0] if rows else None
        if pick.min_by is not None:
            row = _lowest(pick.min_by, rows, scope, currency)
        if row is None:
            return Kept(detail=f"{pick.name}: no row passes")
        return Kept(value=_kept(row.node if pick.at is None else pick.at.one(row.node)))
    except (Unreadable, RecursionError) as bad:
        return Kept(detail=f"{pick.name}: {bad}")


def landed_total(
    reader: PricedReader, received: Received, written: AnswerFormat, scope: Scope, currency: str
) -> Money:
    """The landed total that a step's answer names, in its own currency, else in `currency`.

    Raises:
        Unreadable: it is not there, no amount, or zero.
    """
    try:
        total = reader.read(Row(received.tree(written)), scope, currency)
    except RecursionError:
        raise Unreadable("the answer is nested too deep") from None
    if total is None:
        raise Unreadable("total: it is not there")
    if total.minor <= 0:
        raise Unreadable("total: nothing costs nothing", raw=total.amount)
    return total


def next_page(pages: CompiledPages, received: Received, written: AnswerFormat) -> str | None:
    """The address of the next page as the answer writes it; None: this is the last one."""
    try:
        if pages.header is not None:
            value: Any = received.wire.header(pages.header)
        else:
            value = None if pages.at is None else pages.at.one(received.tree(written))
        if value is not None and pages.pattern is not None:
            value = _group(pages.pattern, text_of(value))
        return None if is_blank(value) or value is False else text_of(value).strip()
    except (Unreadable, RecursionError):
        return None


# ------------------------------------------------------------------------------------ captures
def _source(capture: CompiledCapture, received: Received, written: AnswerFormat) -> Any:
    if capture.at is not None:
        return capture.at.one(received.tree(written))
    if capture.header is not None:
        return received.wire.header(capture.header)
    if capture.cookie is not None:
        return _cookie(capture.cookie, received)
    if capture.location is not None:
        location = received.wire.header("location")
        return None if location is None else _group(capture.location, location)
    if capture.form is not None:
        found = capture.form.rows(received.tree("html"))
        return None if not found else form_of(found[0], received.wire.url)
    return None


def _cookie(name: str, received: Received) -> str | None:
    """The value of the last cookie of that name that the answer sets."""
    value = None
    for text in received.wire.every("set-cookie"):
        pair = text.partition(";")[0]
        key, equals, found = pair.partition("=")
        if equals and key.strip() == name:
            value = found.strip()
    return value


def _group(pattern: Regex, text: str) -> str | None:
    """Group 1 of the first match, the whole match where the pattern has no group."""
    match = pattern.search(text)
    if match is None:
        return None
    found: str | None = match.group(1) if match.re.groups else match.group(0)
    return found


def _kept(value: Any) -> Any:
    """A value as it may be kept: numbers exact, and neither too long nor with a lost character.

    Raises:
        Unreadable: it is.
    """
    if is_blank(value):
        return None
    if not isinstance(value, (str, int, float, bool, list, dict)):
        raise Unreadable("an element is kept by an expression for its text or attribute")
    json_text(value, longest=_LONGEST_KEPT)
    return _exact(value)


def _exact(value: Any) -> Any:
    """JSON with `Decimal` for numbers that have a point: they are sent as they came."""
    if isinstance(value, JsonNumber):
        return Decimal(value.text)
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    return value


# --------------------------------------------------------------------------------------- picks
def _pick_rows(pick: CompiledPick, tree: Any) -> list[Row]:
    rows = [Row(tree)]
    for finder in pick.rows:
        rows = [Row(node, row) for row in rows for node in finder.rows(row.node) or ()]
        if len(rows) > MOST_ROWS:
            raise Unreadable(f"the list has more than {MOST_ROWS} rows")
    return rows


def _fits(pick: CompiledPick, row: Row, scope: Scope) -> bool:
    """Whether the row passes `where`, and each value of `equals` is there and is the one wanted."""
    if pick.where is not None and not pick.where.holds(row.node):
        return False
    for finder, template in pick.equals:
        wanted = template.render(scope)
        found = [each for each in finder.all(row.node) if not is_blank(each)]
        if wanted is MISSING or is_blank(wanted) or not found:
            return False
        if not all(same_identifier(each, wanted) for each in found):
            return False
    return True


def _lowest(lowest: LowestReader, rows: list[Row], scope: Scope, currency: str) -> Row | None:
    best: tuple[int, Row] | None = None
    for row in rows:
        try:
            amount = lowest.read(row, scope, currency)
        except Unreadable:
            continue
        if amount is not None and (best is None or amount.minor < best[0]):
            best = (amount.minor, row)
    return None if best is None else best[1]
