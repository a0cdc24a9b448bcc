"""The configuration: the file, what the environment changes about it, and where each value is from.

An absent or an empty file is a working configuration. A variable `BOOKHUNT_<SECTION>_<KEY>`, for
example `BOOKHUNT_SEARCH_DEADLINE_S`, goes before the file; one that names a section and no key of
it is a mistake like an unknown key in the file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import PrivateAttr

from bookhunt.documents import (
    Document,
    DocumentMistakes,
    Mapping,
    Place,
    read_document,
    read_file,
    validated,
)
from bookhunt.home.durable import changing, stamp_of, write_durably
from bookhunt.home.effective import Change, Origin, OriginKind, Setting, changes, settings_of
from bookhunt.home.environment import ENVIRONMENT, overridden
from bookhunt.home.paths import require_owned
from bookhunt.home.settings import LimitSettings, Settings
from bookhunt.model.errors import InputError
from bookhunt.model.money import Money

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf
    from pathlib import Path

    from bookhunt.documents import DocumentPath
    from bookhunt.home.durable import Stamp
    from bookhunt.home.paths import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingLimits:
    """The spending limits of one currency; None: no limit."""

    purchase: Money | None
    day: Money | None
    month: Money | None


class Config(Settings):
    """The settings in force, and where each of them is from.

    Built without a file (`Config()`) it is all defaults.
    """

    _document: Document | None = PrivateAttr(default=None)

    def spending_limits(self, currency: str) -> SpendingLimits:
        """The limits of any currency: its own, else 100 a purchase and 200 a day.

        Raises:
            BadMoney: ISO 4217 does not list the currency.
        """
        own = self.limits.get(currency) or LimitSettings()
        amounts = {
            name: None if (amount := getattr(own, name)) is None else Money.of(amount, currency)
            for name in ("purchase", "day", "month")
        }
        return SpendingLimits(**amounts)

    def place(self, path: DocumentPath) -> Place | None:
        """Where the value at this path was written, None where it is a default."""
        node = self._document.node(path) if self._document else None
        return node.place if node is not None else None

    def origin(self, path: DocumentPath) -> Origin:
        """Where the value at this path is from."""
        place = self.place(path)
        if place is None:
            return Origin(kind=OriginKind.DEFAULT)
        if place.file.startswith(ENVIRONMENT):
            return Origin(kind=OriginKind.ENVIRONMENT, name=place.file.removeprefix(ENVIRONMENT))
        return Origin(kind=OriginKind.FILE, name=place.file, line=place.line)

    def effective(self) -> tuple[Setting, ...]:
        """Every value in force, in the order of the manual, each with its origin."""
        return tuple(settings_of(self, self.origin))

    def changes_since(self, before: Config) -> tuple[Change, ...]:
        """What is set otherwise than before, and whether a running daemon takes it up."""
        return changes(before.effective(), self.effective())


def load_config(home: Home, environ: MappingOf[str, str] | None = None) -> Config:
    """Read the configuration of a home and what the environment (default: the process's) changes.

    Raises:
        DocumentMistakes: every mistake of the file and of the variables, each at its place.
        UnsafePath: others may write the file.
    """
    file = home.config_file
    if _exists(file):
        require_owned(file.resolve(), forbidden=0o022)
        written = read_file(file)
    else:
        nothing = Mapping(entries={}, keys={}, place=Place(str(file), 1, 1))
        written = Document(file=str(file), root=nothing)
    return _built(written, os.environ if environ is None else environ)


def read_config(content: bytes | str, *, file: str) -> Config:
    """What a text would configure together with the environment, without putting it into force.

    Raises:
        DocumentMistakes: every mistake, at its place; `file` is what mistakes call the text.
    """
    return _built(read_document(content, file=file), os.environ)


def replace_config(home: Home, content: str, *, before: Stamp | None) -> None:
    """Put a text into the place of config.yaml, durably; a link stays one, its target is replaced.

    Raises:
        InputError: somebody else changed the file since `before` (`home.durable.stamp_of`).
        UnsafePath: it cannot be written.
    """
    file = home.config_file
    target = file.resolve() if file.is_symlink() else file
    with changing(target):
        if stamp_of(file) != before:
            raise InputError(f"{file} was changed by somebody else meanwhile")
        write_durably(target, content.encode())


def _built(written: Document, environ: MappingOf[str, str]) -> Config:
    document, mistakes = overridden(written, environ)
    try:
        config = validated(document, Config)
    except DocumentMistakes as others:
        raise DocumentMistakes((*mistakes, *others.mistakes)) from None
    if mistakes:
        raise DocumentMistakes(mistakes)
    config._document = document  # noqa: SLF001 - the private part of a value that is built here
    return config


class ConfigFile:
    """The configuration as it stands on disk, for a process that runs for long."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._stamp = stamp_of(home.config_file)
        self.config = load_config(home)

    def refresh(self) -> tuple[Change, ...]:
        """Take up the file if it changed; `config` stays as it was where the new one is wrong.

        Raises:
            DocumentMistakes, UnsafePath: as `load_config`; once for each change of the file.
        """
        stamp = stamp_of(self._home.config_file)
        if stamp == self._stamp:
            return ()
        self._stamp = stamp
        before, self.config = self.config, load_config(self._home)
        return self.config.changes_since(before)


def _exists(file: Path) -> bool:
    """Whether there is a file; one that cannot be looked at is there, and reading it says why."""
    try:
        file.stat()
    except OSError as error:
        return not isinstance(error, FileNotFoundError)
    return True
