"""The HTTP interface of a daemon: its routes, and every error as problem details (RFC 9457)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

import bookhunt
from bookhunt.daemon.book_routes import BookRoutes
from bookhunt.daemon.by_hand_routes import ByHandRoutes
from bookhunt.daemon.control_routes import ControlRoutes
from bookhunt.daemon.guard import FAILED, Guard, headers_of
from bookhunt.daemon.history_routes import HistoryRoutes
from bookhunt.daemon.notice_routes import NoticeRoutes
from bookhunt.daemon.profile_routes import ProfileRoutes
from bookhunt.daemon.record_routes import RecordRoutes
from bookhunt.daemon.request_routes import RequestRoutes
from bookhunt.daemon.seller_routes import SellerRoutes
from bookhunt.daemon.telemetry_routes import TelemetryRoutes
from bookhunt.daemon.watch_routes import WatchRoutes
from bookhunt.model.errors import BookhuntError, InputError, NotFound
from bookhunt.wire.problems import problem_of

if TYPE_CHECKING:
    from fastapi import Request

    from bookhunt.daemon.daemon import Daemon

_MOST_MISTAKES = 10
_NOT_FOUND = 404


def app_of(daemon: Daemon) -> Guard:
    """The app of this daemon, behind its guard."""
    app = FastAPI(
        title="bookhunt",
        summary=bookhunt.__doc__,
        version=bookhunt.__version__,
        openapi_url="/openapi.json",
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.add_exception_handler(BookhuntError, _told)
    app.add_exception_handler(RequestValidationError, _mistaken)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _failed)
    for routes in (
        RequestRoutes,
        SellerRoutes,
        ByHandRoutes,
        ProfileRoutes,
        ControlRoutes,
        BookRoutes,
        WatchRoutes,
        RecordRoutes,
        TelemetryRoutes,
        NoticeRoutes,
        HistoryRoutes,
    ):
        app.include_router(routes(daemon).router())
    return Guard(app)


def _problem(error: BookhuntError, *, status: int | None = None) -> JSONResponse:
    problem = problem_of(error) | ({} if status is None else {"status": status})
    return JSONResponse(problem, status_code=problem["status"], headers=headers_of(error))


async def _told(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BookhuntError)
    return _problem(error)


async def _mistaken(_: Request, error: Exception) -> JSONResponse:
    """A body or a query that is not as the contract says: every mistake, never what was sent."""
    assert isinstance(error, RequestValidationError)
    mistakes = [_mistake(each) for each in error.errors()[:_MOST_MISTAKES]]
    return _problem(InputError("; ".join(dict.fromkeys(mistakes))))


def _mistake(told: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in told["loc"][1:]) or str(told["loc"][0])
    if told["type"] == "extra_forbidden":
        return f"{where}: there is no such member"
    if told["type"] == "json_invalid":
        return "the body is not JSON"
    message = str(told["msg"]).removeprefix("Value error, ")
    return f"{where}: {message[:1].lower()}{message[1:]}"


async def _refused(_: Request, error: Exception) -> JSONResponse:
    """What the framework itself refuses: no such route, another method, too large a body."""
    assert isinstance(error, HTTPException)
    if error.status_code == _NOT_FOUND:
        return _problem(NotFound("there is no such route", hint="GET /openapi.json lists them"))
    return _problem(InputError(str(error.detail)), status=error.status_code)


async def _failed(_: Request, _error: Exception) -> JSONResponse:
    """A bug. It is raised on to the guard, which logs it; its text may hold anything."""
    return _problem(BookhuntError(FAILED))
