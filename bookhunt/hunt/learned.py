"""What is learned of one seller and of one book, and how one reply moves it.

The model and its reasons stand in `beliefs`. Constants are those the research simulator was tuned
with on one seed and measured on others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

DAY_S = 86400.0
HALF_LIFE = 2000.0  # replies after which a count weighs half
DECAY = 0.5 ** (1.0 / HALF_LIFE)
_STRANGERS_VARIANCE = 0.12**2
_LEAST_COUNT = 1e-3  # a count that decayed to nothing still gives finite odds
_SELLER_DRIFT = 0.06**2 / DAY_S  # variance that a seller's level gains a second it is not seen
_BOOK_DRIFT = 0.05**2 / DAY_S
_MOST_BOOK_VARIANCE = 0.25
_LISTING_TRUST = 0.85  # how much of a listing's own difference is still there a moment later
_LISTING_FADES_S = 6e5  # about a week
_STOCK_TRUST = 0.9
_STOCK_FADES_S = 4e5
_SPREAD_VARIANCE = 0.8**2  # of the log odds that a book is carried, from book to book
_CLIP = 4.0  # standard deviations: a price further off moves nothing more
_SURPRISED = 3.0  # smoothed squared innovation above which the seller has changed its ways
_SURPRISE_VARIANCE = 0.08**2
_REST_S, _LONGEST_REST_S = 15.0, 600.0  # after failures in a row a seller is expected to fail
_RESTING = 0.1  # what is left of its chance to answer meanwhile: demoted, never dropped


@dataclass(slots=True)
class SellerBelief:
    """One seller's figures; the defaults are what is believed of a seller nobody ever asked."""

    level: float = 0.0  # of log totals, against the book's level
    level_var: float = _STRANGERS_VARIANCE
    level_at: float | None = None  # when the level was last moved
    noise_shape: float = (
        3.0  # inverse gamma: of what is left when book, seller and listing are known
    )
    noise_rate: float = 3.0 * _STRANGERS_VARIANCE
    answers: float = 9.0  # Beta
    failures: float = 0.5
    stocked: float = 1.2  # Beta, of those that answered
    missing: float = 1.6
    log_latency: float = math.log(0.45)
    latency_var: float = 0.25
    latency_seen: float = 1.0
    fails_in_a_row: float = 0.0
    failed_at: float = -1e18
    surprise: float = 1.0
    taken: float = 4.0  # Beta, of orders: taken, and not complained about
    spoilt: float = 0.2
    quotes: int = 0  # readable answers, ever
    answered_at: float = 0.0  # the time of day of the last of them; nought: there is none

    @property
    def noise(self) -> float:
        """The variance of a listing about what book and seller make likely."""
        return self.noise_rate / self.noise_shape

    @property
    def latency_s(self) -> float:
        """The mean of the log-normal latency, the tail's weight bounded."""
        return math.exp(self.log_latency + 0.5 * min(self.latency_var, 1.0))

    @property
    def stock_odds(self) -> float:
        """The log odds that it has a book of which nothing is known."""
        return math.log(max(self.stocked, _LEAST_COUNT) / max(self.missing, _LEAST_COUNT))

    def level_var_at(self, now: float) -> float:
        """The variance of the level, grown by the time it was not seen, never past a stranger's."""
        if self.level_at is None:
            return self.level_var
        grown = self.level_var + max(now - self.level_at, 0.0) * _SELLER_DRIFT
        return min(grown, max(self.level_var, _STRANGERS_VARIANCE))

    def chance_of_answer(self, now: float) -> float:
        """P(an answer comes); low for a while after failures in a row."""
        chance = self.answers / (self.answers + self.failures)
        if self.fails_in_a_row >= 2:
            rest_s = min(_REST_S * 2.0 ** min(self.fails_in_a_row, 6.0), _LONGEST_REST_S)
            if now - self.failed_at < rest_s:
                chance *= _RESTING
        return chance


@dataclass(slots=True)
class Listing:
    """What is remembered of one seller's copy of one book."""

    difference: float | None = (
        None  # of its log total from book and seller level; None: no price yet
    )
    in_stock: bool = False
    at: float = 0.0  # when it was last seen

    def price_trust(self, now: float) -> float:
        """How much of the difference is still believed; nought without a price."""
        if self.difference is None:
            return 0.0
        return _LISTING_TRUST * math.exp(-max(now - self.at, 0.0) / _LISTING_FADES_S)

    def stock_trust(self, now: float) -> float:
        """How much of the stock flag is still believed."""
        return _STOCK_TRUST * math.exp(-max(now - self.at, 0.0) / _STOCK_FADES_S)


@dataclass(slots=True)
class BookBelief:
    """One book, as one kind of customer asks for it."""

    level: float  # of log totals, in minor units
    var: float
    at: float
    seen: int = 0  # offers that moved the level
    spread: float = 0.0  # how widely it is carried, in log odds against the usual book
    spread_var: float = _SPREAD_VARIANCE
    listings: dict[str, Listing] = field(default_factory=dict)

    def drift_to(self, now: float) -> None:
        """Let the level become less certain with the time that went by."""
        if now > self.at:
            self.var = min(self.var + (now - self.at) * _BOOK_DRIFT, _MOST_BOOK_VARIANCE)
            self.at = now


@dataclass(slots=True, kw_only=True)
class Hint:
    """How far a book's level lies from the customer's maximum: all there is for a new book."""

    mean: float = 0.1
    var: float = 0.25**2
    seen: float = 8.0


@dataclass(slots=True, kw_only=True)  # not frozen: a hundred are made for each request
class Outlook:
    """What one seller is expected to answer: a log-normal total, if it answers with one at all."""

    offset: float  # mean of the log total, against the book's level
    var: float  # of the log total, without the book's own
    answers: float  # P(it answers)
    stock_odds: float  # log odds that it has a book, before the book's own spread
    remembered: float  # how much of the stock flag is still believed
    flag: float  # 1: it had the book when it was last seen
    latency_s: float

    def chance(self, spread: float) -> float:
        """P(an offer), for a book carried so widely."""
        stocked = 1.0 / (1.0 + math.exp(-self.stock_odds - spread))
        return self.answers * (stocked + self.remembered * (self.flag - stocked))


def learn_latency(seller: SellerBelief, latency_s: float) -> None:
    """Take in how long a reply took, or how long was waited for it in vain."""
    seller.latency_seen = min(seller.latency_seen + 1.0, 60.0)
    difference = math.log(max(latency_s, 1e-3)) - seller.log_latency
    seller.log_latency += difference / seller.latency_seen
    seller.latency_var += (difference * difference - seller.latency_var) / max(
        seller.latency_seen, 8.0
    )


def learn_spread(seller: SellerBelief, book: BookBelief, *, in_stock: bool) -> None:
    """One step of Newton on the logistic likelihood: how widely is the book carried?"""
    expected = 1.0 / (1.0 + math.exp(-seller.stock_odds - book.spread))
    certainty = 1.0 + book.spread_var * expected * (1.0 - expected)
    book.spread += book.spread_var * (float(in_stock) - expected) / certainty
    book.spread_var /= certainty


def learn_price(
    seller: SellerBelief, book: BookBelief, seller_id: str, log_total: float, now: float
) -> None:
    """One Kalman step of the book's and the seller's level (both Gaussian, observed in sum)."""
    listing = book.listings.get(seller_id)
    trust, remembered = 0.0, 0.0
    if listing is not None and listing.difference is not None:
        trust = listing.price_trust(now)
        remembered = trust * listing.difference
    seller.level_var = seller.level_var_at(now)
    seller.level_at = now
    noise = seller.noise
    variance = book.var + seller.level_var + noise * (1.0 - trust * trust)
    widest = _CLIP * math.sqrt(variance)
    surprise = min(max(log_total - (book.level + seller.level + remembered), -widest), widest)
    seller.surprise += 0.1 * (surprise * surprise / variance - seller.surprise)
    if seller.surprise > _SURPRISED:
        seller.level_var += _SURPRISE_VARIANCE
        variance += _SURPRISE_VARIANCE
        seller.surprise = 1.0
    for_book, for_seller = book.var / variance, seller.level_var / variance
    book.level += for_book * surprise
    book.var *= 1.0 - for_book
    book.seen += 1
    seller.level += for_seller * surprise
    seller.level_var *= 1.0 - for_seller
    if trust == 0.0:
        # What of the surprise was noise: E[noise^2 | surprise].
        share = noise / variance
        seller.noise_shape = seller.noise_shape * DECAY + 0.5
        seller.noise_rate = seller.noise_rate * DECAY + 0.5 * (
            surprise * surprise * share + noise * (1.0 - share)
        )
    book.listings[seller_id] = Listing(
        difference=log_total - book.level - seller.level, in_stock=True, at=now
    )
