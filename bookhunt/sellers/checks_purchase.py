"""What may spend is complete: one commit step, a known total, a key and a look-up that fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.sellers.checks_values import shipping_is_unknown

if TYPE_CHECKING:
    from bookhunt.documents import DocumentPath
    from bookhunt.sellers.checks_faults import Faults
    from bookhunt.sellers.checks_texts import TextUse
    from bookhunt.sellers.language import Definition, Purchase, Step
    from bookhunt.sellers.template import Slot

_HERE: DocumentPath = ("purchase",)
_LINK_HINT = "or purchase_mode: link, which needs no order"


def check_purchase(
    definition: Definition, slots: list[tuple[TextUse, Slot]], faults: Faults
) -> None:
    """Judge how the seller is ordered from."""
    auto = definition.purchase_mode == "auto"
    if auto and definition.purchase is None:
        place: DocumentPath = ("purchase_mode",)
        faults.error(place, "auto needs purchase: how is it ordered?", "purchase_mode: link")
    if auto and not definition.ships_to:
        hint = 'ships_to: [US], or ["*"] for everywhere'
        path: DocumentPath = ("ships_to",) if definition.ships_to == () else ()
        faults.error(path, "purchase_mode auto needs ships_to", hint)
    purchase = definition.purchase
    if purchase is None:
        return
    _check_one_commit(purchase, faults)
    if (step := purchase.commit_step) is not None:
        index = purchase.commit_index or 0
        _check_commit(purchase, step, (*_HERE, "steps", index), faults)
        _check_around(purchase, index, faults)
        _check_key(purchase, step, (*_HERE, "steps", index), slots, faults)
    _check_find_order(purchase, slots, faults)
    _check_payment(purchase, slots, faults)
    if auto:
        _check_total(definition, purchase, faults)
        _check_item(definition, slots, faults)
        if not purchase.idempotency.has_key and purchase.find_order is None:
            faults.warn(
                _HERE,
                "without idempotency and find_order a lost answer is settled by hand",
                "purchase_mode: link is advised",
                key=True,
            )


def _check_one_commit(purchase: Purchase, faults: Faults) -> None:
    commits = [n for n, step in enumerate(purchase.steps) if step.commit]
    if not commits:
        hint = "commit: true on the step that spends"
        faults.error((*_HERE, "steps"), "no step is the commit step", hint, key=True)
    for n in commits[1:]:
        faults.error(
            (*_HERE, "steps", n, "commit"),
            f"a second commit step: step {commits[0] + 1} spends already",
            "exactly one step spends",
            key=True,
        )


def _check_commit(purchase: Purchase, step: Step, path: DocumentPath, faults: Faults) -> None:
    """The step that spends is sent once, always, as it is, and can be understood."""
    if step.again == "safe":
        hint = "a lost answer is looked up, or the same bytes are sent with the same key"
        faults.error((*path, "again"), "the commit step is never repeated as a step", hint)
    if step.only_if is not None:
        faults.error((*path, "if"), "the commit step cannot be left out", key=True)
    for name in ("total", "pick", "must", "basket"):
        if getattr(step, name):
            hint = "put it into a step before"
            message = f"{name} is read before the commit step, which is too late here"
            faults.error((*path, name), message, hint, key=True)
    if step.request.method == "GET":
        hint = "everything on the way may repeat a GET"
        faults.warn((*path, "request"), "a GET that spends", hint)
    words = {outcome.means for outcome in step.outcomes}
    if not words & {"bought", "placed"}:
        hint = "outcomes: [{when: {status: 201}, is: bought}]"
        faults.error(path, "no outcome of the commit step is bought or placed", hint)
    has_number = step.fields is not None and step.fields.order_id is not None
    if "bought" in words and not has_number and purchase.find_order is None:
        hint = "fields: {order_id: {at: id}}"
        faults.error(path, "bought needs an order id too, and no field says it", hint)
    if "placed" in words and purchase.find_order is None:
        hint = "an order that was only accepted is followed with it"
        faults.error(path, "placed needs find_order", hint)


def _check_around(purchase: Purchase, commit: int, faults: Faults) -> None:
    """Steps after the commit finish an order that stands."""
    for n, step in enumerate(purchase.steps):
        path = (*_HERE, "steps", n)
        if n > commit and not step.repeatable:
            hint = "again: safe, if it can be repeated"
            faults.warn(path, "a step after the commit that is sent only once", hint)
        for name in ("total", "basket"):
            if n > commit and getattr(step, name) is not None:
                faults.error((*path, name), f"a {name} after the commit protects nobody", key=True)


def _check_key(
    purchase: Purchase,
    step: Step,
    path: DocumentPath,
    slots: list[tuple[TextUse, Slot]],
    faults: Faults,
) -> None:
    """The key goes somewhere, and only where the definition says."""
    idempotency, here = purchase.idempotency, (*_HERE, "idempotency")
    if idempotency.send == "body" and step.request.body_kind not in {"json", "form", "graphql"}:
        hint = "the commit step needs a json, form or graphql body"
        faults.error((*here, "at"), "the key has no body to go into", hint)
    if idempotency.send == "header" and idempotency.name is not None:
        for name in step.request.headers:
            if name.lower() == idempotency.name.lower():
                where = (*path, "request", "headers", name)
                hint = "idempotency: puts it there"
                faults.error(where, "the key's header is written twice", hint, key=True)
    if not idempotency.has_key:
        for use, slot in slots:
            if slot.name == ("order", "key"):
                hint = "say under idempotency: what the seller does with it"
                faults.warn(use.path, "the key is sent, and nothing says it counts", hint)
    if idempotency.send == "natural" and idempotency.replay == "same_answer":
        hint = "replay: already_exists"
        where = (*here, "replay")
        faults.warn(where, "a session that commits once rarely repeats its answer", hint)


def _check_find_order(
    purchase: Purchase, slots: list[tuple[TextUse, Slot]], faults: Faults
) -> None:
    found = purchase.find_order
    if found is None:
        return
    here = (*_HERE, "find_order")
    if found.by == "reference":
        if found.fields.reference is None:
            hint = "rows that are not ours must be told apart"
            faults.error((*here, "fields"), "by: reference needs the field reference", hint)
        sent = any(
            slot.name == ("order", "reference") and use.here.block == "purchase"
            for use, slot in slots
        )
        if not sent:
            hint = 'send "{order.reference}" in a step of purchase'
            faults.error(here, "by: reference, and the order is sent without it", hint, key=True)
    elif not any(
        (slot.name[0] == "captured" or slot.name == ("order", "id"))
        and use.here.block == "find_order"
        for use, slot in slots
    ):
        hint = "use a {captured...} of the purchase, or {order.id}, in its request"
        faults.error((*here, "by"), "by: captured, and nothing captured is sent", hint)


def _check_payment(purchase: Purchase, slots: list[tuple[TextUse, Slot]], faults: Faults) -> None:
    uses = [use for use, slot in slots if slot.name == ("pay", "token")]
    if purchase.payment.kind == "account":
        for use in uses:
            hint = "payment: {kind: token, prompt: ...}"
            faults.error(use.path, "{pay.token}: payment says that nothing is sent", hint)
    elif not any(use.here.block == "purchase" for use in uses):
        hint = 'send "{pay.token}", or payment: {kind: account}'
        faults.warn((*_HERE, "payment"), "the token is asked for and sent nowhere", hint, key=True)


def _check_total(definition: Definition, purchase: Purchase, faults: Faults) -> None:
    """What shipping costs must be known before the commit: quoted, or read as a total."""
    quote = definition.quote
    if quote is None or purchase.checks_total:
        return
    fields: DocumentPath = ("quote", "fields")
    hint = f"read total: in a step before the commit, {_LINK_HINT}"
    if shipping_is_unknown(quote.fields.shipping):
        path = (*fields, "shipping") if quote.fields.shipping is not None else fields
        faults.error(path, "shipping is unknown, and no step checks the landed total", hint)
    if quote.fields.tax is not None and quote.fields.tax.unknown:
        path = (*fields, "tax")
        faults.error(path, "tax is unknown, and no step checks the landed total", hint)


def _check_item(definition: Definition, slots: list[tuple[TextUse, Slot]], faults: Faults) -> None:
    if definition.quote is None or definition.quote.fields.item is not None:
        return
    for use, slot in slots:
        if slot.name[:2] == ("offer", "item"):
            hint = "quote: fields: item: {at: ...}"
            faults.error(use.path, "{offer.item}: no field of the quote says it", hint)
            return
    where = ("quote", "fields")
    faults.warn(where, "no field says what is ordered", "item: {at: ...}", key=True)
