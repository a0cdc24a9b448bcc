"""Every value in force as a flat list: what `config show` prints and `config check` compares."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from bookhunt.documents.nodes import DocumentPath, path_text
from bookhunt.home.settings import LimitSettings, Restart, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


class OriginKind(StrEnum):
    """Who said a value."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    COMMAND = "command"  # `bookhunt sellers pin`, `bookhunt limits set`


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a value is from.

    As text: `default`, `FILE:LINE`, `environment NAME`, `command (FILE:LINE)` or, of what lies in
    the ledger, `command bookhunt limits set`.
    """

    kind: OriginKind
    name: str = ""  # the file's or the variable's
    line: int | None = None

    def __str__(self) -> str:
        if self.kind is OriginKind.FILE:
            return f"{self.name}:{self.line}"
        if self.kind is OriginKind.COMMAND and self.line is None:
            return f"{self.kind} {self.name}"
        if self.kind is OriginKind.COMMAND:
            return f"{self.kind} ({self.name}:{self.line})"
        return f"{self.kind} {self.name}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value in force; `value` is what JSON can hold."""

    path: DocumentPath
    value: Any
    origin: Origin
    after_restart: bool  # a running daemon does not take up a change

    @property
    def name(self) -> str:
        """The path as people write it: `search.deadline_s`."""
        return path_text(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value that is not what it was; None: it was not there, or is not any more."""

    name: str
    before: Any
    after: Any
    after_restart: bool


def settings_of(model: BaseModel, origin_of: Callable[[DocumentPath], Origin]) -> Iterator[Setting]:
    """Every value of a model, in its order: a list is one value, and so is an empty mapping."""
    for path, value, after_restart in _leaves(model, (), after_restart=False):
        yield Setting(
            path=path,
            value=_plain(value),
            origin=origin_of(path),
            after_restart=after_restart,
        )


def changes(before: Iterable[Setting], after: Iterable[Setting]) -> tuple[Change, ...]:
    """What differs, in the order of the newer ones; what is gone comes last."""
    old = {each.path: each for each in before}
    new = {each.path: each for each in after}
    found = []
    for path in dict.fromkeys((*new, *old)):
        was, now = old.get(path), new.get(path)
        if was is None or now is None or was.value != now.value:
            some = now or was
            assert some is not None
            found.append(
                Change(
                    name=some.name,
                    before=was.value if was else None,
                    after=now.value if now else None,
                    after_restart=some.after_restart,
                )
            )
    return tuple(found)


def with_limits_set(
    settings: Iterable[Setting], limits: Iterable[Mapping[str, Any]]
) -> list[Setting]:
    """The settings, and in the place of a limit the one that `bookhunt limits set` set.

    `limits` are the objects of `bookhunt limits show`: what is in force, by currency.
    """
    by_path: dict[DocumentPath, Setting] = {each.path: each for each in settings}
    command = Origin(kind=OriginKind.COMMAND, name="bookhunt limits set")
    for limit in limits:
        for name in LimitSettings.model_fields:
            path: DocumentPath = ("limits", limit["currency"], name)
            value = None if limit[name] is None else limit[name]["amount"]
            known = by_path.get(path)
            before = getattr(LimitSettings(), name) if known is None else known.value
            if not _is_same_amount(before, value):
                by_path.pop(("limits",), None)  # an empty section, which is not empty any more
                by_path[path] = Setting(path=path, value=value, origin=command, after_restart=False)
    sections = list(Settings.model_fields)
    return sorted(by_path.values(), key=lambda each: sections.index(str(each.path[0])))


def _is_same_amount(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return one is other
    return Decimal(one) == Decimal(other)


def _leaves(
    value: Any, path: DocumentPath, *, after_restart: bool
) -> Iterator[tuple[DocumentPath, Any, bool]]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            marked = any(isinstance(each, Restart) for each in field.metadata)
            yield from _leaves(
                getattr(value, name),
                (*path, field.alias or name),
                after_restart=after_restart or marked,
            )
        for name, each in (value.__pydantic_extra__ or {}).items():
            yield (*path, name), each, after_restart
    elif isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _leaves(each, (*path, key), after_restart=after_restart)
    else:
        yield path, value, after_restart


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Decimal) else value
