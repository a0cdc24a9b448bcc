"""The closed model of `config.yaml`: every key, what it means, its unit in its name, its default.

A key marked `AfterRestart` is read once, when the daemon starts; every other one is taken up as
soon as the file changes.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from bookhunt.documents import Closed, Misfit, Misfits, Nullable, Plain, Truth
from bookhunt.home.countries import country_hint
from bookhunt.home.names import require_profile_name, require_secret_name, require_seller_id
from bookhunt.model.errors import InputError
from bookhunt.model.money import Money, exponent_of
from bookhunt.model.notice import Event
from bookhunt.model.request import ConditionWish, FormatWish, Strategy

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}", re.ASCII)  # RFC 9110, 5.6.2
_OUR_HEADERS = frozenset(
    (
        "host content-type content-length content-encoding transfer-encoding connection "
        "user-agent accept-encoding"
    ).split()
)


class Restart:
    """The mark of a key that a running daemon does not take up."""


AfterRestart = Restart()


def _currency(text: str) -> str:
    try:
        exponent_of(text)
    except InputError as error:
        raise Misfit(error.message, hint=error.hint) from None
    return text


def _country(text: str) -> str:
    hint = country_hint(text)
    if hint is not None:
        raise Misfit(f"no country has the code {text}", hint=hint)
    return text


def _rate(text: str) -> Decimal:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text, re.ASCII) or not Decimal(text):
        raise Misfit(f"{text!r} is not a rate", hint='write it as "1.08"')
    return Decimal(text)


def _profile(text: str) -> str:
    return _named(require_profile_name, text)


def _seller_id(text: str) -> str:
    return _named(require_seller_id, text)


def _named(require: Any, text: str) -> str:
    try:
        require(text)
    except InputError as error:
        raise Misfit(error.message, hint=error.hint) from None
    return text


def _secret(text: str) -> str:
    if not text.startswith("secret:"):
        raise Misfit("names no secret", hint='secrets are named, never written: "secret:notify/x"')
    return "secret:" + _named(require_secret_name, text.removeprefix("secret:"))


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        named = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise Misfit("is not an http or https address") from None
    if not named or not text.isprintable() or " " in text:
        raise Misfit("is not an http or https address")
    if parts.username is not None or parts.password is not None:
        raise Misfit("holds a user or a password", hint="secrets are never in the configuration")
    return text


def _address_or_secret(text: str) -> str:
    return _secret(text) if text.startswith("secret:") else _address(text)


def _header_name(text: str) -> str:
    if not _HEADER.fullmatch(text) or text.lower() in _OUR_HEADERS:
        raise Misfit(f"{text[:40]!r} is no header that can be added", hint="for example x-api-key")
    return text


Currency = Annotated[str, AfterValidator(_currency)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
Country = Annotated[str, AfterValidator(_country)]
Rate = Annotated[str, AfterValidator(_rate)]  # kept as a Decimal
Ratio = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
SecretName = Annotated[str, AfterValidator(_secret)]  # written `secret:NAME`, kept so
SellerId = Annotated[str, AfterValidator(_seller_id)]
Address = Annotated[str, AfterValidator(_address)]


class Defaults(Closed):
    """What a request has when it does not say."""

    profile: Annotated[str, AfterValidator(_profile)] = "home"
    currency: Currency = "USD"
    country: Country = "US"  # where no profile says it
    condition: ConditionWish = ConditionWish.ANY
    format: FormatWish = FormatWish.PAPER
    strategy: Strategy = Strategy.BALANCED
    timeout_s: Annotated[float, Field(gt=0, le=86_400)] = 60.0  # how long a command waits


class SearchSettings(Closed):
    """How sellers are searched, whatever the strategy."""

    deadline_s: Seconds = 5.0  # asking and choosing, in all
    call_value: Nullable[Ratio] = None  # one call, as a part of the price; null: the strategy's own
    floor_ratio: Ratio = 0.2  # a total under this part of the others' median is not bought
    min_stock_for_cache: Annotated[int, Field(ge=0)] = 0  # a remembered offer needs such a stock
    shadow_new_sellers: Truth = False  # new sellers are asked, and not bought from


class TierSettings(Closed):
    """Strategy `tiers`."""

    sizes: tuple[Ratio, Ratio, Ratio] = (0.2, 0.3, 0.5)  # parts of all sellers, best first
    patience_s: Seconds = 1.5  # then the next tier is asked too
    grace_ms: Annotated[int, Field(ge=0, le=60_000)] = 200  # after the first fitting offer
    margin: Ratio = 0.10  # an offer so far below the maximum is taken without grace

    @model_validator(mode="after")
    def _sizes_are_parts_of_one(self) -> TierSettings:
        if abs(sum(self.sizes) - 1) > 0.001:
            raise Misfit("the three parts should add up to 1", at=("sizes",))
        return self


class LimitSettings(Closed):
    """The spending limits of one currency, in that currency; null: none."""

    purchase: Nullable[str] = "100"
    day: Nullable[str] = "200"  # a day and a month are of UTC
    month: Nullable[str] = None

    def misfits(self, currency: str) -> list[Misfit]:
        """What of this is no amount of that currency."""
        wrong = []
        for name in type(self).model_fields:
            amount = getattr(self, name)
            try:
                if amount is not None:
                    Money.of(amount, currency)
            except InputError as error:
                wrong.append(Misfit(error.message, hint=error.hint, at=(currency, name)))
        return wrong


def _amounts_of_their_currency(limits: dict[str, LimitSettings]) -> dict[str, LimitSettings]:
    wrong = [each for currency, own in limits.items() for each in own.misfits(currency)]
    if wrong:
        raise Misfits(wrong)
    return limits


class WhenFull(StrEnum):
    """What happens to a request too many: by number, by its own time, or by its customer's rate."""

    REJECT = "reject"  # told when to come back
    DELAY = "delay"  # waits at the door, as long as its caller does
    DEGRADE = "degrade"  # taken, and only tier 1 is asked, or only remembered answers are used


class ThrottleSettings(Closed):
    """How much is done at once, and how often."""

    in_flight: Annotated[Count, AfterRestart] = 500  # calls to sellers, of all requests together
    per_seller: Annotated[Count, AfterRestart] = 50  # of them, to one seller
    queue: Annotated[Count, AfterRestart] = 1000  # requests that wait for a worker
    when_full: WhenFull = WhenFull.REJECT
    per_customer_per_min: Nullable[Count] = 10  # requests
    owner_per_min: Nullable[Count] = None  # requests of the user who runs the daemon
    regions: dict[str, Count] = Field(
        default_factory=dict
    )  # calls per second to all sellers of a region
    # The weight of each class of customers: of those that wait, so many go for one of weight 1.
    classes: dict[str, Count] = Field(default_factory=lambda: {"gold": 3, "silver": 2, "free": 1})
    # Who is of which; the owner is of the heaviest class, who is not named of the lightest.
    customers: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _customers_are_of_a_class(self) -> ThrottleSettings:
        for customer, named in self.customers.items():
            if named not in self.classes:
                raise Misfit(
                    f"there is no class {named}",
                    hint=f"throttle.classes has: {', '.join(self.classes) or 'none'}",
                    at=("customers", customer),
                )
        return self


class NetworkSettings(Closed):
    """Who may be talked to, and through what."""

    allow_private: Annotated[Truth, AfterRestart] = False  # sellers at private addresses
    allow_loopback: Annotated[Truth, AfterRestart] = False  # sellers on this machine
    proxy: Annotated[Nullable[Address], AfterRestart] = None
    ca_file: Annotated[Nullable[str], AfterRestart] = None  # more certificates to trust, PEM


class FxSettings(Closed):
    """Rates of other currencies; without one an offer is shown in its own and never bought."""

    # What one unit costs in `defaults.currency`.
    rates: dict[Currency, Rate] = Field(default_factory=dict)
    source: Nullable[SellerId] = None  # the definition that is asked for rates
    margin: Ratio = 0.02  # added when a converted total is held against a maximum
    max_age_h: Annotated[float, Field(gt=0)] = 72.0


def _heard(events: tuple[Event, ...]) -> tuple[Event, ...]:
    if Event.TEST in events:
        raise Misfit("every target can be tested", hint="bookhunt notify test")
    return events


def _command(words: tuple[str, ...]) -> tuple[str, ...]:
    for number, word in enumerate(words):
        for part in re.findall(r"\{([a-z_]+)\}", word):
            if part not in _PARTS:
                raise Misfit(
                    f"a notice has no part {{{part}}}",
                    hint=f"it has: {' '.join(f'{{{each}}}' for each in _PARTS)}",
                    at=(number,),
                )
    return words


_PARTS = ("title", "message", "event", "id", "request_id")
_TOLD = (Event.BOUGHT, Event.NOT_AVAILABLE, Event.FAILED, Event.NEEDS_ATTENTION, Event.PRICE)
Heard = Annotated[tuple[Event, ...], AfterValidator(_heard)]


class Mail(Closed):
    """A mail, or a message on the desktop or in a chat: the secret is an apprise address."""

    to: SecretName
    on: Heard = _TOLD


class Webhook(Closed):
    """A POST; signed where a secret is named. The address itself may be a secret."""

    webhook: Annotated[str, AfterValidator(_address_or_secret)]
    secret: Nullable[SecretName] = None
    on: Heard = _TOLD


class Command(Closed):
    """A program, started without a shell; `{title}` and other parts of the message fill it in."""

    command: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_command)]
    on: Heard = _TOLD


class Backend(StrEnum):
    """Where secrets are kept."""

    KEYRING = "keyring"  # the desktop's own
    FILE = "file"  # secrets.yaml, readable by its owner only
    COMMAND = "command"  # printed by a program, for example `pass`


class SecretSettings(Closed):
    """Where secrets are kept; `command` is the program of that backend, `{name}` its argument."""

    backend: Annotated[Backend, AfterRestart] = Backend.KEYRING
    command: Annotated[tuple[str, ...], AfterRestart] = ()

    @model_validator(mode="after")
    def _command_where_needed(self) -> SecretSettings:
        if self.backend is Backend.COMMAND and not any("{name}" in each for each in self.command):
            raise Misfit(
                "the backend `command` needs the program, with {name} where the secret's name goes",
                hint='command: [pass, show, "bookhunt/{name}"]',
                at=("command",),
            )
        if self.backend is not Backend.COMMAND and self.command:
            raise Misfit("only the backend `command` has a program", at=("command",))
        return self


class TelemetrySettings(Closed):
    """What is logged, counted and kept."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_port: Annotated[Nullable[Annotated[int, Field(ge=1, le=65_535)]], AfterRestart] = None
    record: Truth = True  # what is done for requests: without it no traces, no times of stages
    sample: Ratio = 0.01  # of the traces of requests that bought nothing and did not fail
    keep_days: Annotated[float, Field(gt=0)] = 7.0
    keep_mb: Count = 500
    # The base address of a collector (OTLP over HTTP, as JSON): what is kept is sent there as well.
    otlp_endpoint: Nullable[Annotated[str, AfterValidator(_address_or_secret)]] = None
    otlp_headers: dict[HeaderName, SecretName] = Field(default_factory=dict)  # of each such call


class DaemonSettings(Closed):
    """How the daemon comes and goes."""

    autostart: Truth = True  # by the first command that needs it
    idle_exit_min: Annotated[Nullable[Annotated[float, Field(gt=0)]], AfterRestart] = None


class SellerSettings(Closed):
    """Settings of one definition, typed by it; `enabled: false` switches the seller off."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str | list[str]]

    enabled: Truth = True

    @property
    def settings(self) -> dict[str, str | list[str]]:
        """What the definition's own settings are set to, as text."""
        return dict(self.__pydantic_extra__)


class StorageSettings(Closed):
    """Where what must survive is kept, and what nodes share."""

    ledger: Annotated[Literal["sqlite"], AfterRestart] = "sqlite"
    shared: Annotated[Literal["memory"], AfterRestart] = "memory"


class Settings(Closed):
    """All of `config.yaml`."""

    defaults: Defaults = Defaults()
    search: SearchSettings = SearchSettings()
    tiers: TierSettings = TierSettings()
    limits: Annotated[dict[Currency, LimitSettings], AfterValidator(_amounts_of_their_currency)] = (
        Field(default_factory=dict)
    )
    throttle: ThrottleSettings = ThrottleSettings()
    network: NetworkSettings = NetworkSettings()
    fx: FxSettings = FxSettings()
    notify: tuple[Mail | Webhook | Command, ...] = ()
    secrets: SecretSettings = SecretSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    daemon: DaemonSettings = DaemonSettings()
    sellers: dict[SellerId, SellerSettings] = Field(default_factory=dict)
    storage: StorageSettings = StorageSettings()

    @model_validator(mode="before")
    @classmethod
    def _empty_sections(cls, value: Any) -> Any:
        """A section with nothing behind it is one without keys, a list too."""
        if isinstance(value, dict):
            empty: dict[str, Any] = {"limits": {}, "sellers": {}, "notify": []}
            return {
                key: empty[key] if key in empty and isinstance(each, Plain) and not each else each
                for key, each in value.items()
            }
        return value
