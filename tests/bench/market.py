"""A market of booksellers on a virtual clock, after the research simulator's description.

Every quantity (price, stock, latency, error, outage, rate limit) is a pure function of (seed,
seller, book, time, request), so two strategies meet exactly the same world. No real price panel
was at hand: trust the ratios between strategies more than the levels.

    total = list price x book's shock x seller x seller in category x listing x repricing x drifts
            + shipping, free above a threshold at some sellers

- listing: 8 % that stay with a (seller, book); repricing: 4.5 %, anew every two hours; seller:
  10 %; seller in category: 6 %; promotions of a category (-12 %) and of listings (-10 to -30 %).
- stock: a seller carries a share of the catalogue, popular books more; 7 % are out for 90 minutes.
- latency: log-normal about the seller's median, with a heavy tail; 10-minute outages, half of which
  hang and half answer 503; errors; token-bucket rate limits that answer 429.
- requests: Poisson with bursts on one hot book, Zipf over 3000 books; the maximum is above the
  cheapest by exp(Gamma(2, 0.09)), and below it for 12 % of requests, which are hopeless.

Kinds: `team` (as above), `desk` (a request every 20 seconds: learning from cold), `forgetful` (a
listing's price and stock are drawn anew every half hour, so that remembering books is useless),
`treacherous` (heavy-tailed prices; cheap sellers fail often), `shift` (40 % of sellers drawn anew
half-way), `small` (eight sellers).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

CATEGORIES = 12
BOOKS = 3000
REACHABLE_S = 4.95  # a seller that answers later cannot have been bought from
_SLOT_S = 30.0  # the world moves in steps of this
_RATE, _BURST_EVERY_S, _BURST_S, _BURST_FACTOR = 2.0, 300.0, 15.0, 10.0
_DESK_RATE = 0.05
_HOPELESS = 0.12
_LIMITED_S = 0.04
_MOST_KEPT = 20_000

Floats = np.ndarray


class Kind(StrEnum):
    """Which market."""

    TEAM = "team"
    DESK = "desk"
    FORGETFUL = "forgetful"
    TREACHEROUS = "treacherous"
    SHIFT = "shift"
    SMALL = "small"


class Says(StrEnum):
    """What a seller's answer is."""

    OFFER = "offer"
    NOT_STOCKED = "not_stocked"
    ERROR = "error"
    LIMITED = "limited"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request: who wants which book when, for how much at most (in cents)."""

    number: int
    at_s: float
    book: int
    max_minor: int


@dataclass(frozen=True, slots=True)
class Reply:
    """One seller's answer to one call; a latency of infinity never comes."""

    says: Says
    latency_s: float
    total_minor: int | None = None
    inventory: int = 0


class Dice:
    """Uniform and normal draws per seller that depend on the keys alone (splitmix64)."""

    def __init__(self, seed: int, sellers: int) -> None:
        self._seed = seed
        self._sellers = np.arange(1, sellers + 1, dtype=np.uint64)

    def uniform(self, tag: int, *keys: int | Floats) -> Floats:
        """One number in (0, 1) a seller; a key may be an array with one entry a seller."""
        with np.errstate(over="ignore"):
            state = _mix(self._sellers * np.uint64(0xD1342543DE82EF95) + np.uint64(self._seed))
            for key in (tag, *keys):
                word = np.asarray(key, dtype=np.int64).astype(np.uint64)
                state = _mix(state ^ (word * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1)))
        return ((state >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53

    def normal(self, tag: int, *keys: int | Floats) -> Floats:
        """One standard normal a seller (Box and Muller)."""
        first, second = self.uniform(tag, *keys), self.uniform(tag + 5000, *keys)
        return np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second)

    def smooth(self, tag: int, at_s: float, period_s: float) -> Floats:
        """Unit-variance noise that moves smoothly with time."""
        step = math.floor(at_s / period_s)
        part = at_s / period_s - step
        part = part * part * (3 - 2 * part)
        before, after = self.normal(tag, step), self.normal(tag, step + 1)
        return (before * (1 - part) + after * part) / math.sqrt(part**2 + (1 - part) ** 2)


def _mix(x: Floats) -> Floats:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@dataclass(slots=True)
class Character:
    """What sellers are like; in a `shift` some have a second one from half-way on."""

    level: Floats
    breadth: Floats
    error: Floats


class Market:
    """The world."""

    def __init__(self, sellers: int, seed: int, kind: Kind = Kind.TEAM) -> None:
        self.sellers, self.seed, self.kind = sellers, seed, kind
        self.dice = Dice(seed, sellers)
        draw = np.random.default_rng(seed)
        self._draw_sellers(draw)
        self._draw_books(draw)
        self.shift_s = math.inf
        self._quotes: dict[tuple[int, int], tuple[Floats, Floats, Floats]] = {}
        self._lucks: dict[tuple[int, int], tuple[Floats, Floats]] = {}

    def _draw_sellers(self, draw: np.random.Generator) -> None:
        n = self.sellers
        self.first = self._character(draw, n)
        self.in_category = draw.normal(0, 0.06, (n, CATEGORIES))
        self.carries_category = np.clip(draw.normal(1, 0.35, (n, CATEGORIES)), 0.2, 1.8)
        self.shipping = np.where(draw.random(n) < 0.4, 0.0, draw.uniform(1.0, 4.5, n))
        self.free_above = np.where(draw.random(n) < 0.4, 25.0, np.inf)
        self.median_s = np.exp(draw.normal(math.log(0.35), 0.55, n))
        self.spread = draw.uniform(0.2, 0.5, n)
        self.tail = draw.uniform(0.005, 0.05, n)
        self.outage = np.clip(draw.exponential(0.012, n), 0, 0.6)
        self.hangs = draw.random(n) < 0.5
        self.per_second = np.exp(draw.uniform(math.log(5), math.log(50), n))
        self._tokens, self._tokens_at = self.per_second * 2.0, np.zeros(n)
        trust = np.log(self.median_s) + 6 * self.first.error + 4 * self.outage
        self.trusted = np.argsort(trust + draw.normal(0, 0.25, n))
        self.second = self.first
        if self.kind is Kind.SHIFT:
            other = self._character(draw, n)
            changed = np.zeros(n, bool)
            changed[draw.permutation(n)[: int(0.4 * n)]] = True
            self.second = Character(
                np.where(changed, other.level, self.first.level),
                np.where(changed, other.breadth, self.first.breadth),
                np.where(changed & (draw.random(n) < 0.2), 0.5, self.first.error),
            )

    def _character(self, draw: np.random.Generator, n: int) -> Character:
        level, breadth = draw.normal(0, 0.10, n), draw.beta(1.6, 2.2, n)
        error = draw.beta(1.0, 60.0, n) + np.where(draw.random(n) < 0.08, 0.15, 0.0)
        if self.kind is Kind.TREACHEROUS:
            level = 0.14 * np.clip(draw.standard_t(2.5, n), -5, 5)
            error = np.clip(error + 0.5 / (1 + np.exp((level + 0.15) / 0.04)), 0, 0.7)
        return Character(level, breadth, error)

    def _draw_books(self, draw: np.random.Generator) -> None:
        self.list_price = np.exp(draw.normal(math.log(18), 0.5, BOOKS))
        self.category = draw.integers(0, CATEGORIES, BOOKS)
        self.shock = draw.normal(-0.05, 0.12, BOOKS)
        weight = 1.0 / np.arange(1, BOOKS + 1)
        self._zipf = np.cumsum(weight / weight.sum())
        self._by_rank = draw.permutation(BOOKS)
        self._rank = np.empty(BOOKS, int)
        self._rank[self._by_rank] = np.arange(BOOKS)

    def _now(self, at_s: float) -> Character:
        return self.second if at_s >= self.shift_s else self.first

    # ---------------------------------------------------------------------------- the truth
    def quotes(self, book: int, at_s: float) -> tuple[Floats, Floats, Floats]:
        """Landed totals (in units of currency), whether in stock, and how many; a row a seller."""
        slot = int(at_s // _SLOT_S)
        known = self._quotes.get((book, slot))
        if known is None:
            if len(self._quotes) > _MOST_KEPT:
                self._quotes.clear()
            known = self._quotes[book, slot] = self._quote(book, slot * _SLOT_S)
        return known

    def _quote(self, book: int, at_s: float) -> tuple[Floats, Floats, Floats]:
        dice, who, category = self.dice, self._now(at_s), self.category[book]
        phase = dice.uniform(14, book)
        # What a listing is for good, or in a forgetful market for half an hour.
        epoch = np.floor(at_s / 1800.0 + phase) if self.kind is Kind.FORGETFUL else np.zeros(1)
        popular = 0.5 + 0.9 * (1 - math.log1p(self._rank[book]) / math.log1p(BOOKS))
        carries = np.clip(who.breadth * self.carries_category[:, category] * popular, 0.02, 0.97)
        listed = dice.uniform(11, book, epoch) < carries
        log = math.log(self.list_price[book]) + self.shock[book] + who.level
        log = log + self.in_category[:, category] + 0.08 * dice.normal(12, book, epoch)
        log += 0.045 * dice.normal(15, book, np.floor(at_s / 7200.0 + phase))
        log += 0.03 * dice.smooth(16, at_s, 43200.0)
        log += 0.04 * math.sin(2 * math.pi * (at_s / 86400.0 + (book * 0.618) % 1))
        promoted = dice.uniform(17, math.floor(at_s / 28800.0), int(category)) < 0.05
        deal = dice.uniform(18, book, np.floor(at_s / 86400.0 + phase)) < 0.02
        log -= 0.13 * promoted + (0.1 + 0.2 * dice.uniform(19, book)) * deal
        copy = np.exp(log)
        total = np.round(copy + np.where(copy >= self.free_above, 0, self.shipping), 2)
        stock = listed & (dice.uniform(20, book, np.floor(at_s / 5400.0 + phase)) > 0.07)
        count = np.where(
            stock, np.maximum(np.floor(np.exp(3.7 + 1.6 * dice.normal(13, book))), 1), 0
        )
        return total, stock, count

    def _luck(self, wanted: int, again: int, at_s: float) -> tuple[Floats, Floats]:
        """Latency and failure of each seller's answer to one request, drawn once."""
        known = self._lucks.get((wanted, again))
        if known is None:
            if len(self._lucks) > _MOST_KEPT // 20:
                self._lucks.clear()
            known = self._lucks[wanted, again] = self._draw_luck(wanted, again, at_s)
        return known

    def _draw_luck(self, wanted: int, again: int, at_s: float) -> tuple[Floats, Floats]:
        dice = self.dice
        latency = self.median_s * np.exp(self.spread * dice.normal(40, wanted, again))
        tail = dice.uniform(41, wanted, again)
        heavy = latency + 0.8 * (tail / self.tail + 1e-9) ** (-1 / 1.3)
        latency = np.where(tail < self.tail, heavy, latency)
        fails = dice.uniform(42, wanted, again) < self._now(at_s).error
        down = dice.uniform(30, math.floor(at_s / 600.0)) < self.outage
        return np.where(down, np.where(self.hangs, np.inf, 0.08), latency), fails | down

    def cheapest_seller(self, wanted: Wanted, *, within_s: float = REACHABLE_S) -> int | None:
        """Who has the cheapest fitting offer and answers in time; None: nobody."""
        total, stock, _ = self.quotes(wanted.book, wanted.at_s)
        latency, fails = self._luck(wanted.number, 0, wanted.at_s)
        reachable = stock & ~fails & (latency < within_s)
        if not reachable.any():
            return None
        seller = int(np.argmin(np.where(reachable, total, np.inf)))
        return seller if round(float(total[seller]) * 100) <= wanted.max_minor else None

    def best(self, wanted: Wanted) -> int | None:
        """The cheapest total, in cents, of a seller that answers in time; None without one."""
        total, stock, _ = self.quotes(wanted.book, wanted.at_s)
        latency, fails = self._luck(wanted.number, 0, wanted.at_s)
        reachable = stock & ~fails & (latency < REACHABLE_S)
        return round(float(total[reachable].min()) * 100) if reachable.any() else None

    # --------------------------------------------------------------------------- the answers
    def reply(self, seller: int, wanted: Wanted, *, again: int, now_s: float) -> Reply:
        """One seller's answer to one call; `again` counts the calls to it for one request."""
        rate = self.per_second[seller]
        filled = self._tokens[seller] + (now_s - self._tokens_at[seller]) * rate
        self._tokens[seller], self._tokens_at[seller] = min(2 * rate, filled), now_s
        if self._tokens[seller] < 1.0:
            return Reply(Says.LIMITED, _LIMITED_S)
        self._tokens[seller] -= 1.0
        latency, fails = self._luck(wanted.number, again, now_s)
        if fails[seller]:
            return Reply(Says.ERROR, float(latency[seller]))
        total, stock, count = self.quotes(wanted.book, wanted.at_s)
        if not stock[seller]:
            return Reply(Says.NOT_STOCKED, float(latency[seller]))
        minor = round(float(total[seller]) * 100)
        return Reply(Says.OFFER, float(latency[seller]), minor, int(count[seller]))

    def requests(self, count: int) -> list[Wanted]:
        """The same requests each time; half-way through them a `shift` happens."""
        draw = np.random.default_rng(self.seed + 777)
        at_s, hot, wanted = 3600.0, 0, []
        for number in range(count):
            if self.kind is Kind.SHIFT and number == count // 2:
                self.shift_s = math.floor(at_s / _SLOT_S) * _SLOT_S + _SLOT_S
            into = at_s % _BURST_EVERY_S
            burst = into < _BURST_S and self.kind is not Kind.DESK
            rate = _DESK_RATE if self.kind is Kind.DESK else _RATE
            at_s += draw.exponential(1.0 / (rate * (_BURST_FACTOR if burst else 1.0)))
            if burst and into < 0.2:
                hot = self._popular(draw)
            book = hot if burst and draw.random() < 0.35 else self._popular(draw)
            wanted.append(Wanted(number, at_s, book, self._maximum(draw, book, at_s)))
        return wanted

    def _popular(self, draw: np.random.Generator) -> int:
        rank = int(np.searchsorted(self._zipf, draw.random()))
        return int(self._by_rank[min(rank, BOOKS - 1)])

    def _maximum(self, draw: np.random.Generator, book: int, at_s: float) -> int:
        total, stock, _ = self.quotes(book, at_s)
        lowest = float(total[stock].min()) if stock.any() else float(self.list_price[book]) * 0.8
        if draw.random() < _HOPELESS:
            generosity = -abs(draw.normal(0.10, 0.08)) - 0.01
        else:
            generosity = draw.gamma(2.0, 0.09)
        return max(1, round(lowest * math.exp(generosity) * 100))
