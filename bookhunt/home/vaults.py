"""Where secrets are kept: the desktop's keyring, a private file, or a program that prints them.

Each vault blocks (a keyring may ask a person for its password) and none of them repeats a secret
in an error.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import yaml

from bookhunt.documents import DocumentMistakes, Mistake, Scalar, read_document
from bookhunt.documents.reading import LARGEST_BYTES
from bookhunt.home.durable import changing, read_private, write_durably
from bookhunt.home.names import require_secret_name
from bookhunt.home.settings import Backend, SecretSettings
from bookhunt.model.errors import BookhuntError, InputError, SecretStoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bookhunt.home.paths import Home

LONGEST_SECRET = 64 * 1024  # bytes; a private key of 4096 bits has 3,300
_KEYRING_S = 120.0  # a person may have to type the keyring's password
_COMMAND_S = 30.0
_REMEMBERED_S = 5.0  # what a file said, as long as it says the same

T = TypeVar("T")


class Vault(Protocol):
    """One place that keeps secrets; every method blocks.

    Raises:
        SecretStoreUnavailable: the place cannot be opened.
        InputError: the place cannot be written by bookhunt.
    """

    title: str  # what people call it

    def read(self, name: str) -> str | None:
        """The secret of that name, None: it is not there."""
        ...

    def write(self, name: str, value: str) -> None:
        """Keep a secret, in the place of an older one."""
        ...

    def delete(self, name: str) -> bool:
        """Forget a secret; whether there was one."""
        ...

    def names(self) -> tuple[str, ...] | None:
        """The names of all that is kept; None: this place cannot list them."""
        ...

    def storing(self, name: str) -> str | None:
        """What to type to see why a secret is not here; None: bookhunt itself can store it."""
        ...


def vault_of(home: Home, settings: SecretSettings) -> Vault:
    """The vault that the configuration names; nothing is opened yet."""
    if settings.backend is Backend.FILE:
        return FileVault(home.secrets_file)
    if settings.backend is Backend.COMMAND:
        return CommandVault(settings.command)
    return KeyringVault(home)


class KeyringVault:
    """The keyring of the desktop, imported on first use.

    A home under BOOKHUNT_HOME has entries of its own there (service `bookhunt:FOLDER`), so that a
    trial never touches the secrets of every day (service `bookhunt`).
    """

    title = "keyring"

    def __init__(self, home: Home) -> None:
        self._home = home
        self._service = f"bookhunt:{home.root}" if home.root else "bookhunt"
        self._patience = _Patience(_KEYRING_S)

    def read(self, name: str) -> str | None:
        """The secret of that name, None: it is not there."""
        value = self._ask(lambda ring: ring.get_password(self._service, name))
        return None if value is None else str(value)

    def write(self, name: str, value: str) -> None:
        """Keep a secret, in the place of an older one."""
        self._ask(lambda ring: ring.set_password(self._service, name, value))

    def delete(self, name: str) -> bool:
        """Forget a secret; whether there was one."""
        if self.read(name) is None:
            return False
        self._ask(lambda ring: ring.delete_password(self._service, name))
        return True

    def names(self) -> None:
        """Nobody can list what is kept there."""

    def storing(self, name: str) -> None:
        """Nothing: `bookhunt sellers login` stores it."""

    def _ask(self, question: Callable[[Any], T]) -> T:
        from keyring.errors import KeyringLocked, NoKeyringError

        try:
            return self._patience.wait_for(lambda: question(self._keyring()))
        except BookhuntError:
            raise
        except NoKeyringError:
            why = "there is no keyring on this machine"
        except KeyringLocked:
            why = "the keyring is locked"
        except TimeoutError:
            why = f"the keyring did not answer within {_KEYRING_S:.0f} s"
        except Exception as error:  # noqa: BLE001 - backends raise the errors of their own libraries
            # What a backend puts into its error may hold the secret: the kind of it is enough.
            why = f"the keyring failed ({type(error).__name__})"
        raise SecretStoreUnavailable(why, hint=_ways_out(self._home)) from None

    def _keyring(self) -> Any:
        """The keyring in use; never one that keeps secrets in plain, or not at all."""
        import keyring

        ring = keyring.get_keyring()
        for each in (ring, *getattr(ring, "backends", ())[:1]):
            where = f"{type(each).__module__}.{type(each).__qualname__}"
            if "plaintext" in where.lower() or where.startswith("keyring.backends.null"):
                raise SecretStoreUnavailable(
                    f"the keyring in use ({where}) does not protect what it keeps",
                    hint=_ways_out(self._home),
                )
        return ring


def _ways_out(home: Home) -> str:
    return (
        f"one of: `secrets: {{backend: file}}` in {home.config_file} (kept in {home.secrets_file}, "
        "readable by you only); `secrets: {backend: command, command: [pass, show, "
        '"bookhunt/{name}"]}` there; or a file of its own for each secret, named by '
        "BOOKHUNT_SECRET_<NAME>_FILE or given by systemd's LoadCredential="
    )


class _Patience:
    """Waits so long for a call and no longer; after one that hangs no other is begun."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._hanging: threading.Thread | None = None

    def wait_for(self, call: Callable[[], T]) -> T:
        """The call's result, or its error, or TimeoutError."""
        if self._hanging is not None and self._hanging.is_alive():
            raise TimeoutError
        outcome: list[T] = []
        failure: list[BaseException] = []

        def run() -> None:
            try:
                outcome.append(call())
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                failure.append(error)

        # A daemon thread: one that hangs must not keep the process from ending.
        thread = threading.Thread(target=run, name="keyring", daemon=True)
        thread.start()
        thread.join(self._seconds)
        if failure:
            raise failure[0]
        if not outcome:
            self._hanging = thread
            raise TimeoutError
        return outcome[0]


class FileVault:
    """`secrets.yaml`: names and texts, mode 0600, its owner's. Comments do not survive a change.

    A daemon that needs the secrets of two hundred sellers asks for each of them in turn, so what
    the file said is remembered for a moment: for as long as the same bytes stand in it.
    """

    title = "file"

    def __init__(self, path: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._monotonic = monotonic
        self._read: tuple[float, bytes, dict[str, str]] = (0.0, b"", {})  # until when; its bytes

    def read(self, name: str) -> str | None:
        """The secret of that name, None: it is not there."""
        return self._all().get(name)

    def write(self, name: str, value: str) -> None:
        """Keep a secret, in the place of an older one."""
        with changing(self._path):
            self._replace(self._all() | {name: value})

    def delete(self, name: str) -> bool:
        """Forget a secret; whether there was one."""
        with changing(self._path):
            kept = self._all()
            if name not in kept:
                return False
            del kept[name]
            self._replace(kept)
            return True

    def names(self) -> tuple[str, ...]:
        """The names of all that is kept."""
        return tuple(sorted(self._all()))

    def storing(self, name: str) -> None:
        """Nothing: `bookhunt sellers login` stores it."""

    def _replace(self, kept: dict[str, str]) -> None:
        text = yaml.safe_dump(
            kept, allow_unicode=True, default_style='"', width=LARGEST_BYTES, sort_keys=True
        )
        data = text.encode() if kept else b""
        if len(data) > LARGEST_BYTES:
            raise InputError(f"{self._path} would grow over {LARGEST_BYTES // 1024} KB")
        write_durably(self._path, data)

    def _all(self) -> dict[str, str]:
        content = read_private(self._path, most=LARGEST_BYTES + 1)
        if content is None:
            return {}
        until_s, known, kept = self._read
        if content == known and self._monotonic() < until_s:
            return dict(kept)
        kept = self._parsed(content)
        self._read = (self._monotonic() + _REMEMBERED_S, content, kept)
        return dict(kept)

    def _parsed(self, content: bytes) -> dict[str, str]:
        try:
            root = read_document(content, file=str(self._path)).root
        except DocumentMistakes as wrong:
            # What is told of a document quotes it: here only the places are told.
            raise DocumentMistakes(
                self._mistake(each.line, each.column, "cannot be read") for each in wrong.mistakes
            ) from None
        kept: dict[str, str] = {}
        mistakes: list[Mistake] = []
        for name, node in root.entries.items():
            key = root.keys[name]
            try:
                require_secret_name(name)
            except InputError as wrong_name:
                mistakes.append(
                    self._mistake(key.line, key.column, wrong_name.message, wrong_name.hint)
                )
                continue
            if isinstance(node, Scalar):
                kept[name] = node.text
            else:
                place = node.place
                mistakes.append(
                    self._mistake(place.line, place.column, "a secret should be a text")
                )
        if mistakes:
            raise DocumentMistakes(mistakes)
        return kept

    def _mistake(self, line: int, column: int, message: str, hint: str | None = None) -> Mistake:
        hint = hint or 'each line is `NAME: "VALUE"`'
        return Mistake(
            file=str(self._path), line=line, column=column, path="", message=message, hint=hint
        )


class CommandVault:
    """A program that prints the secret whose name it is given; bookhunt cannot write there.

    It is started without a shell. It should end with 0 and print the secret, or end with another
    number where there is none; what it writes to stderr is not read: secrets were seen there.
    """

    title = "command"

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)

    def read(self, name: str) -> str | None:
        """What the program prints, without the last line's end; None where it ends with a fault."""
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own program, from their own file
                self._argv(name),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                process_group=0,
            )
        except OSError as error:
            raise self._unavailable(f"cannot be started: {error.strerror}") from None
        with process:
            try:
                printed = self._printed(process)
            finally:
                _end(process)
        if process.returncode != 0:
            return None
        try:
            return printed.decode().removesuffix("\n").removesuffix("\r") or None
        except UnicodeDecodeError:
            raise self._unavailable("printed what is no UTF-8 text") from None

    def _printed(self, process: subprocess.Popen[bytes]) -> bytes:
        """All it prints until it ends; neither too much nor for too long."""
        assert process.stdout is not None
        gives_up_at = time.monotonic() + _COMMAND_S
        printed = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while selector.select(max(0.0, gives_up_at - time.monotonic())):
                more = os.read(process.stdout.fileno(), LONGEST_SECRET)
                printed += more
                if len(printed) > LONGEST_SECRET:
                    raise self._unavailable(f"printed more than {LONGEST_SECRET // 1024} KB")
                if not more and _ended(process, gives_up_at):
                    return printed
                if not more:
                    break
        raise self._unavailable(f"did not end within {_COMMAND_S:.0f} s")

    def _argv(self, name: str) -> list[str]:
        return [each.replace("{name}", name) for each in self._command]

    def write(self, name: str, value: str) -> None:  # noqa: ARG002 - it is never written
        """Refuse: bookhunt only reads there."""
        raise InputError(
            f"{name} is kept by the program `{self._command[0]}`, which bookhunt only reads",
            hint="store it there with that program's own means",
        )

    def delete(self, name: str) -> bool:
        """Refuse: bookhunt only reads there."""
        raise InputError(
            f"{name} is kept by the program `{self._command[0]}`, which bookhunt only reads",
            hint="remove it there with that program's own means",
        )

    def names(self) -> None:
        """Nobody can list what is kept there."""

    def storing(self, name: str) -> str:
        """The program as it is started for that secret."""
        return shlex.join(self._argv(name))

    def _unavailable(self, why: str) -> SecretStoreUnavailable:
        return SecretStoreUnavailable(
            f"the secrets' program `{self._command[0]}` {why}",
            hint="correct `secrets.command`: bookhunt config edit",
        )


def _ended(process: subprocess.Popen[bytes], gives_up_at: float) -> bool:
    try:
        process.wait(max(0.0, gives_up_at - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program that still runs, and what it started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
