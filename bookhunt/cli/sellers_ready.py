"""What a seller still lacks before it can be ordered from, part by part, for `sellers test --live`.

Each part is judged by what the daemon would look at: the definition's settings and secrets, the
profile, its payment token, the answer to a real question, and the checkout where it was walked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bookhunt.home.names import payment_secret
from bookhunt.hunt.ports import Prepared, Stopped
from bookhunt.model.purchase import Answer
from bookhunt.model.reasons import Reason
from bookhunt.model.seller import PurchaseMode
from bookhunt.sellers.scope import person

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookhunt.hunt.ports import Quoted
    from bookhunt.model.buyer import Buyer
    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.sellers.compiling_setup import SetUp

# That a book is not there is an answer that was understood.
UNDERSTOOD = frozenset({Reason.NOT_STOCKED, Reason.SOLD_OUT})
_LOOK_UP_HINTS = {
    Reason.NOT_STOCKED: "name a book that it sells; if it does sell this one, is the ISBN what its "
    "search looks at (SKU, barcode)?",
    Reason.SOLD_OUT: "name a book that is in stock, to see the rest",
    Reason.WRONG_BOOK: "`isbn` of the quote's fields must read the ISBN itself, for each row",
    Reason.WRONG_CURRENCY: "a rate for its currency: fx in the configuration",
    Reason.UNREACHABLE: "the address; loopback and private ones need network.allow_loopback or "
    "allow_private in the configuration",
    Reason.UNAUTHORISED: "the secrets it was given: bookhunt sellers login {id}",
    Reason.DOES_NOT_SHIP: "`ships_to` of the definition, or another profile",
}
_CHECKOUT_HINTS = {
    Answer.DOES_NOT_SHIP: "it offers no delivery to the profile's address: a zone and a method "
    "there, in the shop's own settings",
    Answer.SOLD_OUT: "name a book that is in stock",
    Answer.NEEDS_SETUP: "a setting that names what the shop has, the payment method for one: "
    "bookhunt sellers show {id}",
    Answer.UNAUTHORISED: "the secrets it was given: bookhunt sellers login {id}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing an order needs. `ok` is None where it was not tried; `hint` says what to do."""

    name: str
    ok: bool | None
    told: str
    hint: str | None = None

    def json_fields(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"part": self.name, "ok": self.ok, "told": self.told, "hint": self.hint}


def of_setup(setup: SetUp) -> list[Part]:
    """The address, the settings and the secrets."""
    parts = [Part(name="set-up", ok=False, told=f"missing: {each}") for each in setup.missing]
    if setup.base_url is not None:
        parts.insert(0, Part(name="address", ok=True, told=setup.base_url))
    if not parts[1:] and setup.secrets:
        parts.append(Part(name="secrets", ok=True, told=f"{', '.join(setup.secrets)} stored"))
    return parts


def of_buyer(
    seller: CompiledSeller, profile: str, buyer: Buyer | None, has_secret: Callable[[str], bool]
) -> list[Part]:
    """The profile, where the seller delivers, and how it is paid; of one that takes orders."""
    purchase = seller.definition.purchase
    if seller.seller.purchase_mode is not PurchaseMode.AUTO or purchase is None:
        told = f"purchase_mode is {seller.definition.purchase_mode}: bookhunt does not order here"
        return [Part(name="orders", ok=None, told=told)]
    parts = [_profile(profile, buyer, purchase.profile_needs)]
    if buyer is not None and not seller.seller.ships(buyer.ship.country):
        told = f"`ships_to` has no {buyer.ship.country}, where {profile} lives"
        parts.append(Part(name="delivery", ok=False, told=told))
    if purchase.payment.kind != "token":
        told = "the seller charges the account or sends the invoice; nothing is sent"
        parts.append(Part(name="payment", ok=True, told=told))
    elif has_secret(payment_secret(profile, seller.id)):
        parts.append(Part(name="payment", ok=True, told=f"a token of {profile} is stored"))
    else:
        hint = f"bookhunt sellers login {seller.id} --profile {profile}"
        told = f"no token of {profile} at {seller.id}"
        parts.append(Part(name="payment", ok=False, told=told, hint=hint))
    return parts


def _profile(profile: str, buyer: Buyer | None, needs: tuple[str, ...]) -> Part:
    if buyer is None:
        hint = f"bookhunt profile add {profile}"
        return Part(name="profile", ok=False, told=f"there is no profile {profile}", hint=hint)
    known = person(buyer.ship)
    lacking = [name for name in needs if not known.get(name)]
    if lacking:
        told = f"{profile} lacks {', '.join(lacking)}"
        hint = f"bookhunt profile edit {profile}"
        return Part(name="profile", ok=False, told=told, hint=hint)
    return Part(name="profile", ok=True, told=f"{profile} has all that is asked for")


def of_quote(seller_id: str, book: str, quoted: Quoted) -> Part:
    """Whether the look-up finds the book."""
    if quoted.reason is None:
        best = quoted.offers[0]
        total = best.total
        price = f"{total} in all" if total is not None else f"{best.price}, delivery not yet"
        return Part(name="look-up", ok=True, told=f"finds {book}: {price}")
    detail = f": {quoted.detail}" if quoted.detail else ""
    hint = _LOOK_UP_HINTS.get(quoted.reason, "").format(id=seller_id) or None
    if quoted.reason is Reason.SOLD_OUT:
        return Part(name="look-up", ok=None, told=f"finds {book}: sold out", hint=hint)
    told = f"does not find {book}: {quoted.reason.value}{detail}"
    return Part(name="look-up", ok=False, told=told, hint=hint)


def of_checkout(seller_id: str, ended: Prepared | Stopped | None, *, wanted: bool) -> Part:
    """Whether the checkout offers a delivery and gets as far as the order; None: not walked."""
    if ended is None:
        hint = "--checkout goes as far as the order, which it never sends; the seller learns the "
        return Part(
            name="checkout",
            ok=None,
            told="not walked: what is missing above comes first" if wanted else "not walked",
            hint=None if wanted else f"{hint}profile's address",
        )
    if isinstance(ended, Prepared):
        said = "by the checkout" if ended.total_checked else "by the quote; no step reads it"
        told = f"goes as far as the order: {ended.frozen.total} in all, {said}; nothing was ordered"
        return Part(name="checkout", ok=True, told=told)
    detail = f": {ended.detail}" if ended.detail else ""
    what = _CHECKOUT_HINTS.get(ended.answer, "").format(id=seller_id) or None
    return Part(name="checkout", ok=False, told=f"{ended.answer.value}{detail}", hint=what)
