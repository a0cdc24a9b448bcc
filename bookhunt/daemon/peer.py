"""Who calls: the uid of the process at the other end of a connection, and nobody else let in.

The socket's mode keeps other users out already. This is the second lock: it holds even where a
directory's mode was changed, and against root's processes that act for somebody else.
"""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bookhunt.model.errors import DaemonForbidden
from bookhunt.wire.peer import peer_uid
from bookhunt.wire.problems import problem_of
from bookhunt.wire.routes import PROBLEM_JSON

if TYPE_CHECKING:
    import asyncio

_log = logging.getLogger(__name__)

_READS_WITHIN_S = 1.0


def may_call(uid: int) -> bool:
    """Whether a process of this user may use the daemon: only the user it runs as."""
    return uid == os.geteuid()


class OwnersOnly(HttpToolsProtocol):
    """HTTP for the owner of the daemon; anybody else reads why not and is hung up on."""

    _welcome = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Look who it is before a byte is read."""
        try:
            uid = peer_uid(transport.get_extra_info("socket"))
        except OSError:
            _log.exception("the system does not say who is calling")
            uid = None
        super().connection_made(transport)
        if uid is None or not may_call(uid):
            _log.warning("another user was turned away", extra={"uid": uid})
            self._welcome = False
            self._turn_away(transport)

    def data_received(self, data: bytes) -> None:
        """Read on; what somebody who was turned away still sends is dropped."""
        if self._welcome:
            super().data_received(data)

    def _turn_away(self, transport: asyncio.Transport) -> None:
        problem = problem_of(
            DaemonForbidden("this daemon belongs to another user", hint="start one of your own")
        )
        body = json.dumps(problem).encode()
        head = (
            f"HTTP/1.1 {problem['status']} Forbidden\r\ncontent-type: {PROBLEM_JSON}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        transport.write(head.encode() + body)
        transport.write_eof()
        # Closed at once, with his call unread, he would see a reset instead of the reason.
        self.loop.call_later(_READS_WITHIN_S, transport.close)
