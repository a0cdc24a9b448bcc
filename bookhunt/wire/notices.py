"""The JSON of a notice, and the words of it for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.model.notice import Event
from bookhunt.wire.contract import SCHEMA_VERSION
from bookhunt.wire.shapes import money_object, request_object, time_text

if TYPE_CHECKING:
    from bookhunt.model.notice import Delivery, Notice
    from bookhunt.model.outcome import RequestRecord

_TITLES = {
    Event.BOUGHT: "Bought",
    Event.OVERCHARGED: "Bought, and charged too much",
    Event.NOT_AVAILABLE: "Not available",
    Event.FAILED: "Not bought",
    Event.IN_DOUBT: "In doubt",
    Event.NEEDS_ATTENTION: "Needs you",
    Event.EXPIRED: "Expired",
}


def notice_object(notice: Notice) -> dict[str, Any]:
    """One notice: what a webhook receives and a program reads.

    `type`, `timestamp` and `data` are those of the Standard Webhooks specification; `data` is the
    request as `bookhunt status --json` tells it, as it was then and without its attempts, or what
    the news are about.
    """
    if notice.request is not None:
        data = _request_data(notice)
    else:
        data = dict(notice.news.data) if notice.news is not None else {}
    return {
        "id": notice.id,
        "type": notice.event.value,
        "timestamp": time_text(notice.at),
        "title": title_of(notice),
        "message": message_of(notice),
        "data": data,
        "schema_version": SCHEMA_VERSION,
    }


def _request_data(notice: Notice) -> dict[str, Any]:
    assert notice.request is not None
    data = request_object(notice.request, ())
    standing = notice.standing
    if standing is not None and data["resolved_seller"] is None:
        data["resolved_seller"] = standing.seller
        data["resolved_price"] = money_object(standing.agreed)
        data["order_id"] = standing.order_id
    return data


def title_of(notice: Notice) -> str:
    """A few words: what happened, and to which book."""
    if notice.request is None:
        return notice.news.title if notice.news is not None else notice.event.value
    return f"{_TITLES[notice.event]}: {notice.request.request.book}"


def message_of(notice: Notice) -> str:
    """The same in sentences, and the next thing to type where something is to be done."""
    if notice.request is None:
        return notice.news.message if notice.news is not None else ""
    record, book = notice.request, notice.request.request.book
    match notice.event:
        case Event.BOUGHT | Event.OVERCHARGED:
            return _bought(record)
        case Event.NOT_AVAILABLE:
            return f"{book}: {_lowest(record)}{_because(record)}"
        case Event.IN_DOUBT:
            return (
                f"{book} was ordered{_where(notice)}, and the answer was lost. bookhunt is finding "
                "out what became of the order; nothing else is bought meanwhile."
            )
        case Event.NEEDS_ATTENTION:
            return (
                f"{book} was ordered{_where(notice)}, and only you can find out whether the order "
                f"stands{_because(record)} Then: bookhunt settle {record.request.id} "
                "--bought ORDER, or --not-bought."
            )
        case Event.EXPIRED:
            return f"Nobody was asked for {book} in time{_because(record)}"
        case _:
            return f"{book} was not bought{_because(record)} bookhunt status {record.request.id}"


def _bought(record: RequestRecord) -> str:
    bought = record.result.bought
    if bought is None:
        return f"{record.request.book} is bought. bookhunt status {record.request.id}"
    order = f" Order {bought.order_id}." if bought.order_id else ""
    arrives = f" Arrives {bought.delivery}." if bought.delivery else ""
    more = " That is more than was agreed: ask the seller." if bought.overcharged else ""
    return f"{record.request.book}, {bought.total} at {bought.seller}.{order}{arrives}{more}"


def _lowest(record: RequestRecord) -> str:
    findings = record.result.findings
    if findings.lowest is None:
        return f"nobody offers it for {record.request.max_price} or less"
    where = f" at {findings.lowest_seller}" if findings.lowest_seller else ""
    return f"the lowest price is {findings.lowest}{where}, over {record.request.max_price}"


def _where(notice: Notice) -> str:
    standing = notice.standing
    if standing is None:
        return ""
    price = f" for {standing.agreed}" if standing.agreed is not None else ""
    return f" at {standing.seller}{price}"


def _because(record: RequestRecord) -> str:
    """What else is known of it, and the end of the sentence."""
    message = record.result.message
    return "." if not message else f": {message.rstrip('.')}."


def delivery_object(delivery: Delivery, *, target: str) -> dict[str, Any]:
    """One notice on its way to one target, as `notify list` shows it."""
    notice = delivery.notice
    return {
        "notice_id": notice.id,
        "event": notice.event.value,
        "target": target,
        "state": delivery.state.value,
        "tries": delivery.tries,
        "due_at": time_text(delivery.due_at),
        "error": delivery.error,
        "at": time_text(notice.at),
        "request_id": None if notice.request is None else notice.request.request.id,
        "title": title_of(notice),
        "schema_version": SCHEMA_VERSION,
    }
