"""Routes under the names of the contract: one table serves both sides of the socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.wire.problems import KINDS
from bookhunt.wire.routes import PROBLEM_JSON, ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import APIRouter

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "hint"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "enum": sorted(KINDS)},
        "hint": {"type": ["string", "null"]},
        "older_id": {"type": "string"},
        "retry_after_s": {"type": "number"},
    },
}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Problem details (RFC 9457)",
        "content": {PROBLEM_JSON: {"schema": _PROBLEM}},
    }
}


def add(
    router: APIRouter,
    name: str,
    endpoint: Callable[..., Any],
    *,
    status: int = 200,
    openapi_extra: dict[str, Any] | None = None,
) -> None:
    """Serve the contract's route of this name with `endpoint`."""
    route = ROUTES[name]
    router.add_api_route(
        route.path,
        endpoint,
        methods=[route.method],
        name=name,
        operation_id=name,
        status_code=status,
        response_model=None,
        responses=_PROBLEMS,
        openapi_extra=openapi_extra,
    )
