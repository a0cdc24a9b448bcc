"""The faults, played: what a client meets at a seller's door while a rule is in force."""

import asyncio
import gzip
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from bookhunt.simulated.faults import TWISTS, Behaviour, Fault
from bookhunt.simulated.messages import Answer, Call, Operation
from bookhunt.simulated.server import Connection

if TYPE_CHECKING:
    from bookhunt.simulated.door import Door

_WENT_WRONG = b"<!doctype html><title>Oops</title><h1>Something went wrong</h1><p>Try again later."
_NOISE = bytes((7 * n * n + 13 * n + 5) % 256 for n in range(600))
_CHUNK = 1024 * 1024
_DRIP_S = 1.0


def misbehave(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:
    """Play one fault on one request, after the seller's usual latency."""
    if fault.behaviour in TWISTS:
        _twist(call, fault)
        door.after(door.latency_s(), call, connection)
    elif fault.behaviour is Behaviour.DELAY:
        door.after(door.latency_s() + fault.ms / 1000, call, connection)
    elif fault.behaviour is Behaviour.DELAYED:
        _execute_later(door, call, connection, fault)
    else:
        play = _UNEXECUTED.get(fault.behaviour) or _EXECUTED[fault.behaviour]
        wait_s = door.latency_s()
        if wait_s > 0:
            asyncio.get_running_loop().call_later(wait_s, play, door, call, connection, fault)
        else:
            play(door, call, connection, fault)


def _twist(call: Call, fault: Fault) -> None:
    call.twist = fault.behaviour
    if fault.behaviour is Behaviour.PRICE_RAISED and call.operation in {
        Operation.PRICE,
        Operation.COMMIT,
    }:
        call.raise_minor = fault.minor


def _execute_later(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:
    """The request waits in a queue on the seller's side; nobody there is at work on its key yet."""
    door.release(call)
    door.fate(call, 0, sent=False)
    asyncio.get_running_loop().call_later(fault.ms / 1000, door.act, call)
    if not fault.hang:
        connection.reset()


# -- nothing is executed


def _hang(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:  # noqa: ARG001 - one shape for all
    door.release(call)
    door.fate(call, 0, sent=False)


def _reset_before(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:
    _hang(door, call, connection, fault)
    connection.reset()


def _instead(door: "Door", call: Call, connection: Connection, answer: Answer) -> None:
    door.release(call)
    door.send(call, answer, connection)


def _status(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:
    headers: tuple[tuple[str, str], ...] = ()
    if fault.retry_after_s is not None:
        headers = (("Retry-After", str(fault.retry_after_s)),)
    _instead(door, call, connection, Answer(fault.status, b'{"error":"busy"}', headers=headers))


def _redirect(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:
    headers = (("Location", fault.location),)
    _instead(door, call, connection, Answer(fault.status, b"", "text/plain", headers))


def _unauthorised(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:  # noqa: ARG001 - one shape for all
    answer = Answer(401, b'{"error":"unauthorised"}')
    _instead(door, call, connection, answer)


# -- executed; the answer is lost or spoilt


def _hang_after(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:  # noqa: ARG001 - one shape for all
    door.act(call)
    door.fate(call, 0, sent=False)


def _reset_after(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:
    _hang_after(door, call, connection, fault)
    connection.reset()


def _status_after(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:
    door.act(call)
    if fault.kept:
        door.shop.keep_status(call.key, fault.status)
    door.send(call, Answer(fault.status, b'{"error":"internal"}'), connection)


def _garbage(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:  # noqa: ARG001 - one shape for all
    answer = door.act(call)
    door.send(call, Answer(answer.status, _NOISE, answer.content_type), connection)


def _empty(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:  # noqa: ARG001 - one shape for all
    answer = door.act(call)
    door.send(call, Answer(answer.status, b"", answer.content_type), connection)


def _wrong_type(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:  # noqa: ARG001 - one shape for all
    answer = door.act(call)
    door.send(call, Answer(answer.status, answer.body, "image/png"), connection)


def _html_page(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:  # noqa: ARG001 - one shape for all
    door.act(call)
    door.send(call, Answer(200, _WENT_WRONG, "text/html; charset=utf-8"), connection)


def _truncated(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:  # noqa: ARG001 - one shape for all
    answer = door.act(call)
    door.fate(call, answer.status, sent=False)
    connection.write(answer.head(len(answer.body)) + answer.body[: len(answer.body) // 2])
    connection.close()


def _duplicate(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:  # noqa: ARG001 - one shape for all
    answer = door.act(call)
    connection.write(answer.wire(gzipped=call.request.takes_gzip))
    door.send(call, answer, connection)


def _drip(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:  # noqa: ARG001 - one shape for all
    answer = door.act(call)
    data = answer.wire(gzipped=False)
    loop = asyncio.get_running_loop()

    def drop(place: int) -> None:
        if connection.lost:
            door.fate(call, answer.status, sent=False)
        elif place == len(data):
            door.fate(call, answer.status, sent=True)
            connection.finish()
        else:
            connection.write(data[place : place + 1])
            loop.call_later(_DRIP_S, drop, place + 1)

    drop(0)


def _oversized(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:
    answer = door.act(call)
    door.fate(call, answer.status, sent=not connection.lost)
    connection.write(answer.head(fault.size) + answer.body)
    left = fault.size - len(answer.body)
    while left > 0 and not connection.lost:
        connection.write(b" " * min(left, _CHUNK))
        left -= _CHUNK
    connection.finish()


def _gzip_bomb(door: "Door", call: Call, connection: Connection, fault: Fault) -> None:
    answer = door.act(call)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as bomb:
        bomb.write(answer.body)
        for _ in range(fault.size // _CHUNK):
            bomb.write(b" " * _CHUNK)
    body = packed.getvalue()
    door.fate(call, answer.status, sent=not connection.lost)
    connection.write(answer.head(len(body), encoding="gzip") + body)
    connection.finish()


_Play = Callable[["Door", Call, Connection, Fault], None]
_UNEXECUTED: dict[Behaviour, _Play] = {
    Behaviour.HANG: _hang,
    Behaviour.RESET_UNREAD: _reset_before,
    Behaviour.RESET_BEFORE: _reset_before,
    Behaviour.STATUS: _status,
    Behaviour.REDIRECT: _redirect,
    Behaviour.UNAUTHORISED: _unauthorised,
}
_EXECUTED: dict[Behaviour, _Play] = {
    Behaviour.HANG_AFTER: _hang_after,
    Behaviour.RESET_AFTER: _reset_after,
    Behaviour.STATUS_AFTER: _status_after,
    Behaviour.GARBAGE: _garbage,
    Behaviour.EMPTY: _empty,
    Behaviour.WRONG_TYPE: _wrong_type,
    Behaviour.HTML_PAGE: _html_page,
    Behaviour.TRUNCATED: _truncated,
    Behaviour.DUPLICATE: _duplicate,
    Behaviour.DRIP: _drip,
    Behaviour.OVERSIZED: _oversized,
    Behaviour.GZIP_BOMB: _gzip_bomb,
}
