"""The calls a command can make, each by the word of the command, each returning the JSON object.

A call starts a daemon where none runs, unless that is forbidden; makes itself again where a daemon
ended before it answered (every call can be made twice: submissions carry their key); and replaces
a daemon of an older contract once its work is done.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import bookhunt
from bookhunt.client.connection import Answer, ConnectionBroke, exchange
from bookhunt.client.notice_calls import NoticeCalls
from bookhunt.client.record_calls import RecordCalls
from bookhunt.client.starting import start_daemon, wait_until_gone
from bookhunt.client.telemetry_calls import TelemetryCalls
from bookhunt.client.watch_calls import WatchCalls
from bookhunt.model.errors import (
    BookhuntError,
    DaemonError,
    DaemonNotRunning,
    DaemonStopping,
    DaemonVersion,
)
from bookhunt.model.request import RequestState
from bookhunt.telemetry.trace_ids import HEADER_TRACEPARENT, new_trace_id, traceparent
from bookhunt.wire.contract import API_VERSION, LONGEST_WAIT_S
from bookhunt.wire.problems import error_of
from bookhunt.wire.routes import ANY_VERSION, HEADER_IDEMPOTENCY_KEY, ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bookhunt.home.paths import Home
    from bookhunt.wire.contract import PurchaseRequest, QuoteRequest

ANSWERS_WITHIN_S = 10.0  # beyond what a call asks the daemon to wait itself
_TRIES = 3
_PAUSE_S = 0.05  # what a killed daemon had open is closed by then


class DaemonClient(RecordCalls, WatchCalls, NoticeCalls, TelemetryCalls):
    """The daemon of one home, as its commands see it; made for each command, used by one thread.

    Every call may raise the three errors of an unreachable daemon (`DaemonNotRunning`,
    `DaemonForbidden`, `DaemonNotAnswering`), `DaemonVersion`, and the errors it names.
    `notice` is told, once, of what is worth a line on stderr.
    """

    def __init__(
        self,
        home: Home,
        *,
        autostart: bool = True,
        notice: Callable[[str], None] | None = None,
    ) -> None:
        self._home = home
        self._autostart = autostart
        self._notice = notice

    # ------------------------------------------------------------------------------- requests
    def buy(
        self, request: PurchaseRequest, *, idempotency_key: str, traced: bool = False
    ) -> dict[str, Any]:
        """Submit one book: `{"request_id", "status"}`; durable when this returns.

        The trace begins here; `traced`: it is kept, however the request ends.

        Raises:
            InputError, SetupMissing, PossibleDuplicate, IdempotencyKeyReused, TryLater.
        """
        headers = {
            HEADER_IDEMPOTENCY_KEY: idempotency_key,
            HEADER_TRACEPARENT: traceparent(new_trace_id(), sampled=traced),
        }
        return self._object("buy", body=request.body(), headers=headers)

    def status(self, request_id: str, *, wait_s: float = 0.0) -> dict[str, Any]:
        """A request as it is now, or when it rests if that is within `wait_s` (at most 60).

        `request_id` may be the beginning of one, or `@last`.

        Raises:
            NotFound, InputError: no such request, or several.
        """
        wait_s = min(max(wait_s, 0.0), LONGEST_WAIT_S)
        query = {"request_id": request_id} | ({"wait_s": f"{wait_s:.3f}"} if wait_s else {})
        return self._object("status", query=query, within_s=ANSWERS_WITHIN_S + wait_s)

    def wait(self, request_id: str, *, within_s: float) -> dict[str, Any]:
        """A request when it rests, or as it is when the time is over; outlives a restart."""
        ends_at = time.monotonic() + within_s
        while True:
            left_s = ends_at - time.monotonic()
            found = self.status(request_id, wait_s=left_s)
            if is_at_rest(found) or left_s <= 0:
                return found
            request_id = found["request_id"]  # `@last` may be another by now

    def requests(
        self,
        *,
        states: tuple[str, ...] = (),
        since: str | None = None,
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Requests, newest first; `since` is a time in ISO 8601."""
        query: list[tuple[str, str]] = [("state", state) for state in states]
        if since is not None:
            query.append(("since", since))
        if limit is not None:
            query.append(("limit", str(limit)))
        return self._list("requests", query=query)

    def cancel(self, request_id: str) -> dict[str, Any]:
        """Cancel a request before its order is sent; the request.

        Raises:
            TooLate: it came to rest already.
        """
        return self._object("cancel", parts={"request_id": request_id})

    def settle(
        self, request_id: str, *, bought: str | None = None, retry: bool = False
    ) -> dict[str, Any]:
        """Say what became of an order that only a person can know; the request.

        `bought` is the seller's order number; without it nothing was bought, and `retry` hunts on.

        Raises:
            StateConflict: the request does not wait for that.
        """
        body: dict[str, Any] = {"bought": bought} if bought else {"not_bought": True}
        if retry:
            body["retry"] = True
        return self._object("settle", parts={"request_id": request_id}, body=body)

    def why(self, request_id: str) -> list[dict[str, Any]]:
        """What each seller contributed to a request."""
        return self._list("why", parts={"request_id": request_id})

    def feedback(self, request_id: str, word: str) -> dict[str, Any]:
        """Say how a purchase was: `good`, `late`, `refunded` or `wrong_item`.

        Raises:
            StateConflict: the request bought nothing.
        """
        parts = {"request_id": request_id}
        return self._object("feedback", parts=parts, body={"feedback": word})

    def quote(self, request: QuoteRequest, *, within_s: float = 60.0) -> list[dict[str, Any]]:
        """The offers of a book, cheapest first; buys nothing."""
        return self._list("quote", body=request.body(), within_s=ANSWERS_WITHIN_S + within_s)

    # -------------------------------------------------------------------------------- sellers
    def sellers(self) -> list[dict[str, Any]]:
        """Every seller that is defined."""
        return self._list("sellers.list")

    def seller(self, seller_id: str, *, profile: str | None = None) -> dict[str, Any]:
        """One seller, with `secrets` and `payment`: what it needs, and what of it is stored."""
        query = {"profile": profile} if profile is not None else None
        return self._object("sellers.show", parts={"seller_id": seller_id}, query=query)

    def login(
        self,
        seller_id: str,
        secrets: Mapping[str, str],
        *,
        payment: str | None = None,
        profile: str | None = None,
    ) -> dict[str, Any]:
        """Store what a definition asks for; `payment` is the token of `profile` at this seller."""
        said = {"secrets": dict(secrets), "payment": payment, "profile": profile}
        body = {name: value for name, value in said.items() if value}
        return self._object("sellers.login", parts={"seller_id": seller_id}, body=body)

    def logout(self, seller_id: str) -> dict[str, Any]:
        """Forget the credentials of a seller and every profile's payment token there."""
        return self._object("sellers.logout", parts={"seller_id": seller_id})

    def pin_seller(self, seller_id: str, tier: int | None) -> dict[str, Any]:
        """Put a seller into a tier, or (None) where its figures put it; the seller."""
        return self._object("sellers.pin", parts={"seller_id": seller_id}, body={"tier": tier})

    def switch_seller(self, seller_id: str, switch: str) -> dict[str, Any]:
        """`enable`, `disable` or `block` a seller; the seller."""
        return self._object(f"sellers.{switch}", parts={"seller_id": seller_id})

    def reset_seller(self, seller_id: str) -> dict[str, Any]:
        """Call a seller again that is left alone for its failures; the seller."""
        return self._object("sellers.reset", parts={"seller_id": seller_id})

    # ------------------------------------------------------------------------------- profiles
    def profiles(self) -> list[dict[str, Any]]:
        """Every shipping profile."""
        return self._list("profile.list")

    def profile(self, name: str) -> dict[str, Any]:
        """One shipping profile."""
        return self._object("profile.show", parts={"name": name})

    def put_profile(self, name: str, content: str, *, replace: bool = False) -> dict[str, Any]:
        """Store a shipping profile, given as YAML or JSON text; the profile.

        Raises:
            BadDocument: every mistake of the text, each with its line.
            InputError: it exists, and `replace` is not said.
            CardNumber: a payment card's number stands in it.
        """
        query = {"replace": "true"} if replace else None
        return self._object("profile.add", parts={"name": name}, query=query, text=content)

    def remove_profile(self, name: str) -> dict[str, Any]:
        """Forget a shipping profile."""
        return self._object("profile.remove", parts={"name": name})

    def default_profile(self, name: str) -> dict[str, Any]:
        """Make a profile the one that is used where none is named."""
        return self._object("profile.default", parts={"name": name})

    # ---------------------------------------------------------------------------------- books
    def books(self, *, limit: int | None = None) -> list[dict[str, Any]]:
        """What is known of the ISBNs of titles, what is pinned first."""
        return self._list("books.list", query={"limit": limit} if limit is not None else None)

    def book(self, title: str) -> dict[str, Any]:
        """The ISBNs of one title; resolvers are asked where nothing is known of it."""
        return self._object("books.show", query={"title": title})

    def pin_book(self, title: str, isbn: str | None) -> dict[str, Any]:
        """Let a title mean an ISBN, or (None) what resolvers say; the book."""
        return self._object("books.pin", body={"title": title, "isbn": isbn})

    # ------------------------------------------------------------------------ limits, control
    def limits(self) -> list[dict[str, Any]]:
        """The spending limits in force and what is spent, per currency."""
        return self._list("limits.show")

    def set_limits(self, currency: str, limits: Mapping[str, str | None]) -> dict[str, Any]:
        """Set `purchase`, `day` or `month`; null: no limit."""
        return self._object("limits.set", parts={"currency": currency}, body=limits)

    def reset_limits(self, currency: str) -> dict[str, Any]:
        """Go back to the limits that the configuration names."""
        return self._object("limits.reset", parts={"currency": currency})

    def pause(self) -> dict[str, Any]:
        """Buy nothing new."""
        return self._object("pause")

    def resume(self) -> dict[str, Any]:
        """Buy again."""
        return self._object("resume")

    def reconciled(self) -> dict[str, Any]:
        """Leave safe mode, too: a person has compared the sellers' orders with the ledger."""
        return self._object("resume.reconciled")

    def health(self) -> dict[str, Any]:
        """Who the daemon is and how it does; starts none."""
        return self._object("health")

    def stop(self) -> dict[str, Any]:
        """Ask the daemon to stop, whatever its version; `wait_until_gone` sees it go."""
        return self._object("stop")

    # --------------------------------------------------------------------------------- the call
    def _object(self, name: str, **how: Any) -> dict[str, Any]:
        value = self._call(name, **how)
        if not isinstance(value, dict):
            raise BookhuntError(f"the daemon answered `{name}` with something else than an object")
        return value

    def _list(self, name: str, **how: Any) -> list[dict[str, Any]]:
        value = self._call(name, **how)
        if not isinstance(value, list):
            raise BookhuntError(f"the daemon answered `{name}` with something else than a list")
        return value

    def _call(self, name: str, **how: Any) -> Any:
        """Make a call, and again as long as something can be done about what is in its way.

        Each kind of trouble is met a few times at most. One kind may follow another: of a daemon
        that was killed the socket still accepts for a moment, then nobody listens.
        """
        met: Counter[type[DaemonError]] = Counter()
        while True:
            try:
                return self._once(name, **how)
            except (ConnectionBroke, DaemonNotRunning, DaemonStopping) as trouble:
                trouble.of_a_repeat = met[ConnectionBroke] > 0
                met[type(trouble)] += 1
                if met[type(trouble)] == _TRIES or not self._mend(name, trouble):
                    raise
            except BookhuntError as error:
                error.of_a_repeat = met[ConnectionBroke] > 0
                raise

    def _mend(self, name: str, trouble: DaemonError) -> bool:
        """Do what helps against this trouble; whether the call should be made again."""
        if name in ANY_VERSION:
            return False
        if isinstance(trouble, ConnectionBroke):
            time.sleep(_PAUSE_S)
            return True
        if not self._autostart:
            return False
        if isinstance(trouble, DaemonStopping):
            wait_until_gone(self._home)
        else:
            start_daemon(self._home)
        return True

    def _once(
        self,
        name: str,
        *,
        parts: Mapping[str, str] | None = None,
        query: Any = None,
        body: Mapping[str, Any] | None = None,
        text: str | None = None,
        headers: Mapping[str, str] | None = None,
        within_s: float = ANSWERS_WITHIN_S,
        as_text: bool = False,
    ) -> Any:
        route = ROUTES[name]
        path = route.at(**(parts or {}))
        if query:
            path = f"{path}?{urlencode(query)}"
        data, kind = None, "application/json"
        if body is not None:
            data = json.dumps(body).encode()
        elif text is not None:
            data, kind = text.encode(), "application/yaml"
        sent = {**(headers or {}), **({"Content-Type": kind} if data is not None else {})}
        answer = exchange(
            self._home, route.method, path, body=data, headers=sent, within_s=within_s
        )
        if name not in ANY_VERSION:
            self._compare(answer)
        if answer.status >= 400:
            problem = answer.value if isinstance(answer.value, dict) else {}
            raise error_of(problem, status=answer.status)
        return answer.raw.decode() if as_text else answer.value

    def _compare(self, answer: Answer) -> None:
        """Talk on with a daemon of the same contract; replace an older one; leave a newer one."""
        if answer.api is not None and answer.api != API_VERSION:
            if answer.api < API_VERSION and self._autostart:
                self._replace()
                raise DaemonNotRunning("the daemon of an older version was stopped")
            raise DaemonVersion(
                f"the daemon is version {answer.version} (contract {answer.api}), this is "
                f"{bookhunt.__version__} (contract {API_VERSION})",
                hint="bookhunt daemon restart, with the newer of the two",
            )
        if answer.version not in {None, bookhunt.__version__} and self._notice is not None:
            self._notice(
                f"the daemon is version {answer.version}, this is {bookhunt.__version__}; "
                "bookhunt daemon restart brings them together"
            )
            self._notice = None

    def _replace(self) -> None:
        with contextlib.suppress(DaemonNotRunning, ConnectionBroke):
            self.stop()
        wait_until_gone(self._home)


def is_at_rest(request: Mapping[str, Any]) -> bool:
    """Whether a request's object waits for nothing but, at most, a person."""
    try:
        state = RequestState(request["status"])
    except ValueError:
        return False  # a newer daemon's word
    return state.is_final or state is RequestState.NEEDS_ATTENTION
