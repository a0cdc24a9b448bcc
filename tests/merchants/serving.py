"""A merchant at an address of its own, over real HTTP on loopback.

What a test wants of it goes to the same address, below `/~/`: books, faults, the ledger's lines.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import sys
import threading
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from bookhunt.simulated.ledger import Ledger, last_seq, read_ledger
from tests.merchants.merchant import Answer, Book, Fault, Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.merchants.merchant import Merchant

LEDGER_FILE = "ledger.jsonl"  # as the simulated street writes it: the oracle reads both
_LINGER_NOUGHT = struct.pack("ii", 1, 0)  # close() sends RST instead of FIN (socket(7))
_LONGEST_HANG_S = 60.0


class _SharedLedger(Ledger):
    """A ledger that several threads write."""

    def __init__(self, path: Path, seq: int) -> None:
        super().__init__(path, seq)
        self._one_at_a_time = threading.Lock()

    def keep(self, kind: str, fields: dict[str, Any]) -> int:
        """Add a line; it is on disk, as far as the system goes, when this returns."""
        with self._one_at_a_time:
            return super().keep(kind, fields)


class Server(ThreadingHTTPServer):
    """One merchant's server; a connection is a thread, the merchant's own lock keeps order."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, merchant: Merchant, path: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.merchant = merchant
        self.path = path
        self.closing = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, request: Request) -> Answer:
        """The merchant's answer, or ours where it is asked below `/~/`."""
        if request.path.startswith("/~/"):
            return Answer(self._tell(request.path.removeprefix("/~/"), request.json))
        return self.merchant.handle(request)

    def _tell(self, wanted: str, said: Any) -> Any:
        match wanted:
            case "put":
                self.merchant.put(Book(**said))
            case "fault":
                self.merchant.fault(Fault(**said))
            case "clear":
                self.merchant.clear()
            case "lines":
                own = (line for line in read_ledger(self.path) if self._is_ours(line))
                return list(own)
            case _:
                raise ValueError(f"there is no /~/{wanted}")
        return {}

    def _is_ours(self, line: dict[str, Any]) -> bool:
        return bool(line.get("seller") == self.merchant.system)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is no error; whatever else is wrong is said."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request.read(self.command, self.path, headers, self.rfile.read(length))
        try:
            answer = self.server.answer(request)
        except Exception as error:  # noqa: BLE001 - the merchant's bug is told to the test
            answer = Answer({"bug of the merchant": repr(error)}, 599)
        if answer.hangs:
            self.server.closing.wait(_LONGEST_HANG_S)
        if answer.hangs or answer.lost:
            self._reset()
            return
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.data)))
        self.end_headers()
        self.wfile.write(answer.data)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve  # noqa: N815 - names of http.server

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOUGHT)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing: the ledger has every request."""


@contextlib.contextmanager
def served(merchants: tuple[type[Merchant], ...], folder: Path) -> Iterator[dict[str, Server]]:
    """These merchants, each in a thread, with one ledger in the folder; by the system's name."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger = _SharedLedger(folder / LEDGER_FILE, last_seq(folder / LEDGER_FILE))
    servers = {kind.system: Server(kind(ledger), ledger.path) for kind in merchants}
    threads = [
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        for server in servers.values()
    ]
    for thread in threads:
        thread.start()
    try:
        yield servers
    finally:
        for server in servers.values():
            server.closing.set()
            server.shutdown()
            server.server_close()
        ledger.close()


def as_json(value: Book | Fault) -> bytes:
    """What `put` and `fault` take."""
    return json.dumps(asdict(value)).encode()
