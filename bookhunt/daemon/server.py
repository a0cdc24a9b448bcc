"""The HTTP server on our own socket: uvicorn, without its signals, its log and its heartbeat."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import uvicorn

import bookhunt
from bookhunt.daemon.peer import OwnersOnly
from bookhunt.wire.contract import API_VERSION
from bookhunt.wire.routes import HEADER_API, HEADER_VERSION

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from starlette.types import ASGIApp

_ENDS_WITHIN_S = 5  # answers under way when the server is told to end


class HttpServer(uvicorn.Server):
    """Serves one app on one socket until `tell_to_end`; signals are the life cycle's business."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            app,
            http=OwnersOnly,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=_ENDS_WITHIN_S,
            headers=[(HEADER_API, str(API_VERSION)), (HEADER_VERSION, bookhunt.__version__)],
        )
        super().__init__(config)
        self._told = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signals alone."""
        yield

    async def main_loop(self) -> None:
        """Wait to be told; uvicorn's own loop wakes ten times a second to write a date."""
        await self.on_tick(0)
        await self._told.wait()

    def tell_to_end(self) -> None:
        """Accept no connection any more, finish the answers under way, and return."""
        self.should_exit = True
        self._told.set()

    async def serve_on(self, sock: socket.socket) -> None:
        """Serve until `tell_to_end`."""
        await self.serve(sockets=[sock])
