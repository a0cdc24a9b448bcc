"""What a seller needs to know of its customer before it can be asked or ordered from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bookhunt.home.names import payment_secret
from bookhunt.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.sellers.language import Definition


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginNeeds:
    """The secrets a definition names, each with what a person is asked, and its payment token."""

    secrets: Mapping[str, str] = field(default_factory=dict)  # name to prompt
    payment: str | None = None  # the prompt of the token; None: nothing is sent when paying

    @classmethod
    def of(cls, definition: Definition) -> LoginNeeds:
        """What this definition needs."""
        payment = definition.purchase.payment if definition.purchase is not None else None
        token = payment is not None and payment.kind == "token"
        return cls(
            secrets={name: secret.prompt for name, secret in definition.secrets.items()},
            payment=((payment.prompt if payment else None) or "Payment token") if token else None,
        )


def stored_names(
    seller_id: str,
    needs: LoginNeeds,
    *,
    secrets: Mapping[str, str],
    payment: str | None,
    profile: str,
) -> dict[str, str]:
    """What is to be stored, by the names of the secret store.

    Raises:
        InputError: nothing is given, or something that this seller does not need.
    """
    unknown = sorted(set(secrets) - set(needs.secrets))
    if unknown:
        wanted = ", ".join(needs.secrets) or "none"
        raise InputError(
            f"{seller_id} has no secret {', '.join(unknown)}; it has: {wanted}",
            hint=f"bookhunt sellers show {seller_id}",
        )
    if payment is not None and needs.payment is None:
        raise InputError(f"{seller_id} takes no payment token")
    if not secrets and payment is None:
        raise InputError(f"nothing is given for {seller_id}")
    stored = {f"{seller_id}/{name}": value for name, value in secrets.items()}
    if payment is not None:
        stored[payment_secret(profile, seller_id)] = payment
    return stored
