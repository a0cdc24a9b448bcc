"""The files of a folder of definitions."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDING = ".yaml"
_MOST_FILES = 2000  # of one folder; more is a folder that was named by mistake


class Origin(StrEnum):
    """Whose a definition is."""

    USER = "user"
    SHIPPED = "shipped"
    DEMO = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionFile:
    """A file, and what changes when it does."""

    id: str
    path: Path
    origin: Origin
    stamp: tuple[int, int, int]  # modified (ns), size, inode

    @classmethod
    def at(cls, path: Path, origin: Origin) -> DefinitionFile:
        """The file at this path, whatever its ending; one that is not there has a stamp of its own.

        Reading it then says that it is not there.
        """
        try:
            found = path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        except OSError:
            stamp = (0, 0, 0)
        return cls(id=path.stem, path=path, origin=origin, stamp=stamp)


def files_in(folder: Path, origin: Origin) -> Iterator[DefinitionFile]:
    """The definitions of a folder by name; none where it is not there or cannot be looked into."""
    try:
        with os.scandir(folder) as entries:
            named = [each for each in entries if _is_definition(each.name)]
    except OSError:
        return
    for entry in sorted(named, key=lambda each: each.name)[:_MOST_FILES]:
        try:
            found = entry.stat()
        except OSError:
            continue  # it went between the two looks
        yield DefinitionFile(
            id=entry.name.removesuffix(_ENDING),
            path=folder / entry.name,
            origin=origin,
            stamp=(found.st_mtime_ns, found.st_size, found.st_ino),
        )


def _is_definition(name: str) -> bool:
    return name.endswith(_ENDING) and not name.startswith(".")


def shipped_folder() -> Path:
    """Where the shipped definitions lie: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "shipped" / "sellers.d"
    return installed if installed.is_dir() else package.parent / "sellers.d"
