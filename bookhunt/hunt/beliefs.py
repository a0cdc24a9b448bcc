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
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.hunt.learned import (
    DAY_S,
    DECAY,
    BookBelief,
    Hint,
    Listing,
    Outlook,
    SellerBelief,
    learn_latency,
    learn_price,
    learn_spread,
)
from bookhunt.model.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookhunt.hunt.ports import Ask

_ORDER_DECAY = 0.5 ** (1.0 / 50.0)  # orders are rare: fifty of them halve what came before
_MOST_BOOKS = 20_000
_MEMORY_S = 30 * DAY_S

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
        book.drift_to(now)
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
            if listing.difference is not None:
                trust = listing.price_trust(now)
                offset += trust * listing.difference
                noise *= 1.0 - trust * trust
            remembered = listing.stock_trust(now)
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
        same_call: bool = False,
    ) -> None:
        """Take in one reply of a real call, late ones too.

        Args:
            seller_id: who was asked.
            subject: what for (`subject_of`).
            now: the time of day, in seconds.
            total_minor: the cheapest landed total it named, whatever the maximum; None without.
            reason: why it named none; None with a total.
            latency_s: how long the reply took; for a time-out, how long was waited.
            same_call: it came in a call that was learned from for another book: prices and stock
                are news, that the seller answers or fails, and how soon, is not.
        """
        seller = self.seller(seller_id)
        self._worked_out.pop(seller_id, None)
        self.changed_sellers.add(seller_id)
        has_price = total_minor is not None and total_minor > 0
        answered = has_price or reason in _NOT_STOCKED or reason is Reason.OVER_MAX
        failed = not answered and (reason in _FAILURES or reason is Reason.RATE_LIMITED)
        if not (answered or failed):
            return
        if not same_call:
            seller.quotes += answered
            seller.answers = seller.answers * DECAY + answered
            seller.failures = seller.failures * DECAY + failed
            if answered:
                seller.fails_in_a_row = 0.0
                seller.answered_at = now
            elif reason is not Reason.RATE_LIMITED:
                seller.fails_in_a_row += 1.0
                seller.failed_at = now
            if answered or reason is Reason.TIMED_OUT:
                learn_latency(seller, latency_s)
        if has_price or reason in _NOT_STOCKED:
            self._learn_stock(seller, seller_id, subject, now, in_stock=has_price)
        book = self.books.get(subject)
        if has_price and total_minor is not None and book is not None:
            self.changed_books.add(subject)
            learn_price(seller, book, seller_id, math.log(total_minor), now)

    def _learn_stock(
        self, seller: SellerBelief, seller_id: str, subject: str, now: float, *, in_stock: bool
    ) -> None:
        book = self.books.get(subject)
        if book is not None and seller_id not in book.listings:
            learn_spread(seller, book, in_stock=in_stock)
        seller.stocked = seller.stocked * DECAY + in_stock
        seller.missing = seller.missing * DECAY + (not in_stock)
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

    def forgive(self, seller_id: str) -> None:
        """Expect no failure because of the last ones: `bookhunt sellers reset`."""
        if seller_id in self.sellers:
            self.sellers[seller_id].fails_in_a_row = 0.0
            self.changed_sellers.add(seller_id)
            self._worked_out.pop(seller_id, None)

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
