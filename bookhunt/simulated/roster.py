"""Who stands on the street: the hand-made sellers, and their variants when more are asked for.

Between them the sixteen cover every capability of a purchase (key and look-up, key only, look-up
only, neither), both ways a key is replayed, one to three steps of checkout, five kinds of
authentication and eight ways to say the same thing over HTTP.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

MOST_SELLERS = 200


class Auth(StrEnum):
    """How a seller wants to know its customer; each kind has its own secrets."""

    NONE = "none"  # anybody may ask and order
    HEADER = "header"  # X-Api-Key: {api_key}
    QUERY = "query"  # ?key={api_key}
    BEARER = "bearer"  # Authorization: Bearer {token}
    BASIC = "basic"  # Authorization: Basic {user}:{password}
    OAUTH2 = "oauth2"  # a token got with {client_id} and {client_secret}


SECRETS: dict[Auth, tuple[str, ...]] = {
    Auth.NONE: (),
    Auth.HEADER: ("api_key",),
    Auth.QUERY: ("api_key",),
    Auth.BEARER: ("token",),
    Auth.BASIC: ("user", "password"),
    Auth.OAUTH2: ("client_id", "client_secret"),
}


class Replay(StrEnum):
    """What a seller does with an idempotency key it has seen before."""

    NONE = "none"  # it reads no key: every commit that arrives is an order
    SAME_ANSWER = "same_answer"  # the first outcome of the key again, a refusal included
    ALREADY_EXISTS = "already_exists"  # says that the key was used, and no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Postage:
    """What shipping costs: a flat fee, none above a threshold, or a fee per offer."""

    flat_minor: int | None = None  # None: seeded per offer
    free_above_minor: int | None = None
    quoted: bool = True  # False: told at the checkout only


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One seller: what it is called, how it speaks and what it promises."""

    id: str
    name: str
    like: str = ""  # the hand-made seller it is a variant of; itself for those
    dialect: str
    auth: Auth = Auth.NONE
    replay: Replay = Replay.NONE
    finds: bool = False  # orders can be looked up by the customer's reference
    cancels: bool = False
    latency_ms: float  # the median
    spread: float = 0.35  # sigma of the logarithm
    postage: Postage
    conditions: tuple[str, ...] = ("new",)  # of the offers it may have of one book
    counts_stock: bool = True  # whether quotes say how many are left
    euro_share: float = 0.0  # the share of its offers priced in EUR
    placed_s: float | None = None  # accepted at once, confirmed so much later
    checks_price: bool = False  # refuses an order that expects another total
    three_steps: bool = False  # where the dialect knows a shorter and a longer checkout
    sells: bool = True  # False: quotes only


_ALL_CONDITIONS = ("new", "like_new", "very_good", "good", "acceptable")

HAND_MADE: tuple[Profile, ...] = (
    Profile(
        id="amberside",
        name="Amberside Books",
        dialect="minor",
        auth=Auth.HEADER,
        replay=Replay.SAME_ANSWER,
        finds=True,
        cancels=True,
        latency_ms=90,
        postage=Postage(flat_minor=399),
    ),
    Profile(
        id="brightwater",
        name="Brightwater",
        dialect="minor",
        auth=Auth.BEARER,
        replay=Replay.SAME_ANSWER,
        latency_ms=180,
        counts_stock=False,
        conditions=("new", "used"),
        postage=Postage(),
    ),
    Profile(
        id="copperlane",
        name="Copper Lane Book Exchange",
        dialect="minor",
        auth=Auth.HEADER,
        replay=Replay.SAME_ANSWER,
        finds=True,
        latency_ms=140,
        placed_s=1.0,
        checks_price=True,
        postage=Postage(flat_minor=0),
    ),
    Profile(
        id="dovetail",
        name="Dovetail Buchhandel",
        dialect="decimal",
        auth=Auth.QUERY,
        finds=True,
        latency_ms=260,
        euro_share=0.3,
        conditions=("new", "used"),
        postage=Postage(),
    ),
    Profile(
        id="elmcourt",
        name="Elm Court Remainders",
        dialect="decimal",
        latency_ms=420,
        conditions=("used",),
        postage=Postage(flat_minor=250),
    ),
    Profile(
        id="foxglove",
        name="Foxglove Antiquarian",
        dialect="xml",
        auth=Auth.QUERY,
        finds=True,
        latency_ms=310,
        conditions=_ALL_CONDITIONS,
        postage=Postage(),
    ),
    Profile(
        id="graniteway",
        name="Graniteway Wholesale",
        dialect="xml",
        auth=Auth.HEADER,
        replay=Replay.ALREADY_EXISTS,
        finds=True,
        latency_ms=220,
        postage=Postage(flat_minor=449),
    ),
    Profile(
        id="harbourlight",
        name="Harbourlight Bookshop",
        dialect="html",
        auth=Auth.BASIC,
        replay=Replay.ALREADY_EXISTS,
        finds=True,
        latency_ms=1200,
        spread=0.25,
        three_steps=True,
        postage=Postage(quoted=False),
    ),
    Profile(
        id="ivyhouse",
        name="Ivy House",
        dialect="html",
        latency_ms=380,
        conditions=("new", "used"),
        postage=Postage(flat_minor=350),
    ),
    Profile(
        id="junipergate",
        name="Junipergate",
        dialect="graphql",
        auth=Auth.BEARER,
        replay=Replay.SAME_ANSWER,
        latency_ms=70,
        conditions=("new", "like_new"),
        postage=Postage(flat_minor=299),
    ),
    Profile(
        id="kestrelbooks",
        name="Kestrel Books",
        dialect="cart",
        auth=Auth.HEADER,
        finds=True,
        latency_ms=160,
        postage=Postage(flat_minor=499, free_above_minor=3500),
    ),
    Profile(
        id="lanternrow",
        name="Lantern Row",
        dialect="oauth",
        auth=Auth.OAUTH2,
        replay=Replay.SAME_ANSWER,
        finds=True,
        cancels=True,
        latency_ms=110,
        checks_price=True,
        three_steps=True,
        conditions=("new", "very_good"),
        postage=Postage(quoted=False),
    ),
    Profile(
        id="mossbridge",
        name="Mossbridge Mercantile",
        dialect="cart",
        replay=Replay.ALREADY_EXISTS,
        latency_ms=530,
        spread=0.5,
        counts_stock=False,
        three_steps=True,
        postage=Postage(quoted=False),
    ),
    Profile(
        id="nightjar",
        name="Nightjar Rare Books",
        dialect="jsonld",
        latency_ms=340,
        conditions=("used", "new"),
        sells=False,
        postage=Postage(quoted=False),
    ),
    Profile(
        id="orchardend",
        name="Orchard End Books",
        dialect="cart",
        finds=True,
        latency_ms=240,
        three_steps=True,
        postage=Postage(quoted=False),
    ),
    Profile(
        id="pennyroyal",
        name="Pennyroyal and Daughters",
        dialect="cart",
        latency_ms=360,
        three_steps=True,
        postage=Postage(quoted=False),
    ),
)  # fmt: skip - a table reads better than a column


def roster(count: int) -> tuple[Profile, ...]:
    """The hand-made sellers and, beyond them, variants in turn: `amberside-2`, `brightwater-2`, ...

    Raises:
        ValueError: if fewer than one or more than 200 sellers are asked for.
    """
    if not 1 <= count <= MOST_SELLERS:
        raise ValueError(f"a street has 1 to {MOST_SELLERS} sellers, not {count}")
    sellers = []
    for place in range(count):
        row, column = divmod(place, len(HAND_MADE))
        profile = HAND_MADE[column]
        if row:
            name = f"{profile.name} No. {row + 1}"
            profile = replace(profile, id=f"{profile.id}-{row + 1}", name=name, like=profile.id)
        sellers.append(profile)
    return tuple(sellers)


def secrets(profile: Profile) -> dict[str, str]:
    """The credentials this seller accepts: published, since nothing real hangs on them."""
    return {name: f"street-{profile.id}-{name}" for name in SECRETS[profile.auth]}


def payment_token(seller: str, customer: str) -> str:
    """The token one customer's profile pays with at one seller."""
    return f"street-pay-{seller}-{customer}"
