"""Opening a run of steps: the exchange, the credentials and, where one is wanted, a login."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bookhunt.model.reasons import Reason
from bookhunt.sellers.auth import credentials_of, session_credentials
from bookhunt.sellers.auth_sessions import Login, Logins
from bookhunt.sellers.auth_tokens import AuthFailed
from bookhunt.sellers.plan import Ended, Patience, Run, walk
from bookhunt.sellers.plan_cookies import CookieJar
from bookhunt.sellers.plan_exchange import Exchange
from bookhunt.sellers.scope import login_scope, of_request
from bookhunt.sellers.template_sealed import CannotRender

if TYPE_CHECKING:
    from bookhunt.sellers.auth import Credential
    from bookhunt.sellers.compiled import CompiledAuth, CompiledSeller
    from bookhunt.sellers.plan_exchange import Tools

_MOST_KNOWN = 10_000
_LOGIN_PATIENCE = 2  # lost answers of a login's steps that may be repeated


@dataclass(slots=True, kw_only=True)
class Opened:
    """A run that may begin, and the login it uses."""

    run: Run
    login: Login | None
    logins: Logins
    key: str

    def refuse_login(self) -> bool:
        """The seller answered 401: whether there is a login that can be made anew."""
        if self.login is None:
            return False
        self.logins.refused(self.key, self.login)
        return True


class Door:
    """Opens runs at every seller."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.logins = Logins()
        self._static: dict[str, tuple[Credential, ...]] = {}

    async def run(
        self,
        seller: CompiledSeller,
        scope: dict[str, Any],
        patience: Patience,
        *,
        block: str,
        orders: bool,
    ) -> Opened | Ended:
        """A run with the seller's credentials and a copy of its login.

        `orders`: through the transport of orders, for every step that can spend.
        """
        key, login = "", None
        credentials: tuple[Credential, ...] = ()
        try:
            if seller.auth:
                key, entry = login_key(seller), session_of(seller)
                credentials = self._credentials(seller)
                if entry is not None:
                    login = await self.logins.of(key, lambda: self._log_in(seller, entry))
        except AuthFailed as failed:
            return Ended(word=failed.reason.value, detail=failed.detail)
        except CannotRender as cannot:
            return Ended(word="needs_setup", detail=str(cannot))
        made = self.exchange(
            seller,
            credentials=(*credentials, *(login.credentials if login else ())),
            cookies=login.cookies.copy() if login else CookieJar(),
            orders=orders,
        )
        run = self.run_with(seller, made, scope, patience, block=block)
        if login is not None:
            run.captured = dict(login.captured)
        return Opened(run=run, login=login, logins=self.logins, key=key)

    def exchange(
        self,
        seller: CompiledSeller,
        *,
        credentials: tuple[Credential, ...],
        cookies: CookieJar,
        orders: bool,
    ) -> Exchange:
        """The exchange of one run."""
        assert seller.hosts is not None  # a seller without an address is never asked
        return Exchange(
            tools=self.tools,
            transport=self.tools.orders if orders else self.tools.quotes,
            hosts=seller.hosts,
            body_limit=seller.limits.body_kb * 1024,
            credentials=credentials,
            cookies=cookies,
        )

    @staticmethod
    def run_with(
        seller: CompiledSeller,
        exchange: Exchange,
        scope: dict[str, Any],
        patience: Patience,
        *,
        block: str,
    ) -> Run:
        """A run over an exchange that is there already."""
        assert seller.base_url is not None  # a seller without an address is never asked
        return Run(
            seller=seller,
            exchange=exchange,
            scope=scope,
            patience=patience,
            block=block,
            base_url=seller.base_url,
        )

    def _credentials(self, seller: CompiledSeller) -> tuple[Credential, ...]:
        """What needs no login; rendered once, unless a value names the time or chance."""
        if not seller.auth:
            return ()
        key = login_key(seller)
        known = self._static.get(key)
        if known is not None:
            return known
        scope = of_request(login_scope(seller), now=self.tools.clock.now(), captured={})
        made = credentials_of(seller, scope)
        if not any(_varies(entry) for entry in seller.auth):
            if len(self._static) >= _MOST_KNOWN:
                self._static.clear()
            self._static[key] = made
        return made

    async def _log_in(self, seller: CompiledSeller, entry: CompiledAuth) -> Login:
        """Run the steps of a login once.

        Raises:
            AuthFailed: they did not go through.
        """
        assert entry.session is not None  # an entry of kind session has steps
        exchange = self.exchange(
            seller, credentials=self._credentials(seller), cookies=CookieJar(), orders=False
        )
        patience = Patience(timeout_s=seller.limits.timeout_ms / 1000, lost=_LOGIN_PATIENCE)
        run = self.run_with(seller, exchange, login_scope(seller), patience, block="session")
        ended = await walk(run, entry.session.steps)
        if isinstance(ended, Ended):
            raise AuthFailed(_reason(ended), f"login: {ended.detail or ended.word}")
        try:
            headers = session_credentials(entry, run.scope_now(), run.base_url)
        except CannotRender as cannot:
            raise AuthFailed(Reason.UNREADABLE, f"login: {cannot}") from None
        assert exchange.cookies is not None  # a login keeps them
        return Login(captured=dict(run.captured), cookies=exchange.cookies, credentials=headers)


def _varies(entry: CompiledAuth) -> bool:
    """Whether a value of the entry is another in each request."""
    templates = (
        entry.value,
        entry.user,
        entry.password,
        entry.token_url,
        entry.client_id,
        entry.client_secret,
        entry.scope,
    )
    groups = {slot.name[0] for each in templates if each is not None for slot in each.slots}
    return not groups <= {"settings", "secrets"}


def login_key(seller: CompiledSeller) -> str:
    """What a login belongs to: the seller as it is defined, at this address."""
    return f"{seller.hash}|{seller.base_url}"


def session_of(seller: CompiledSeller) -> CompiledAuth | None:
    """The entry of auth that logs in, None where there is none."""
    return next((entry for entry in seller.auth if entry.session is not None), None)


def _reason(ended: Ended) -> Reason:
    try:
        return Reason(ended.word)
    except ValueError:
        return Reason.UNAUTHORISED
