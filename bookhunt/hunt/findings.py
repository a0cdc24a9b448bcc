"""What a search adds up to: one line per seller, and the figures of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.model.outcome import Findings, ProofOfAbsence, SellerNote
from bookhunt.model.reasons import UNPROVEN, Reason
from bookhunt.model.seller import PurchaseMode, Trust

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookhunt.hunt.candidates import Candidate
    from bookhunt.hunt.choice import Choice, Judged
    from bookhunt.hunt.search import Asked, Search
    from bookhunt.model.offer import Offer

# Rows of these kinds are no offer of the book at any price.
_NEVER_THE_LOWEST = frozenset(
    {Reason.TOO_CHEAP, Reason.SOLD_OUT, Reason.WRONG_CURRENCY, Reason.UNREADABLE}
)


def notes_and_findings(search: Search, choice: Choice) -> tuple[list[SellerNote], Findings]:
    """Describe a search as it stands: notes in the order sellers were ranked."""
    by_seller: dict[str, list[Judged]] = {}
    for judged in choice.judged:
        by_seller.setdefault(judged.offer.seller, []).append(judged)
    notes = [
        _note(search, candidate, by_seller.get(candidate.seller.id, []))
        for candidate in search.market.candidates
    ]
    notes.extend(search.market.ruled_out)
    sellers = {c.seller.id: c.seller for c in search.market.candidates}
    orderable = [
        judged.offer
        for judged in choice.judged
        if judged.reason not in _NEVER_THE_LOWEST
        and sellers[judged.offer.seller].purchase_mode is PurchaseMode.AUTO
        and sellers[judged.offer.seller].trust is Trust.NORMAL
    ]
    linked = [j.offer for j in choice.judged if j.reason is Reason.ONLY_BY_LINK]
    lowest = _lowest(orderable) or _lowest(j.offer for j in choice.judged)
    cheaper = _cheaper_by_link(linked, _lowest(orderable))
    findings = Findings(
        sellers_asked=len(search.asked),
        sellers_total=len(notes),
        calls=search.earlier_calls + sum(note.calls for note in notes),
        early_exit=search.stopped_early,
        proof=_proof(notes),
        lowest=lowest.at_least if lowest else None,
        lowest_seller=lowest.seller if lowest else None,
        cheaper_by_link=cheaper.seller if cheaper else None,
        url=cheaper.url if cheaper else None,
    )
    return notes, findings


def _lowest(offers: Iterable[Offer]) -> Offer | None:
    return min(offers, key=lambda offer: offer.at_least.minor, default=None)


def _cheaper_by_link(linked: list[Offer], orderable: Offer | None) -> Offer | None:
    best = _lowest(linked)
    if best is None or (orderable is not None and orderable.at_least <= best.at_least):
        return None
    return best


def _proof(notes: Iterable[SellerNote]) -> ProofOfAbsence:
    unproven = any(note.reason in UNPROVEN for note in notes)
    return ProofOfAbsence.PARTIAL if unproven else ProofOfAbsence.COMPLETE


def _note(search: Search, candidate: Candidate, judged: list[Judged]) -> SellerNote:
    asked = search.asked.get(candidate.seller.id)
    if asked is None:
        reason = Reason.SKIPPED_EARLY_EXIT if search.stopped_early else Reason.SKIPPED_TIER
        return SellerNote(seller=candidate.seller.id, reason=reason, tier=candidate.tier)
    if asked.quoted is None:
        return _told(search, asked, reason=Reason.TIMED_OUT, calls=int(asked.sent))
    if judged:
        best = next((j for j in judged if j.reason is None), judged[0])
        return _told(search, asked, reason=best.reason, calls=asked.quoted.calls, offer=best.offer)
    return _told(
        search,
        asked,
        reason=asked.quoted.reason or Reason.UNREADABLE,
        calls=asked.quoted.calls,
        detail=asked.quoted.detail,
    )


def _told(
    search: Search,
    asked: Asked,
    *,
    reason: Reason | None,
    calls: int,
    offer: Offer | None = None,
    detail: str | None = None,
) -> SellerNote:
    answered = asked.answered_at
    return SellerNote(
        seller=asked.candidate.seller.id,
        reason=reason,
        total=offer.at_least if offer else None,
        detail=detail,
        tier=asked.candidate.tier,
        asked_ms=round((asked.asked_at - search.started_at) * 1000, 1),
        answered_ms=None if answered is None else round((answered - search.started_at) * 1000, 1),
        calls=calls,
    )
