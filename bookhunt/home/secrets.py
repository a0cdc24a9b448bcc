"""Secrets by name, from the first place that has them; their values are shown to nobody.

The order: the process's credentials directory (systemd's CREDENTIALS_DIRECTORY, `/` in a name
written as `.`), a file named by `BOOKHUNT_SECRET_<NAME>_FILE` (what is no letter or digit written
as `_`), then the vault that the configuration names. Nothing is ever kept in plain unless the
configuration says so.

Every call may block: a keyring asks a person for its password, a program is started. On an event
loop use `await asyncio.to_thread(secrets.get, name)`; all methods may be called from any thread.
What a slow vault said is remembered for a minute, and forgotten when it is changed here.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from bookhunt.home.cards import card_number, holds_card_number
from bookhunt.home.names import is_payment_secret, require_secret_name
from bookhunt.home.vaults import LONGEST_SECRET, FileVault, vault_of
from bookhunt.model.errors import InputError, SecretMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bookhunt.home.paths import Home
    from bookhunt.home.settings import SecretSettings

_REMEMBERED = 512  # secrets: two for each of 200 sellers, and some
_REMEMBERED_S = 60.0
_MISSED_S = 5.0  # what was not there may be stored by another process any moment


class Secrets:
    """The secrets of one home."""

    def __init__(
        self,
        home: Home,
        settings: SecretSettings,
        *,
        environ: Mapping[str, str] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vault = vault_of(home, settings)
        self._environ = os.environ if environ is None else environ
        self._memory = None if isinstance(self._vault, FileVault) else _Memory(monotonic)

    def __repr__(self) -> str:
        return f"Secrets({self._vault.title})"

    def get(self, name: str) -> str:
        """The secret of that name.

        Raises:
            SecretMissing: it is stored nowhere, or the file that should hold it cannot be read.
            SecretStoreUnavailable: the vault cannot be opened.
            CardNumber: a card's number stands where a payment token should.
            InputError: no secret can have that name.
        """
        require_secret_name(name)
        value = self._given(name)
        if value is None:
            value = self._kept(name)
        if value is None:
            raise _missing(name, self._vault.storing(name))
        if is_payment_secret(name) and holds_card_number(value):
            raise card_number(f"the secret {name}")
        return value

    def has(self, name: str) -> bool:
        """Whether the secret is stored anywhere.

        Raises:
            SecretStoreUnavailable: nobody can say, since the vault cannot be opened.
        """
        return self.source(name) is not None

    def source(self, name: str) -> str | None:
        """Where the secret is from: `credentials directory`, a variable's name, or the vault's."""
        require_secret_name(name)
        if (given := self._source_given(name)) is not None:
            return given[0]
        return self._vault.title if self._kept(name) is not None else None

    def put(self, name: str, value: str) -> None:
        """Keep a secret in the vault, in the place of an older one.

        Raises:
            CardNumber: a card's number is given as a payment token; nothing is stored.
            InputError: it is empty or too long, the vault is only read, or the secret is given by
                the environment, which would go before what is stored.
            SecretStoreUnavailable: the vault cannot be opened; nothing is stored.
        """
        require_secret_name(name)
        if (
            not value.strip()
            or "\0" in value
            or len(value.encode(errors="replace")) > LONGEST_SECRET
        ):
            raise InputError(f"{name} should be a text of at most {LONGEST_SECRET // 1024} KB")
        if is_payment_secret(name) and holds_card_number(value):
            raise card_number(f"the secret {name}")
        self._refuse_if_given(name)
        try:
            self._vault.write(name, value)
        finally:
            self.forget(name)

    def remove(self, name: str) -> bool:
        """Forget a secret; whether there was one.

        Raises:
            InputError: the vault is only read, or the secret is given by the environment.
            SecretStoreUnavailable: the vault cannot be opened.
        """
        require_secret_name(name)
        self._refuse_if_given(name)
        try:
            return self._vault.delete(name)
        finally:
            self.forget(name)

    def names(self) -> tuple[str, ...] | None:
        """The names kept in the vault; None: this vault cannot list them."""
        return self._vault.names()

    def forget(self, name: str | None = None) -> None:
        """Ask the vault again for this secret (None: for all): another process changed it."""
        if self._memory is not None:
            self._memory.forget(name)

    def _kept(self, name: str) -> str | None:
        if self._memory is None:
            return self._vault.read(name)
        known, value, age = self._memory.recall(name)
        if not known:
            value = self._vault.read(name)
            self._memory.keep(name, value, age)
        return value

    def _given(self, name: str) -> str | None:
        """What the process was started with."""
        given = self._source_given(name)
        return None if given is None else _read_given(name, *given)

    def _source_given(self, name: str) -> tuple[str, Path] | None:
        directory = self._environ.get("CREDENTIALS_DIRECTORY")
        if directory:
            file = Path(directory) / name.replace("/", ".")
            if file.exists():
                return "credentials directory", file
        variable = variable_of(name)
        path = self._environ.get(variable)
        return (variable, Path(path)) if path else None

    def _refuse_if_given(self, name: str) -> None:
        given = self._source_given(name)
        if given is not None:
            raise InputError(
                f"{name} is given by the {given[0]}, which goes before what is stored",
                hint=f"change {given[1]}, or start bookhunt without it",
            )


def variable_of(name: str) -> str:
    """The variable that may name a secret's file."""
    return f"BOOKHUNT_SECRET_{re.sub('[^A-Za-z0-9]', '_', name).upper()}_FILE"


def _read_given(name: str, source: str, file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(LONGEST_SECRET + 1)
    except OSError as error:
        raise SecretMissing(
            f"{name} should be in {file}, which cannot be read: {error.strerror}",
            hint=f"correct the {source}",
        ) from None
    try:
        value = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        value = ""
    if not value or len(content) > LONGEST_SECRET:
        raise SecretMissing(
            f"{file} holds no text of at most {LONGEST_SECRET // 1024} KB for {name}",
            hint=f"correct the {source}",
        )
    return value


def _missing(name: str, storing: str | None) -> SecretMissing:
    if storing is not None:
        message = f"the secret {name} is given nowhere, and its program has none"
        return SecretMissing(message, hint=f"try it: {storing}")
    first, *rest = name.split("/")
    if is_payment_secret(name):
        hint = f"bookhunt sellers login {rest[1]} --profile {rest[0]}"
    elif first == "notify":
        hint = f"bookhunt notify login {rest[0]}, or a file that {variable_of(name)} names"
    else:
        hint = f"bookhunt sellers login {first}"
    return SecretMissing(f"the secret {name} is stored nowhere", hint=hint)


class _Memory:
    """What a slow vault said a moment ago, bounded; a change here is seen at once."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, tuple[float, str | None]] = OrderedDict()
        self._age = 0  # grows with every change: an answer from before it is not kept

    def recall(self, name: str) -> tuple[bool, str | None, int]:
        """Whether it is remembered, what, and the age to `keep` an answer with."""
        with self._lock:
            until, value = self._entries.get(name, (0.0, None))
            known = name in self._entries and self._monotonic() < until
            return known, value if known else None, self._age

    def keep(self, name: str, value: str | None, age: int) -> None:
        """Remember an answer, unless something changed since it was asked for."""
        with self._lock:
            if age != self._age:
                return
            lasts_s = _MISSED_S if value is None else _REMEMBERED_S
            self._entries[name] = (self._monotonic() + lasts_s, value)
            self._entries.move_to_end(name)
            while len(self._entries) > _REMEMBERED:
                self._entries.popitem(last=False)

    def forget(self, name: str | None) -> None:
        """Forget one answer, or all of them."""
        with self._lock:
            self._age += 1
            if name is None:
                self._entries.clear()
            else:
                self._entries.pop(name, None)
