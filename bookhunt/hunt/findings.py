"""What a search adds up to: one line per seller, and the figures of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.hunt.choice import key_of
from bookhunt.model.money import Money
from bookhunt.model.outcome import Findings, ProofOfAbsence, Result, SellerNote
from bookhunt.model.reasons import UNPROVEN, Reason
from bookhunt.model.seller import PurchaseMode, Trust

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bookhunt.hunt.candidates import Candidate
    from bookhunt.hunt.choice import Choice, Judged
    from bookhunt.hunt.policy import View
    from bookhunt.hunt.search import Asked, Search
    from bookhunt.model.offer import Offer
    from bookhunt.model.seller import Seller

# Only these offers can be told as the lowest price: the others are gone, doubtful or no price.
_STILL_OFFERED = frozenset(
    {None, Reason.OVER_MAX, Reason.ONLY_BY_LINK, Reason.SKIPPED_SHADOW, Reason.UNKNOWN_TOTAL}
)


def notes_of(search: Search, choice: Choice) -> list[SellerNote]:
    """What each seller contributed to a search as it stands, in the order sellers were ranked."""
    by_seller: dict[str, list[Judged]] = {}
    for judged in choice.judged:
        by_seller.setdefault(judged.offer.seller, []).append(judged)
    notes = [
        _note(search, candidate, by_seller.get(candidate.seller.id, []))
        for candidate in search.market.candidates
    ]
    notes.extend(search.market.ruled_out)
    return notes


def findings_of(
    search: Search, choice: Choice, notes: Sequence[SellerNote] | None = None
) -> Findings:
    """The figures of a search as it stands; only its notes can say whether an absence is proven."""
    offered = [judged.offer for judged in choice.judged if judged.reason in _STILL_OFFERED]
    orderable = [offer for offer in offered if _can_be_ordered(search.sellers[offer.seller])]
    linked = [j.offer for j in choice.judged if j.reason is Reason.ONLY_BY_LINK]
    lowest = _lowest(orderable) or _lowest(offered)
    cheaper = _cheaper_by_link(linked, _lowest(orderable))
    asked = search.asked.keys() | search.cut_off
    return Findings(
        sellers_asked=len(asked),
        sellers_total=len(search.market.candidates) + len(search.market.ruled_out),
        calls=search.earlier_calls + sum(each.own_calls for each in search.asked.values()),
        cached=sum(asked.cached for asked in search.asked.values()),
        coalesced=sum(asked.shared for asked in search.asked.values()),
        early_exit=search.stopped_early,
        stopped_because=search.stopped_because,
        proof=None if notes is None else _proof(search, notes, nobody_asked=not asked),
        lowest=lowest.at_least if lowest else None,
        lowest_seller=lowest.seller if lowest else None,
        cheaper_by_link=cheaper.seller if cheaper else None,
        url=cheaper.url if cheaper else None,
    )


# Why nobody has it, the most telling first, and what a customer is told.
_TOLD = {
    Reason.SKIPPED_LIMIT: "others who came first are buying what fits; try again in a moment",
    Reason.ONLY_BY_LINK: "it fits only where bookhunt cannot order",
    Reason.OVER_MAX: "every copy costs more than the maximum",
    Reason.TOO_CHEAP: "the only fitting price is too low to be true",
    Reason.UNKNOWN_TOTAL: "it fits only where nobody says what it costs with shipping",
    Reason.SKIPPED_SHADOW: "it fits only at sellers that are watched and not bought from",
    Reason.WRONG_CURRENCY: "it is offered only in other currencies",
    Reason.SOLD_OUT: "it was sold out just now",
}


def not_available(choice: Choice, findings: Findings, notes: Iterable[SellerNote] = ()) -> Result:
    """What a customer is told when no offer can be bought, and none was refused."""
    reasons = {judged.reason for judged in choice.judged}
    # An offer without an exchange rate is none; that there is one is worth a word all the same.
    abroad = [note for note in notes if note.reason is Reason.WRONG_CURRENCY]
    reasons |= {note.reason for note in abroad}
    told = next((reason for reason in _TOLD if reason in reasons), None)
    if told is not None:
        message = _TOLD[told]
        if told is Reason.OVER_MAX and findings.lowest is not None:
            message = f"the lowest price is {findings.lowest}"
        if told is Reason.WRONG_CURRENCY and abroad and abroad[0].detail:
            message = f"{message}: {abroad[0].detail}"
        return Result(findings=findings, reason=told.value, message=message)
    if not findings.sellers_asked:
        message = "no seller could be asked (bookhunt sellers list)"
        return Result(findings=findings, reason=Reason.CANNOT_ASK.value, message=message)
    message = "no seller offers it"
    if findings.proof is ProofOfAbsence.PARTIAL:
        message = "no seller that answered offers it"
    return Result(findings=findings, reason=Reason.NOT_STOCKED.value, message=message)


def _can_be_ordered(seller: Seller) -> bool:
    return seller.purchase_mode is PurchaseMode.AUTO and seller.trust is Trust.NORMAL


def _lowest(offers: Iterable[Offer]) -> Offer | None:
    """The lowest landed total; what an offer costs at the least counts only where no total does."""
    return min(offers, key=_as_a_price, default=None)


def _as_a_price(offer: Offer) -> tuple[bool, int]:
    return (offer.shipping is None or offer.tax is None, offer.least_minor)


def _cheaper_by_link(linked: list[Offer], orderable: Offer | None) -> Offer | None:
    best = _lowest(linked)
    if best is None or (orderable is not None and orderable.at_least <= best.at_least):
        return None
    return best


def _proof(search: Search, notes: Iterable[SellerNote], *, nobody_asked: bool) -> ProofOfAbsence:
    unproven = (
        nobody_asked
        or any(note.reason in UNPROVEN for note in notes)
        or any(each.quoted is not None and each.quoted.unsure for each in search.asked.values())
    )
    return ProofOfAbsence.PARTIAL if unproven else ProofOfAbsence.COMPLETE


def _note(search: Search, candidate: Candidate, judged: list[Judged]) -> SellerNote:
    asked = search.asked.get(candidate.seller.id)
    if asked is None:
        reason = Reason.SKIPPED_EARLY_EXIT if search.stopped_early else Reason.SKIPPED_TIER
        seen = _seen(search, search.policy.view(candidate.seller.id))
        return SellerNote(seller=candidate.seller.id, reason=reason, tier=candidate.tier, **seen)
    if asked.quoted is None:
        return _told(search, asked, reason=Reason.TIMED_OUT)
    if judged:
        best = next((j for j in judged if j.reason is None), judged[0])
        offer = best.offer
        detail = None
        if offer.original is not None:
            detail = f"{offer.as_sold.at_least} at {offer.original.rate}"
        if key_of(offer) in search.unsteady:
            detail = "it fails by turns, and another costs hardly more: an order there may be lost"
        return _told(search, asked, reason=best.reason, offer=offer, detail=detail)
    reason = asked.quoted.reason or Reason.UNREADABLE
    return _told(search, asked, reason=reason, detail=asked.quoted.detail)


def _told(
    search: Search,
    asked: Asked,
    *,
    reason: Reason | None,
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
        cached=asked.cached,
        shared=asked.shared,
        asked_ms=round((asked.asked_at - search.started_at) * 1000, 1),
        answered_ms=None if answered is None else round((answered - search.started_at) * 1000, 1),
        calls=asked.own_calls,
        **_seen(search, asked.view),
    )


def _seen(search: Search, view: View | None) -> dict[str, Any]:
    """How the policy saw a seller, when it was asked or, where it was not, at the end."""
    if view is None:
        return {}
    currency, z = search.request.max_price.currency, view.reservation_minor
    return {
        "rank": view.rank,
        "reservation": None if z is None else Money(z, currency),
        "expected": Money(view.expected_minor, currency),
    }
