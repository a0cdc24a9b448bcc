"""The objects of the contract in words for people, and in plain lines for pipes."""

from __future__ import annotations

from datetime import UTC, datetime

from bookhunt.cli.output import one_line

TYPE_CHECKING = False  # see `output`: this module is on the way of `status`
if TYPE_CHECKING:
    from typing import Any

    from bookhunt.cli.output import Terminal

_WORDS = {
    "PENDING": ("waiting", "dim"),
    "PROCESSING": ("asking sellers", "cyan"),
    "RESOLVED": ("ordering", "cyan"),
    "SUCCESS": ("bought", "green"),
    "NOT_AVAILABLE": ("not available", "yellow"),
    "PURCHASE_FAILED": ("failed", "red"),
    "IN_DOUBT": ("in doubt", "red"),
    "NEEDS_ATTENTION": ("needs you", "red"),
    "CANCELLED": ("cancelled", "yellow"),
    "EXPIRED": ("expired", "yellow"),
    "DRY_RUN": ("would buy", "green"),
}

_OVERCHARGED = "the seller charged more than was agreed"
_IN_MS = 100.0
_UNHAPPY = frozenset({"NOT_AVAILABLE", "PURCHASE_FAILED", "IN_DOUBT", "NEEDS_ATTENTION"})


def word_of(status: str) -> str:
    """A state as people say it; one that this version does not know stays as it is."""
    return _WORDS.get(status, (status, ""))[0]


def styled_word(status: str, terminal: Terminal) -> str:
    """The same in its colour."""
    word, style = _WORDS.get(status, (status, "bold"))
    return terminal.styled(word, style, "bold")


def book_of(thing: dict[str, Any]) -> str:
    """The book of a request or an offer, in one line."""
    book = thing.get("book") or {}
    return one_line(str(book.get("title") or book.get("isbn13") or "-"))


def money(value: dict[str, str] | None) -> str:
    """`24.99 USD`, or a dash."""
    return "-" if value is None else f"{value['amount']} {value['currency']}"


def sum_of(request: dict[str, Any]) -> str:
    """Item + shipping (+ tax) = total, as far as the parts are known."""
    total = request.get("resolved_price")
    item, shipping, tax = (request.get(name) for name in ("item_price", "shipping", "tax"))
    if total is None:
        return "-"
    abroad = request.get("original_price")
    told = money(total) + (f" ({money(abroad)})" if abroad is not None else "")
    if item is None or shipping is None:
        return told
    parts = f"{item['amount']} + {shipping['amount']} shipping"
    if tax is not None and tax["amount"].strip("0.") != "":
        parts += f" + {tax['amount']} tax"
    return f"{parts} = {told}"


def short_time(text: str | None) -> str:
    """A time of the contract in the zone of this machine, to the minute."""
    if text is None:
        return "-"
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")


def clock_time(text: str) -> str:
    """A time of the contract in the zone of this machine, to the second, without its day."""
    return datetime.fromisoformat(text).astimezone().strftime("%H:%M:%S")


def iso_before(seconds: float) -> str:
    """The time so many seconds ago, as the contract writes it."""
    moment = datetime.fromtimestamp(datetime.now(UTC).timestamp() - seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def outcome_lines(request: dict[str, Any], terminal: Terminal) -> list[str]:
    """A request for people, or one tab-separated line: word, book, seller, sum, order, id."""
    if terminal.is_plain:
        cells = [
            word_of(request["status"]),
            book_of(request),
            request.get("resolved_seller") or "-",
            sum_of(request),
            request.get("order_id") or "-",
            request["request_id"],
        ]
        return ["\t".join(one_line(cell) for cell in cells)]
    title = f"{styled_word(request['status'], terminal)}  {book_of(request)}"
    rows = [(name, one_line(text)) for name, text in _details(request) if text]
    return [title, *(f"  {terminal.styled(f'{name:9}', 'dim')}{text}" for name, text in rows)]


def tell_overcharge(request: dict[str, Any], terminal: Terminal) -> None:
    """Say beside a pipe's line or object that a seller took too much: nobody may overlook it."""
    if request.get("overcharged") and (terminal.is_plain or terminal.wants_objects):
        terminal.notice(f"ATTENTION: {book_of(request)}: {_OVERCHARGED}")


def tell_why(request: dict[str, Any], terminal: Terminal) -> None:
    """Say beside the one line of a pipe why nothing was bought; on a terminal it stands there."""
    if terminal.is_plain and request["status"] in _UNHAPPY and request.get("message"):
        terminal.notice(f"{book_of(request)}: {one_line(str(request['message']))}")


def _details(request: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    if request.get("resolved_seller"):
        rows += [("seller", request["resolved_seller"]), ("price", sum_of(request))]
        rows.append(("order", _order(request)))
    elif request.get("lowest_available_price"):
        seller = request.get("lowest_available_seller") or "a seller"
        rows.append(("lowest", f"{money(request['lowest_available_price'])} at {seller}"))
    rows.append(("most", money(request["max_price"])))
    rows += _remarks(request)
    rows.append(("asked", _asked(request)))
    rows.append(("request", request["request_id"]))
    return rows


def _order(request: dict[str, Any]) -> str:
    order = request.get("order_id") or ""
    if request.get("delivery_estimate"):
        order += f", arrives {request['delivery_estimate']}"
    return order.removeprefix(", ")


def _remarks(request: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    if request.get("overcharged"):
        rows.append(("ATTENTION", _OVERCHARGED))
    why = request.get("message") or request.get("reason")
    if why and request["status"] != "SUCCESS":
        rows.append(("because", str(why)))
    if request.get("proof") == "partial":
        rows.append(("proof", "partial: not every seller could be asked; bookhunt status --why"))
    if request.get("cheaper_by_link"):
        rows.append(("cheaper", f"at {request['cheaper_by_link']}, which takes orders by hand"))
    if request.get("url"):
        rows.append(("page", request["url"]))
    if request["status"] == "NEEDS_ATTENTION":
        rows.append(("next", f"bookhunt settle {request['request_id']} --bought ORDER"))
    return rows


def _asked(request: dict[str, Any]) -> str:
    told = f"{request.get('sellers_asked') or 0} of {request.get('sellers_total') or 0} sellers"
    latency_ms = request.get("latency_ms")
    if latency_ms is None:
        return told
    short = latency_ms < _IN_MS  # answered from what was asked before: "0.0 s" looks broken
    return f"{told}, {latency_ms:.0f} ms" if short else f"{told}, {latency_ms / 1000:.1f} s"


def progress_line(count: int) -> str:
    """What is shown while nothing ends."""
    if not count:
        return "submitting ..."
    return (
        f"hunting {count} book{'' if count == 1 else 's'} ... (Ctrl-C stops waiting, not the hunt)"
    )


def request_row(request: dict[str, Any]) -> list[str]:
    """A line of `status`."""
    price = request.get("resolved_price")
    where = request.get("resolved_seller")
    if price is None:
        price = request.get("lowest_available_price")
        where = request.get("lowest_available_seller")
    return [
        book_of(request),
        word_of(request["status"]) + (", overcharged" if request.get("overcharged") else ""),
        money(request["max_price"]),
        money(price),
        where or "-",
        short_time(request.get("submitted_at")),
        request["request_id"],
    ]


REQUEST_HEADERS = ("book", "state", "most", "price", "seller", "submitted", "request")
REQUEST_SPARE = (5, 2)
REQUEST_SHORT = (6, 18)  # its time and some of its chance: enough to name it by


def offer_row(offer: dict[str, Any]) -> list[str]:
    """A line of `quote`."""
    total = money(offer.get("total"))
    if offer.get("total") is None and offer.get("price") is not None:
        total = f"from {money(offer['price'])}"
    if offer.get("original") is not None:
        own = offer["original"]
        total += f" ({money(own.get('total') or own.get('price'))})"
    left = offer.get("inventory")
    return [
        str(offer.get("rank") or "-"),
        str(offer["seller"]),
        total,
        money(offer.get("price")),
        money(offer.get("shipping")),
        str(offer.get("condition") or "-"),
        "?" if left is None else str(left),
        book_of(offer),
        offer.get("reason") or "",
    ]


OFFER_HEADERS = (
    "#",
    "seller",
    "total",
    "item",
    "shipping",
    "condition",
    "left",
    "book",
    "why not",
)
OFFER_SPARE = (3, 4, 6)


def seller_row(seller: dict[str, Any]) -> list[str]:
    """A line of `sellers list`."""
    p95, success = seller.get("p95_ms"), seller.get("success")
    tier = "-" if seller.get("tier") is None else str(seller["tier"])
    until = seller.get("suspended_until")
    cause = str(seller.get("cause") or "")
    return [
        str(seller["id"]),
        str(seller["name"]),
        str(seller["mode"]),
        f"{tier} pinned" if seller.get("pinned") else tier,
        str(seller["trust"]),
        str(seller["state"]),
        "-" if p95 is None else f"{p95:.0f} ms",
        "-" if success is None else f"{success:.0%}",
        short_time(seller.get("last_seen")),
        cause if until is None else f"{cause}, until {clock_time(until)}",
    ]


SELLER_HEADERS = (
    "id",
    "name",
    "mode",
    "tier",
    "trust",
    "state",
    "p95",
    "success",
    "last seen",
    "cause",
)
SELLER_SPARE = (8, 4, 1, 7, 6)
