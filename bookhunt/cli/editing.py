"""Editing a text in the person's own editor: checked before it counts, and never lost.

The text lies in a private folder of the home while it is edited: it may be an address. What cannot
be used is told and may be edited again; what is given up stays where it was typed, and the error
says where. Only what holds the number of a payment card is not kept.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bookhunt.model.errors import BookhuntError, CardNumber, InputError, SetupMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bookhunt.cli.output import Terminal
    from bookhunt.home.paths import Home

_LARGEST_BYTES = 256 * 1024
_USUAL_EDITORS = ("sensible-editor", "nano", "vim", "vi")


def edit(
    terminal: Terminal,
    home: Home,
    text: str,
    *,
    name: str,
    use: Callable[[str, Path], None],
) -> bool:
    """Let a person change a text, and `use` it; whether it was changed.

    `use` gets the text and the file it was typed into, and raises a `BookhuntError` for one that
    cannot be used. `name` begins the file's name.

    Raises:
        BookhuntError: as `use`, or the editor failed; the hint says where the text is kept.
        InputError: nobody can be asked to edit. SetupMissing: there is no editor.
    """
    command = _editor(terminal)
    file = _written(home, text, name)
    while True:
        try:
            _run(command, file)
            typed = _read(file)
            if typed == text:
                file.unlink()
                return False
            use(typed, file)
        except BookhuntError as error:
            if _goes_on(terminal, error):
                continue
            _tell_where(error, file, text)
            raise
        file.unlink(missing_ok=True)
        return True


def _editor(terminal: Terminal) -> list[str]:
    """The command line of the editor: `$VISUAL`, `$EDITOR`, else one that is there."""
    for variable in ("VISUAL", "EDITOR"):
        named = os.environ.get(variable, "").strip()
        if not named:
            continue
        try:
            return shlex.split(named)
        except ValueError as error:
            raise InputError(f"{variable} cannot be read: {error}") from None
    if not terminal.may_ask() or not sys.stdout.isatty():
        raise InputError(
            "an editor needs a terminal", hint="export EDITOR=nano, or run it on a terminal"
        )
    for usual in _USUAL_EDITORS:
        if shutil.which(usual):
            return [usual]
    raise SetupMissing("there is no editor", hint="export EDITOR=/path/to/your/editor")


def _written(home: Home, text: str, name: str) -> Path:
    home.prepare()
    folder = home.data_dir / "edits"
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor, path = tempfile.mkstemp(prefix=f"{name}-", suffix=".yaml", dir=folder)  # mode 0600
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return Path(path)


def _run(command: list[str], file: Path) -> None:
    try:
        with _interrupts_left_to_the_editor():
            code = subprocess.call([*command, str(file)])  # noqa: S603 - the person's own editor
    except OSError as error:
        raise InputError(
            f"the editor {command[0]} cannot be started: {error.strerror}",
            hint="export EDITOR=nano",
        ) from None
    if code != 0:
        raise BookhuntError(f"the editor {command[0]} ended with {code}")


@contextlib.contextmanager
def _interrupts_left_to_the_editor() -> Iterator[None]:
    """Ctrl-C in an editor is the editor's, as git does it.

    It is caught and not ignored: what is ignored stays so in the program that is started.
    """
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST_BYTES:
        raise InputError(f"{file} has more than {_LARGEST_BYTES // 1024} KB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8") from error


def _goes_on(terminal: Terminal, error: BookhuntError) -> bool:
    """Whether a person wants to correct it."""
    if not terminal.may_ask():
        return False
    terminal.error(error)
    sys.stderr.write("Edit again? [Y/n] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    return bool(answer) and answer.strip().lower() in {"", "y", "yes"}


def _tell_where(error: BookhuntError, file: Path, text: str) -> None:
    """Say where the text is kept; keep none that is as it was, and no card's number."""
    if isinstance(error, CardNumber):
        file.unlink(missing_ok=True)
        error.hint = "nothing was changed, and what you typed is not kept: a card's number never is"
        return
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if file.read_text("utf-8") == text:
            file.unlink()
            error.hint = error.hint or "nothing was changed"
            return
    error.hint = f"nothing was changed; what you typed is kept in {file}"
