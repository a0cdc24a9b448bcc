"""Every route, by the word of the command that uses it: one table for both sides of the socket."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

HEADER_API = "Bookhunt-Api"  # both ways: the sender's API_VERSION
HEADER_VERSION = "Bookhunt-Version"  # both ways: the sender's version of the program
HEADER_IDEMPOTENCY_KEY = "Idempotency-Key"
PROBLEM_JSON = "application/problem+json"  # RFC 9457


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call: its method, and its path with `{name}` parts."""

    method: str
    path: str

    def at(self, **parts: str) -> str:
        """The path with its parts filled in, percent-encoded."""
        return self.path.format(**{name: quote(value, safe="") for name, value in parts.items()})


ROUTES = {
    "buy": Route(method="POST", path="/purchase-request"),
    "status": Route(method="GET", path="/request-status"),
    "requests": Route(method="GET", path="/requests"),
    "cancel": Route(method="POST", path="/requests/{request_id}/cancel"),
    "settle": Route(method="POST", path="/requests/{request_id}/settle"),
    "feedback": Route(method="POST", path="/requests/{request_id}/feedback"),
    "why": Route(method="GET", path="/requests/{request_id}/why"),
    "trace": Route(method="GET", path="/requests/{request_id}/trace"),
    "quote": Route(method="POST", path="/quote"),
    "sellers.list": Route(method="GET", path="/sellers"),
    "sellers.show": Route(method="GET", path="/sellers/{seller_id}"),
    "sellers.login": Route(method="POST", path="/sellers/{seller_id}/login"),
    "sellers.pin": Route(method="POST", path="/sellers/{seller_id}/pin"),
    "sellers.enable": Route(method="POST", path="/sellers/{seller_id}/enable"),
    "sellers.disable": Route(method="POST", path="/sellers/{seller_id}/disable"),
    "sellers.block": Route(method="POST", path="/sellers/{seller_id}/block"),
    "sellers.reset": Route(method="POST", path="/sellers/{seller_id}/reset"),
    "sellers.logout": Route(method="POST", path="/sellers/{seller_id}/logout"),
    "profile.list": Route(method="GET", path="/profiles"),
    "profile.show": Route(method="GET", path="/profiles/{name}"),
    "profile.add": Route(method="PUT", path="/profiles/{name}"),
    "profile.remove": Route(method="DELETE", path="/profiles/{name}"),
    "profile.default": Route(method="POST", path="/profiles/{name}/default"),
    "books.list": Route(method="GET", path="/books"),
    "books.show": Route(method="GET", path="/books/names"),
    "books.pin": Route(method="POST", path="/books/pin"),
    "watch.list": Route(method="GET", path="/watches"),
    "watch.add": Route(method="POST", path="/watches"),
    "watch.show": Route(method="GET", path="/watches/{watch_id}"),
    "watch.edit": Route(method="PATCH", path="/watches/{watch_id}"),
    "watch.pause": Route(method="POST", path="/watches/{watch_id}/pause"),
    "watch.resume": Route(method="POST", path="/watches/{watch_id}/resume"),
    "watch.run": Route(method="POST", path="/watches/{watch_id}/run"),
    "watch.remove": Route(method="DELETE", path="/watches/{watch_id}"),
    "history": Route(method="GET", path="/history"),
    "notify.list": Route(method="GET", path="/notices"),
    "notify.login": Route(method="PUT", path="/notices/secrets/{name}"),
    "notify.test": Route(method="POST", path="/notices/test"),
    "limits.show": Route(method="GET", path="/limits"),
    "limits.set": Route(method="PUT", path="/limits/{currency}"),
    "limits.reset": Route(method="DELETE", path="/limits/{currency}"),
    "pause": Route(method="POST", path="/pause"),
    "resume": Route(method="POST", path="/resume"),
    "resume.reconciled": Route(method="POST", path="/resume/reconciled"),
    "db.snapshot": Route(method="POST", path="/db/snapshot"),
    "db.requests": Route(method="GET", path="/db/requests"),
    "db.attempts": Route(method="GET", path="/db/attempts"),
    "db.facts": Route(method="GET", path="/db/facts"),
    "stats": Route(method="GET", path="/stats"),
    "metrics": Route(method="GET", path="/metrics"),
    "top": Route(method="GET", path="/top"),
    "health": Route(method="GET", path="/health"),
    "stop": Route(method="POST", path="/stop"),
}
# A client of another API version may still ask who is there, and ask it to stop.
ANY_VERSION = frozenset({"health", "stop"})
