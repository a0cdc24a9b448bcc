"""What the user set about sellers by command: `data/sellers.yaml`, changed whole, durable.

    sellers:
      amberside: {tier: 1}
      brightwater: {enabled: false}
      mossbridge: {trust: blocked}

It is written by `bookhunt sellers pin | enable | disable | block` and goes before `config.yaml` and
the definitions, both of which belong to whoever edits them. A file that cannot be read is never
passed over: somebody may be blocked in it.
"""

from __future__ import annotations

import threading
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import yaml
from pydantic import AfterValidator, Field

from bookhunt.documents import Closed, Document, Misfit, Nullable, Truth, read_document, validated
from bookhunt.documents.reading import LARGEST_BYTES
from bookhunt.home.durable import changing, read_private, stamp_of, write_durably
from bookhunt.home.effective import Origin, OriginKind, Setting
from bookhunt.home.names import require_seller_id
from bookhunt.model.errors import BookhuntError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from bookhunt.home.durable import Stamp
    from bookhunt.home.paths import Home

_HEAD = "# Written by `bookhunt sellers pin | enable | disable | block`.\n"


def _seller_id(text: str) -> str:
    try:
        require_seller_id(text)
    except InputError as error:
        raise Misfit(error.message, hint=error.hint) from None
    return text


class Switch(StrEnum):
    """What a command makes of a seller."""

    ENABLED = "enable"  # asked, whatever the configuration and its definition say
    DISABLED = "disable"  # not asked, unless a request names it
    BLOCKED = "block"  # not even asked where a request names it


class SellerOverride(Closed):
    """What is set about one seller; None: as the configuration and the definition say."""

    tier: Nullable[Annotated[int, Field(ge=1, le=3)]] = None
    trust: Nullable[Literal["normal", "blocked"]] = None
    enabled: Nullable[Truth] = None


NOTHING_SET = SellerOverride()


class _OverridesDocument(Closed):
    sellers: dict[Annotated[str, AfterValidator(_seller_id)], SellerOverride] = Field(
        default_factory=dict
    )


class SellerOverrides:
    """The file. `current`, `of` and `wrong` cost nothing; everything else blocks on the disk."""

    def __init__(self, home: Home) -> None:
        """Read the file.

        Raises:
            DocumentMistakes, UnsafePath: it cannot be read, and why.
        """
        self._path = home.overrides_file
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._document: Document | None = None
        self.current: Mapping[str, SellerOverride] = {}
        self.wrong: str | None = None  # why the file as it is now is not in force
        self._read()

    def of(self, seller_id: str) -> SellerOverride:
        """What is set about one seller."""
        return self.current.get(seller_id, NOTHING_SET)

    def refresh(self) -> bool:
        """Take up the file if it changed; what was in force stays where it cannot be read.

        Raises:
            DocumentMistakes, UnsafePath: as the first reading; once for each change of the file.
        """
        before = self.current
        self._read()
        return self.current != before

    def change(
        self, seller_id: str, change: Callable[[SellerOverride], SellerOverride]
    ) -> SellerOverride:
        """Set something else about a seller; durable when this returns.

        Raises:
            DocumentMistakes, UnsafePath: the file cannot be read; it stays as it is.
        """
        with changing(self._path):
            if self.wrong is not None:
                self._stamp = None  # what cannot be read is not overwritten, however often
            self._read()
            changed = change(self.of(seller_id))
            self._write({**self.current, seller_id: changed})
        return changed

    def effective(self) -> Iterator[Setting]:
        """Every value that is set, as `config show` prints it."""
        for seller_id, override in self.current.items():
            for name in type(override).model_fields:
                value = getattr(override, name)
                if value is None:
                    continue
                path = ("sellers", seller_id, name)
                line = self._document.place(path).line if self._document is not None else None
                origin = Origin(kind=OriginKind.COMMAND, name=str(self._path), line=line)
                yield Setting(path=path, value=value, origin=origin, after_restart=False)

    def _read(self) -> None:
        with self._lock:
            stamp = stamp_of(self._path)
            if stamp == self._stamp and self._document is not None:
                return
            # Stamped before it is read: what changes meanwhile is read again the next time.
            self._stamp = stamp
            try:
                content = read_private(self._path, most=LARGEST_BYTES + 1)
                document = read_document(content or b"", file=str(self._path))
                self.current = validated(document, _OverridesDocument).sellers
            except BookhuntError as error:
                self.wrong = error.message
                raise
            self._document, self.wrong = document, None

    def _write(self, overrides: Mapping[str, SellerOverride]) -> None:
        said = {
            seller_id: override.model_dump(exclude_none=True)
            for seller_id, override in sorted(overrides.items())
            if override != NOTHING_SET
        }
        text = _HEAD + yaml.safe_dump({"sellers": said}, sort_keys=False, allow_unicode=True)
        write_durably(self._path, text.encode())
        self._read()


def overridden(settings: Iterable[Setting], overrides: SellerOverrides) -> list[Setting]:
    """The settings in force where those by command go before the others."""
    by_command = {each.path: each for each in overrides.effective()}
    kept = [by_command.pop(each.path, each) for each in settings]
    return [*kept, *by_command.values()]
