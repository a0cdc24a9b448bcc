"""What is believed of sellers and books before anybody is asked: prices, stock, answers, times.

A seller's landed total of a book is modelled in logarithms as

    log total = level of the book + level of the seller + what this listing differs by + noise

Every reply moves the level of the book and of the seller by one scalar Kalman step (assumed-density
filtering: both stay Gaussian), so a single cheap answer makes every other seller look cheaper for
the rest of the search. Stock is modelled alike, in log odds: what a seller carries in general,
moved by how widely this book is carried, so each "not stocked" makes the next one likelier. What a
listing differed by when it was last seen, and whether it was there, is remembered for days and used
only to rank: a stale offer is a prior, never an answer. The noise has an inverse-gamma posterior;
whether a seller answers has a Beta posterior whose counts decay, so that old behaviour is
forgotten; a run of surprising prices inflates a seller's variance at once. Losing all of this costs
calls and never correctness.

The constants are those the research simulator was tuned with on one seed and measured on others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bookhunt.model.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookhunt.hunt.ports import Ask

_DAY_S = 86400.0
_HALF_LIFE = 2000.0  # replies after which a count weighs half
_DECAY = 0.5 ** (1.0 / _HALF_LIFE)
_STRANGERS_VARIANCE = 0.12**2
_LEAST_COUNT = 1e-3  # a count that decayed to nothing still gives finite odds
_SELLER_DRIFT = 0.06**2 / _DAY_S  # variance that a seller's level gains a second it is not seen
_BOOK_DRIFT = 0.05**2 / _DAY_S
_MOST_BOOK_VARIANCE = 0.25
_LISTING_TRUST = 0.85  # how much of a listing's own difference is still there a moment later
_LISTING_FADES_S = 6e5  # about a week
_STOCK_TRUST = 0.9
_SPREAD_VARIANCE = 0.8**2  # of the log odds that a book is carried, from book to book
_STOCK_FADES_S = 4e5
_ORDER_DECAY = 0.5 ** (1.0 / 50.0)  # orders are rare: fifty of them halve what came before
_CLIP = 4.0  # standard deviations: a price further off moves nothing more
_SURPRISED = 3.0  # smoothed squared innovation above which the seller has changed its ways
_SURPRISE_VARIANCE = 0.08**2
_REST_S, _LONGEST_REST_S = 15.0, 600.0  # after failures in a row a seller is expected to fail
_RESTING = 0.1  # what is left of its chance to answer meanwhile: demoted, never dropped
_MOST_BOOKS = 20_000
_MEMORY_S = 30 * _DAY_S

# The seller may well have had the book: nothing is learned of its stock.
_FAILURES = frozenset(
    {
        Reason.TIMED_OUT,
        Reason.UNREACHABLE,
        Reason.SERVER_ERROR,
        Reason.UNREADABLE,
        Reason.BLOCKED,
        Reason.UNAUTHORISED,
    }
)
_NOT_STOCKED = frozenset(
    {
        Reason.NOT_STOCKED,
        Reason.SOLD_OUT,
        Reason.WRONG_BOOK,
        Reason.WRONG_FORMAT,
        Reason.WRONG_CONDITION,
        Reason.DOES_NOT_SHIP,
    }
)


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


@dataclass(slots=True, kw_only=True)
class _Figures:
    """What follows from a seller's belief at one time."""

    at: float
    level: float
    level_var: float
    noise: float
    answers: float
    stock_odds: float
    latency_s: float


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


def subject_of(ask: Ask) -> str:
    """The book as this customer asks for it: prices of used and new copies are kept apart."""
    wish = f"{ask.condition}|{ask.format}"
    return f"{ask.book.identity}|{ask.max_price.currency}|{ask.country}|{wish}"


class Beliefs:
    """All beliefs of this daemon. `now` is the time of day in seconds since 1970."""

    def __init__(self) -> None:
        self.sellers: dict[str, SellerBelief] = {}
        self.books: dict[str, BookBelief] = {}
        self.hint = Hint()
        self._worked_out: dict[str, _Figures] = {}
        self.changed_sellers: set[str] = set()
        self.changed_books: set[str] = set()

    def seller(self, seller_id: str) -> SellerBelief:
        """The beliefs about one seller; those of a stranger where nothing is known."""
        belief = self.sellers.get(seller_id)
        if belief is None:
            belief = self.sellers[seller_id] = SellerBelief()
        return belief

    def book(self, subject: str, now: float, *, max_minor: int) -> BookBelief:
        """The beliefs about one book, drifted to now; a new one is guessed from the maximum."""
        book = self.books.get(subject)
        if book is None:
            if len(self.books) >= _MOST_BOOKS:
                self._forget_oldest()
            level = math.log(max_minor) + self.hint.mean
            book = self.books[subject] = BookBelief(level, self.hint.var + 0.01, now)
        elif now > book.at:
            book.var = min(book.var + (now - book.at) * _BOOK_DRIFT, _MOST_BOOK_VARIANCE)
            book.at = now
        return book

    def _figures(self, seller_id: str, now: float) -> _Figures:
        """What is believed of a seller whatever the book, worked out once a second."""
        figures = self._worked_out.get(seller_id)
        if figures is None or not 0.0 <= now - figures.at < 1.0:
            seller = self.seller(seller_id)
            figures = self._worked_out[seller_id] = _Figures(
                at=now,
                level=seller.level,
                level_var=seller.level_var_at(now),
                noise=seller.noise,
                answers=seller.chance_of_answer(now),
                stock_odds=seller.stock_odds,
                latency_s=seller.latency_s,
            )
        return figures

    def outlook(self, seller_id: str, book: BookBelief, now: float) -> Outlook:
        """What a seller is expected to answer for a book."""
        seller = self._figures(seller_id, now)
        offset, noise = seller.level, seller.noise
        remembered, flag = 0.0, 0.0
        listing = book.listings.get(seller_id)
        if listing is not None:
            age = max(now - listing.at, 0.0)
            if listing.difference is not None:
                trust = _LISTING_TRUST * math.exp(-age / _LISTING_FADES_S)
                offset += trust * listing.difference
                noise *= 1.0 - trust * trust
            remembered = _STOCK_TRUST * math.exp(-age / _STOCK_FADES_S)
            flag = float(listing.in_stock)
        return Outlook(
            offset=offset,
            var=seller.level_var + noise,
            answers=seller.answers,
            stock_odds=seller.stock_odds,
            remembered=remembered,
            flag=flag,
            latency_s=seller.latency_s,
        )

    # ------------------------------------------------------------------------------- learning
    def learn(
        self,
        seller_id: str,
        subject: str,
        *,
        now: float,
        total_minor: int | None,
        reason: Reason | None,
        latency_s: float,
    ) -> None:
        """Take in one reply of a real call, late ones too.

        Args:
            seller_id: who was asked.
            subject: what for (`subject_of`).
            now: the time of day, in seconds.
            total_minor: the cheapest landed total it named, whatever the maximum; None without.
            reason: why it named none; None with a total.
            latency_s: how long the reply took; for a time-out, how long was waited.
        """
        seller = self.seller(seller_id)
        self._worked_out.pop(seller_id, None)
        self.changed_sellers.add(seller_id)
        has_price = total_minor is not None and total_minor > 0
        answered = has_price or reason in _NOT_STOCKED or reason is Reason.OVER_MAX
        failed = not answered and (reason in _FAILURES or reason is Reason.RATE_LIMITED)
        if not (answered or failed):
            return
        seller.quotes += answered
        seller.answers = seller.answers * _DECAY + answered
        seller.failures = seller.failures * _DECAY + failed
        if answered:
            seller.fails_in_a_row = 0.0
        elif reason is not Reason.RATE_LIMITED:
            seller.fails_in_a_row += 1.0
            seller.failed_at = now
        if answered or reason is Reason.TIMED_OUT:
            _learn_latency(seller, latency_s)
        if has_price or reason in _NOT_STOCKED:
            self._learn_stock(seller, seller_id, subject, now, in_stock=has_price)
        book = self.books.get(subject)
        if has_price and total_minor is not None and book is not None:
            self.changed_books.add(subject)
            _learn_price(seller, book, seller_id, math.log(total_minor), now)

    def _learn_stock(
        self, seller: SellerBelief, seller_id: str, subject: str, now: float, *, in_stock: bool
    ) -> None:
        book = self.books.get(subject)
        if book is not None and seller_id not in book.listings:
            _learn_spread(seller, book, in_stock=in_stock)
        seller.stocked = seller.stocked * _DECAY + in_stock
        seller.missing = seller.missing * _DECAY + (not in_stock)
        if book is not None and not in_stock:
            self.changed_books.add(subject)
            listing = book.listings.setdefault(seller_id, Listing())
            listing.in_stock, listing.at = False, now

    def learn_order(self, seller_id: str, *, weight: float) -> None:
        """Take in what became of an order, or what its customer said of it; nothing for nought.

        `weight` above nought speaks for the seller (taken: 1), below it against (refused: -1, a
        refund or a wrong book more).
        """
        if not weight:
            return
        seller = self.seller(seller_id)
        self.changed_sellers.add(seller_id)
        seller.taken = seller.taken * _ORDER_DECAY + max(weight, 0.0)
        seller.spoilt = seller.spoilt * _ORDER_DECAY + max(-weight, 0.0)

    def learn_hint(self, subject: str, *, max_minor: int) -> None:
        """Learn, once a request ended, how customers' maxima lie to what books cost."""
        book = self.books.get(subject)
        if book is None or book.seen < 4:
            return
        difference = book.level - math.log(max_minor) - self.hint.mean
        self.hint.seen = min(self.hint.seen + 1.0, 200.0)
        self.hint.mean += difference / self.hint.seen
        self.hint.var += (difference * difference - self.hint.var) / self.hint.seen

    # ------------------------------------------------------------------------------ forgetting
    def prune(self, now: float, *, sellers: Iterable[str]) -> None:
        """Forget listings not seen for a month, and sellers that are no more."""
        known = frozenset(sellers)
        for seller_id in self.sellers.keys() - known:
            del self.sellers[seller_id]
        for subject, book in list(self.books.items()):
            old = [
                each
                for each, listing in book.listings.items()
                if each not in known or now - listing.at > _MEMORY_S
            ]
            for each in old:
                del book.listings[each]
            if not book.listings and now - book.at > _MEMORY_S:
                del self.books[subject]

    def _forget_oldest(self) -> None:
        by_age = sorted(self.books, key=lambda subject: self.books[subject].at)
        for subject in by_age[: _MOST_BOOKS // 10]:
            del self.books[subject]


def _learn_latency(seller: SellerBelief, latency_s: float) -> None:
    seller.latency_seen = min(seller.latency_seen + 1.0, 60.0)
    difference = math.log(max(latency_s, 1e-3)) - seller.log_latency
    seller.log_latency += difference / seller.latency_seen
    seller.latency_var += (difference * difference - seller.latency_var) / max(
        seller.latency_seen, 8.0
    )


def _learn_spread(seller: SellerBelief, book: BookBelief, *, in_stock: bool) -> None:
    """One step of Newton on the logistic likelihood: how widely is the book carried?"""
    expected = 1.0 / (1.0 + math.exp(-seller.stock_odds - book.spread))
    certainty = 1.0 + book.spread_var * expected * (1.0 - expected)
    book.spread += book.spread_var * (float(in_stock) - expected) / certainty
    book.spread_var /= certainty


def _learn_price(
    seller: SellerBelief, book: BookBelief, seller_id: str, log_total: float, now: float
) -> None:
    """One Kalman step of the book's and the seller's level (both Gaussian, observed in sum)."""
    listing = book.listings.get(seller_id)
    trust, remembered = 0.0, 0.0
    if listing is not None and listing.difference is not None:
        trust = _LISTING_TRUST * math.exp(-max(now - listing.at, 0.0) / _LISTING_FADES_S)
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
        seller.noise_shape = seller.noise_shape * _DECAY + 0.5
        seller.noise_rate = seller.noise_rate * _DECAY + 0.5 * (
            surprise * surprise * share + noise * (1.0 - share)
        )
    book.listings[seller_id] = Listing(
        difference=log_total - book.level - seller.level, in_stock=True, at=now
    )
