"""The shipping profiles: `profiles.yaml`, private, changed whole, read again when it changed.

A profile is an address, and the address of the bill under `bill` where it is another:

    name: Ada Reader
    street: 1 Main St
    city: Springfield
    region: IL
    postcode: 62701
    country: US
    email: ada@example.test
"""

from __future__ import annotations

import re
import threading
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from bookhunt.documents import (
    Closed,
    Mapping,
    Misfit,
    Node,
    Nullable,
    Scalar,
    read_document,
    validated,
)
from bookhunt.documents.reading import LARGEST_BYTES
from bookhunt.home.cards import card_number, holds_card_number
from bookhunt.home.countries import country_hint
from bookhunt.home.durable import changing, read_private, stamp_of, write_durably
from bookhunt.home.names import require_profile_name
from bookhunt.model.buyer import Address, Buyer
from bookhunt.model.errors import InputError, ProfileMissing

if TYPE_CHECKING:
    from bookhunt.home.durable import Stamp
    from bookhunt.home.paths import Home

_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
)


def _one_line(value: Any) -> Any:
    """Text with each run of space as one: what is pasted brings other spaces and line ends."""
    return " ".join(value.split()) if isinstance(value, str) else value


def _profile_name(text: str) -> str:
    try:
        require_profile_name(text)
    except InputError as error:
        raise Misfit(error.message, hint=error.hint) from None
    return text


Line = Annotated[str, BeforeValidator(_one_line)]
Name = Annotated[str, AfterValidator(_profile_name)]
_ADDRESS = tuple(field.name for field in fields(Address))
_FITTING = {"name": "x", "street": "x", "city": "x", "postcode": "x", "country": "US"}


class AddressDocument(Closed):
    """An address as people write it; `address` is what it means."""

    name: Line
    street: Line
    street2: Nullable[Line] = None
    city: Line
    region: Nullable[Line] = None
    postcode: Line
    country: Line
    phone: Nullable[Line] = None
    email: Nullable[Line] = None

    @field_validator("*")
    @classmethod
    def _fits(cls, value: Any, info: ValidationInfo) -> Any:
        """What the model's own address would refuse is told here, at its place."""
        name = info.field_name
        if value is None or name not in _ADDRESS:
            return value
        if name == "country" and (hint := country_hint(value)):
            raise Misfit(f"no country has the code {value}", hint=hint)
        if name == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
            raise Misfit("is no mail address")
        try:
            Address(**_FITTING | {name: value})
        except InputError as error:
            raise Misfit(error.message.removeprefix(f"{name} "), hint=error.hint) from None
        return value

    @property
    def address(self) -> Address:
        """The address."""
        return Address(**{name: getattr(self, name) for name in _ADDRESS})


class ProfileDocument(AddressDocument):
    """A shipping profile; without `bill` the bill is for whom the book is sent to."""

    bill: Nullable[AddressDocument] = None


class _ProfilesDocument(Closed):
    """`profiles.yaml`."""

    default: Nullable[Name] = None
    profiles: dict[Name, ProfileDocument] = Field(default_factory=dict)


def read_profile(content: bytes | str, *, file: str) -> ProfileDocument:
    """Read a profile from YAML or JSON; `file` is what mistakes call it.

    Raises:
        CardNumber: a payment card's number stands anywhere in it.
        DocumentMistakes: every mistake, each at its place.
    """
    document = read_document(_without_pairs(content), file=file)
    _refuse_cards(document.root)
    return validated(document, ProfileDocument)


def profile_text(buyer: Buyer) -> str:
    """A profile as YAML, as `read_profile` reads it and an editor shows it."""
    return _yaml(_written(buyer))


class Profiles:
    """The shipping profiles of one home. All methods may be called from any thread.

    Reading takes microseconds unless the file changed; what changes it blocks on the disk.
    """

    def __init__(self, home: Home) -> None:
        self._path = home.profiles_file
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._known = _ProfilesDocument()

    def buyer(self, profile: str) -> Buyer:
        """The profile of that name.

        Raises:
            ProfileMissing: there is none; the hint makes it.
            DocumentMistakes, UnsafePath: the file cannot be used.
        """
        known = self._read()
        if profile not in known.profiles:
            raise _missing(profile, known)
        return _buyer(profile, known.profiles[profile])

    def all(self) -> tuple[Buyer, ...]:
        """Every profile, in the order they were added."""
        return tuple(_buyer(name, each) for name, each in self._read().profiles.items())

    def names(self) -> tuple[str, ...]:
        """The names of all profiles, in the order they were added."""
        return tuple(self._read().profiles)

    def default(self, configured: str) -> str:
        """The profile that a request without one has; it may not exist yet.

        The one that `set_default` named, else `configured` (`defaults.profile`), else, where that
        does not exist, the only one there is.
        """
        known = self._read()
        if known.default is not None:
            return known.default
        if configured not in known.profiles and len(known.profiles) == 1:
            return next(iter(known.profiles))
        return configured

    def add(
        self, name: str, content: bytes | str, *, file: str = "profile", replace: bool = False
    ) -> Buyer:
        """Store a profile from YAML or JSON, durably.

        Raises:
            InputError: the name cannot be one, or exists and is not to be replaced.
            CardNumber: a payment card's number stands anywhere in it; nothing is stored.
            DocumentMistakes: every mistake of the content, or of the file that it would go to.
        """
        require_profile_name(name)
        profile = read_profile(content, file=file)
        with changing(self._path):
            known = self._read()
            if name in known.profiles and not replace:
                raise InputError(
                    f"there is a profile {name!r} already", hint=f"bookhunt profile edit {name}"
                )
            self._write(known.default, known.profiles | {name: profile})
        return _buyer(name, profile)

    def remove(self, name: str) -> None:
        """Forget a profile, and that it was the default.

        Raises:
            ProfileMissing: there is none of that name.
        """
        with changing(self._path):
            known = self._read()
            if name not in known.profiles:
                raise _missing(name, known)
            kept = {each: known.profiles[each] for each in known.profiles if each != name}
            self._write(None if known.default == name else known.default, kept)

    def set_default(self, name: str) -> None:
        """Name the profile of requests that name none.

        Raises:
            ProfileMissing: there is none of that name.
        """
        with changing(self._path):
            known = self._read()
            if name not in known.profiles:
                raise _missing(name, known)
            self._write(name, known.profiles)

    def _read(self) -> _ProfilesDocument:
        with self._lock:
            stamp = stamp_of(self._path)
            if stamp is None or stamp != self._stamp:
                # Stamped before it is read: what changes meanwhile is read again the next time.
                content = read_private(self._path, most=LARGEST_BYTES + 1)
                document = read_document(content or b"", file=str(self._path))
                _refuse_cards(document.root)
                self._known = validated(document, _ProfilesDocument)
                self._stamp = stamp
            return self._known

    def _write(self, default: str | None, profiles: dict[str, ProfileDocument]) -> None:
        written = {name: _written(_buyer(name, each)) for name, each in profiles.items()}
        head = {"default": default} if default is not None else {}
        data = _yaml({**head, "profiles": written}).encode()
        if len(data) > LARGEST_BYTES:
            raise InputError(f"{self._path} would grow over {LARGEST_BYTES // 1024} KB")
        write_durably(self._path, data)


def _buyer(name: str, document: ProfileDocument) -> Buyer:
    bill = document.bill or document
    return Buyer(profile=name, ship=document.address, bill=bill.address)


def _missing(name: str, known: _ProfilesDocument) -> ProfileMissing:
    there = ", ".join(known.profiles)
    return ProfileMissing(
        f"there is no profile {name!r}" + (f"; there are: {there}" if there else ", and no other"),
        hint=f"bookhunt profile add {name}",
    )


def _written(buyer: Buyer) -> dict[str, Any]:
    def said(address: Address) -> dict[str, Any]:
        each = {name: getattr(address, name) for name in AddressDocument.model_fields}
        return {name: value for name, value in each.items() if value is not None}

    bill = {} if buyer.bill == buyer.ship else {"bill": said(buyer.bill)}
    return said(buyer.ship) | bill


def _yaml(data: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=1000)
    return text


def _refuse_cards(node: Node, where: str = "the profile") -> None:
    """Look at every key and every text: a card's number is often put into a field made for it."""
    if isinstance(node, Scalar):
        if holds_card_number(node.text):
            raise card_number(f"{node.place.file}:{node.place.line}:{node.place.column}: {where}")
    elif isinstance(node, Mapping):
        for key, value in node.entries.items():
            place = node.keys[key]
            if holds_card_number(key):
                raise card_number(f"{place.file}:{place.line}:{place.column}: a key")
            _refuse_cards(value, key)
    else:
        for item in node.items:
            _refuse_cards(item, where)


def _without_pairs(content: bytes | str) -> bytes | str:
    """JSON writes a character beyond U+FFFF as two escapes, which YAML does not read."""
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content  # told with its place by the reader
    if not content.lstrip().startswith("{"):
        return content
    return _PAIR.sub(_character, content)


def _character(pair: re.Match[str]) -> str:
    high, low = int(pair[2], 16), int(pair[3], 16)
    return pair[1] + chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
