"""Names that people give: of profiles, sellers and secrets. All are safe as parts of a file name.

A secret is `<seller>/<secret>`, `pay/<profile>/<seller>` or `notify/<name>`.
"""

from __future__ import annotations

import re

from bookhunt.model.errors import InputError

_PROFILE = re.compile(r"[A-Za-z0-9@._:-]{1,80}", re.ASCII)  # what a request may name
_SELLER = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}", re.ASCII)  # what a definition may be called
_SECRET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", re.ASCII)
_PAY, _NOTIFY = "pay", "notify"


def require_profile_name(name: str) -> None:
    """Refuse what cannot name a profile.

    Raises:
        InputError: it is empty, too long or has another character.
    """
    if not _PROFILE.fullmatch(name):
        raise InputError(
            f"{name[:80]!r} cannot be a profile's name",
            hint="use up to 80 letters, digits and . _ - @ :",
        )


def require_seller_id(name: str) -> None:
    """Refuse what cannot be a seller's id.

    Raises:
        InputError: it is empty, too long or has another character.
    """
    if not _SELLER.fullmatch(name):
        raise InputError(
            f"{name[:80]!r} cannot be a seller's id",
            hint="use lower-case letters, digits, - and _",
        )


def require_secret_name(name: str) -> None:
    """Refuse what cannot name a secret.

    Raises:
        InputError: it is none of the three forms.
    """
    parts = name.split("/")
    if parts[0] == _PAY:
        fits = len(parts) == 3 and _PROFILE.fullmatch(parts[1]) and _SELLER.fullmatch(parts[2])
    else:
        first_fits = parts[0] == _NOTIFY or _SELLER.fullmatch(parts[0])
        fits = len(parts) == 2 and first_fits and _SECRET.fullmatch(parts[1])
    if not fits:
        # The text is not repeated: the secret itself may have been put in its name's place.
        raise InputError(
            "that cannot be a secret's name",
            hint="<seller>/<secret>, pay/<profile>/<seller> or notify/<name>",
        )


def payment_secret(profile: str, seller: str) -> str:
    """The name of the payment token of a profile at a seller."""
    return f"{_PAY}/{profile}/{seller}"


def notify_secret(name: str) -> str:
    """The name of a secret of a target of notices: `notify/<name>`.

    Raises:
        InputError: no secret can have that name.
    """
    full = f"{_NOTIFY}/{name}"
    require_secret_name(full)
    return full


def bare_name_of(secret: str) -> str:
    """The last part of the name of a target's secret, which may be said whole.

    Raises:
        InputError: no secret can have that name.
    """
    bare = secret.removeprefix("secret:").removeprefix(f"{_NOTIFY}/")
    return notify_secret(bare).removeprefix(f"{_NOTIFY}/")


def is_payment_secret(name: str) -> bool:
    """Whether a secret of this name pays."""
    return name.startswith(f"{_PAY}/")
