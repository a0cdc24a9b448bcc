"""Secrets: from the first place that has them, never shown, never in plain unless it was said."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shlex
import stat
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, NoKeyringError

from bookhunt.documents import DocumentMistakes
from bookhunt.home import secrets as module
from bookhunt.home import vaults
from bookhunt.home.paths import Home
from bookhunt.home.secrets import Secrets, variable_of
from bookhunt.home.settings import Backend, SecretSettings
from bookhunt.home.vaults import FileVault, KeyringVault
from bookhunt.model.errors import (
    BookhuntError,
    CardNumber,
    InputError,
    SecretMissing,
    SecretStoreUnavailable,
    UnsafePath,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANARY = "canary-7f3a9c"
CARD = "4242424242424242"
FILE = SecretSettings(backend=Backend.FILE)


class Ring(KeyringBackend):
    """A keyring in memory that counts what it is asked, and can be locked or in trouble."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.asked = 0
        self.trouble: Exception | None = None
        self.before_answer: Callable[[], None] = lambda: None

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        if self.trouble:
            raise self.trouble
        value = self.kept.get((service, username))
        self.before_answer()
        return value

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.trouble:
            raise self.trouble
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def ring() -> Iterator[Ring]:
    before = keyring.get_keyring()
    own = Ring()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


class Clock:
    """Monotonic time that goes only when it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def in_file(home: Home, **environ: str) -> Secrets:
    return Secrets(home, FILE, environ=environ)


def in_ring(home: Home, clock: Clock | None = None, **environ: str) -> Secrets:
    return Secrets(home, SecretSettings(), environ=environ, monotonic=clock or Clock())


def by_command(home: Home, *command: str) -> Secrets:
    settings = SecretSettings(backend=Backend.COMMAND, command=command)
    return Secrets(home, settings, environ={})


def by_script(home: Home, script: str) -> Secrets:
    return by_command(home, "/bin/sh", "-c", script, "{name}")


def test_what_is_put_is_there_until_it_is_removed(home: Home, ring: Ring) -> None:
    """In a file and in a keyring alike."""
    for secrets in (in_file(home), in_ring(home)):
        assert not secrets.has("alpha/key")
        with pytest.raises(SecretMissing):
            secrets.get("alpha/key")
        secrets.put("alpha/key", "one")
        secrets.put("alpha/key", "two")
        assert secrets.get("alpha/key") == "two"
        assert secrets.has("alpha/key")
        assert secrets.remove("alpha/key")
        assert not secrets.remove("alpha/key")
        assert not secrets.has("alpha/key")


def test_the_order_is_credentials_then_variable_then_vault(home: Home, tmp_path: Path) -> None:
    """The first place that has a secret gives it, and `source` says which that was."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    in_file(home).put("alpha/key", "from the vault")
    named = tmp_path / "named"
    named.write_text("from the variable\n")
    environ = {"CREDENTIALS_DIRECTORY": str(credentials), variable_of("alpha/key"): str(named)}
    secrets = in_file(home, **environ)
    assert secrets.get("alpha/key") == "from the variable"
    assert secrets.source("alpha/key") == "BOOKHUNT_SECRET_ALPHA_KEY_FILE"
    (credentials / "alpha.key").write_text("from systemd\n")
    assert secrets.get("alpha/key") == "from systemd"
    assert secrets.source("alpha/key") == "credentials directory"
    assert in_file(home).get("alpha/key") == "from the vault"
    assert in_file(home).source("alpha/key") == "file"
    assert in_file(home).source("alpha/other") is None


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("booktopia/api_key", "BOOKHUNT_SECRET_BOOKTOPIA_API_KEY_FILE"),
        ("pay/ada@home/a-b", "BOOKHUNT_SECRET_PAY_ADA_HOME_A_B_FILE"),
    ],
)
def test_a_secrets_variable_is_its_name_in_capitals(name: str, variable: str) -> None:
    """What is no letter or digit is written as _."""
    assert variable_of(name) == variable


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff", b"x" * (64 * 1024 + 1)])
def test_a_named_file_that_gives_nothing_is_an_error(
    home: Home, tmp_path: Path, content: bytes | None
) -> None:
    """It was named on purpose: no other place is tried instead of it."""
    in_file(home).put("alpha/key", "from the vault")
    named = tmp_path / "named"
    if content is not None:
        named.write_bytes(content)
    secrets = in_file(home, BOOKHUNT_SECRET_ALPHA_KEY_FILE=str(named))
    with pytest.raises(SecretMissing) as refused:
        secrets.get("alpha/key")
    assert refused.value.hint == "correct the BOOKHUNT_SECRET_ALPHA_KEY_FILE"


def test_only_the_last_line_end_is_cut(home: Home, tmp_path: Path) -> None:
    """Editors add one; spaces and inner lines are the secret's own."""
    named = tmp_path / "named"
    named.write_bytes(b" a\nb \r\n")
    assert in_file(home, BOOKHUNT_SECRET_A_K_FILE=str(named)).get("a/k") == " a\nb "


def test_what_the_environment_gives_is_not_changed_in_the_vault(home: Home, tmp_path: Path) -> None:
    """A login that would have no effect is refused, and says why."""
    named = tmp_path / "named"
    named.write_text("x")
    secrets = in_file(home, BOOKHUNT_SECRET_ALPHA_KEY_FILE=str(named))
    changes: list[Callable[[], object]] = [
        lambda: secrets.put("alpha/key", "y"),
        lambda: secrets.remove("alpha/key"),
    ]
    for change in changes:
        with pytest.raises(InputError, match="BOOKHUNT_SECRET_ALPHA_KEY_FILE") as refused:
            change()
        assert str(named) in str(refused.value.hint)
    assert not home.secrets_file.exists()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("alpha/key", "bookhunt sellers login alpha"),
        ("pay/home/alpha", "bookhunt sellers login alpha --profile home"),
        (
            "notify/mail",
            "bookhunt notify login mail, or a file that BOOKHUNT_SECRET_NOTIFY_MAIL_FILE names",
        ),
    ],
)
def test_a_missing_secret_names_the_next_command(home: Home, name: str, hint: str) -> None:
    """For a seller's secret, a payment token and a notification's."""
    with pytest.raises(SecretMissing) as refused:
        in_file(home).get(name)
    assert refused.value.hint == hint


@pytest.mark.parametrize("name", ["", "key", "a/b/c", "../../etc/passwd", "pay/home", CANARY])
def test_a_name_that_is_none_is_refused_everywhere(home: Home, name: str) -> None:
    """Before any file or keyring is asked, and without repeating it."""
    secrets = in_file(home, CREDENTIALS_DIRECTORY="/")
    calls: list[Callable[[], object]] = [
        lambda: secrets.get(name),
        lambda: secrets.has(name),
        lambda: secrets.put(name, "x"),
        lambda: secrets.remove(name),
    ]
    for call in calls:
        with pytest.raises(InputError) as refused:
            call()
        assert CANARY not in str(refused.value)


@pytest.mark.parametrize("value", ["", "  \n", "a\0b", "x" * (64 * 1024 + 1)])
def test_what_is_no_secret_is_not_stored(home: Home, value: str) -> None:
    """Nothing, a zero byte, more than a vault gives back."""
    with pytest.raises(InputError):
        in_file(home).put("alpha/key", value)
    assert not home.secrets_file.exists()


# ------------------------------------------------------------------------------ cards
def test_a_card_is_never_a_payment_token(home: Home, tmp_path: Path) -> None:
    """Neither stored, nor given out where somebody else stored it; other secrets may be digits."""
    secrets = in_file(home)
    with pytest.raises(CardNumber) as refused:
        secrets.put("pay/home/alpha", "4242 4242 4242 4242")
    assert "4242" not in str(refused.value)
    assert not home.secrets_file.exists()
    named = tmp_path / "named"
    named.write_text(CARD)
    given = in_file(home, BOOKHUNT_SECRET_PAY_HOME_ALPHA_FILE=str(named))
    with pytest.raises(CardNumber):
        given.get("pay/home/alpha")
    secrets.put("alpha/account", CARD)
    secrets.put("pay/home/alpha", "tok_visa")
    assert secrets.get("pay/home/alpha") == "tok_visa"


# ------------------------------------------------------------------------- the private file
def test_the_file_is_private_and_lists_its_names(home: Home) -> None:
    """Mode 0600; the names and never the values are listed."""
    secrets = in_file(home)
    secrets.put("b/k", CANARY)
    secrets.put("a/k", "x")
    assert stat.S_IMODE(home.secrets_file.stat().st_mode) == 0o600
    assert secrets.names() == ("a/k", "b/k")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660])
def test_a_file_that_others_can_reach_is_not_read(home: Home, mode: int) -> None:
    """Neither read nor written over: it has to be closed first."""
    in_file(home).put("alpha/key", CANARY)
    home.secrets_file.chmod(mode)
    calls: list[Callable[[], object]] = [
        lambda: in_file(home).get("alpha/key"),
        lambda: in_file(home).put("alpha/key", "x"),
    ]
    for call in calls:
        with pytest.raises(UnsafePath) as refused:
            call()
        assert refused.value.hint == f"chmod 600 {home.secrets_file}"


def test_a_file_written_by_hand_is_read_as_it_is(home: Home) -> None:
    """Text stays text; what another process changed is seen at once."""
    home.secrets_file.write_text('alpha/key: 0123\nbeta/key: "NO"\n')
    home.secrets_file.chmod(0o600)
    secrets = in_file(home)
    assert (secrets.get("alpha/key"), secrets.get("beta/key")) == ("0123", "NO")
    in_file(home).put("alpha/key", "new")
    assert secrets.get("alpha/key") == "new"


@pytest.mark.parametrize(
    "text",
    [f"alpha/key: *{CANARY}\n", f"alpha/key: !{CANARY} x\n", f"alpha/key: &{CANARY} x\n",
     f"alpha/key: [{CANARY}]\n", f"{CANARY}\n", f"{CANARY}: x\n", f"alpha/key: '{CANARY}\n",
     f"alpha/key: {CANARY}\n{CANARY}: {{\n", f"a/k: {{{CANARY}: x, {CANARY}: y}}\n"],
)  # fmt: skip
def test_a_mistake_in_the_file_has_a_place_and_no_secret(home: Home, text: str) -> None:
    """What is told of other documents quotes them; of this one only line and column are told."""
    home.secrets_file.write_text(text)
    home.secrets_file.chmod(0o600)
    with pytest.raises(DocumentMistakes) as refused:
        in_file(home).get("alpha/key")
    told = "".join(traceback.format_exception(refused.value))
    assert CANARY not in told.replace(text, "")
    assert all(each.line >= 1 for each in refused.value.mistakes)
    with pytest.raises(DocumentMistakes):
        in_file(home).put("alpha/key", "x")
    assert home.secrets_file.read_text() == text


def test_a_file_that_would_be_too_large_to_read_is_not_written(home: Home) -> None:
    """What is stored can always be read again."""
    secrets = in_file(home)
    for n in range(3):
        secrets.put(f"alpha/k{n}", "x" * 64 * 1024)
    with pytest.raises(InputError, match="would grow"):
        secrets.put("alpha/k4", "x" * 64 * 1024)
    assert secrets.names() == ("alpha/k0", "alpha/k1", "alpha/k2")


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40))
def test_the_file_gives_back_any_text(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    """Control characters, quotes, line ends, every script: as they were put."""
    path = tmp_path_factory.getbasetemp() / "any" / "secrets.yaml"
    path.parent.mkdir(exist_ok=True)
    vault = FileVault(path)
    vault.write("alpha/key", value)
    assert vault.read("alpha/key") == value


def test_secrets_of_threads_do_not_overwrite_each_other(home: Home) -> None:
    """Logins at once all stay."""
    secrets = in_file(home)
    threads = [threading.Thread(target=secrets.put, args=(f"alpha/k{n}", str(n))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(secrets.names() or ()) == 8


# ------------------------------------------------------------------------------ the keyring
def test_without_a_keyring_the_error_names_the_three_ways_out(home: Home, ring: Ring) -> None:
    """Nothing is written anywhere instead."""
    ring.trouble = NoKeyringError("nothing here")
    secrets = in_ring(home)
    calls: list[Callable[[], object]] = [
        lambda: secrets.get("alpha/key"),
        lambda: secrets.has("alpha/key"),
        lambda: secrets.put("alpha/key", CANARY),
        lambda: secrets.remove("alpha/key"),
    ]
    before = sorted(home.config_dir.rglob("*"))
    for call in calls:
        with pytest.raises(SecretStoreUnavailable, match="no keyring on this machine") as refused:
            call()
        for way in ("backend: file", "backend: command", "BOOKHUNT_SECRET_<NAME>_FILE"):
            assert way in str(refused.value.hint)
    assert sorted(home.config_dir.rglob("*")) == before


def test_the_systems_own_word_for_no_keyring_is_understood(home: Home, ring: Ring) -> None:
    """The library's fail backend, as a headless machine has it."""
    from keyring.backends import fail

    keyring.set_keyring(fail.Keyring())
    with pytest.raises(SecretStoreUnavailable, match="no keyring on this machine"):
        in_ring(home).get("alpha/key")


def test_a_keyring_that_protects_nothing_is_not_used(home: Home, ring: Ring) -> None:
    """One that forgets, and one that writes in plain, alone or first in a chain."""
    from keyring.backends import null

    class PlaintextKeyring(Ring):
        """As keyrings.alt has one."""

    class Chain(Ring):
        @property
        def backends(self) -> list[Any]:
            return [PlaintextKeyring()]

    for unsafe in (null.Keyring(), PlaintextKeyring(), Chain()):
        keyring.set_keyring(unsafe)
        with pytest.raises(SecretStoreUnavailable, match="does not protect"):
            in_ring(home).put("alpha/key", CANARY)


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (KeyringLocked(CANARY), "locked"),
        (RuntimeError(CANARY), r"failed \(RuntimeError\)"),
        (ValueError(CANARY), r"failed \(ValueError\)"),
    ],
)
def test_a_keyring_in_trouble_is_told_without_its_words(
    home: Home, ring: Ring, trouble: Exception, why: str
) -> None:
    """A backend's error may hold the secret: only its kind is told."""
    ring.trouble = trouble
    secrets = in_ring(home)
    for call in (lambda: secrets.get("alpha/key"), lambda: secrets.put("alpha/key", CANARY)):
        with pytest.raises(SecretStoreUnavailable, match=why) as refused:
            call()
        assert CANARY not in f"{refused.value!r}{refused.value.hint}"
        assert refused.value.__suppress_context__


def test_a_keyring_that_hangs_is_left_behind(
    home: Home, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait has an end, and while one call hangs no other is begun."""
    monkeypatch.setattr(vaults, "_KEYRING_S", 0.01)
    release = threading.Event()
    ring.before_answer = lambda: (release.wait(30), None)[1]
    secrets = in_ring(home)
    for _ in range(3):
        with pytest.raises(SecretStoreUnavailable, match="did not answer"):
            secrets.get("alpha/key")
    assert ring.asked == 1
    release.set()
    for thread in threading.enumerate():
        if thread.name == "keyring":
            thread.join()
    with pytest.raises(SecretMissing):
        secrets.get("alpha/key")


def test_each_home_has_its_own_entries(tmp_path: Path, ring: Ring) -> None:
    """A trial under BOOKHUNT_HOME never touches the secrets of every day."""
    one, other = Home.at(tmp_path / "one"), Home.at(tmp_path / "other")
    in_ring(one).put("alpha/key", "one")
    in_ring(other).put("alpha/key", "other")
    assert in_ring(one).get("alpha/key") == "one"
    daily = Home(
        root=None, config_dir=tmp_path, data_dir=tmp_path, run_dir=tmp_path, log_dir=tmp_path
    )
    KeyringVault(daily).write("alpha/key", "daily")
    assert set(ring.kept) == {
        (f"bookhunt:{one.root}", "alpha/key"),
        (f"bookhunt:{other.root}", "alpha/key"),
        ("bookhunt", "alpha/key"),
    }


def test_a_keyrings_answer_is_remembered_for_a_minute(home: Home, ring: Ring, clock: Clock) -> None:
    """What another process changed is seen then, or at once after `forget`."""
    secrets = in_ring(home, clock)
    other = in_ring(home)
    secrets.put("alpha/key", "one")
    assert [secrets.get("alpha/key") for _ in range(3)] == ["one"] * 3
    assert ring.asked == 1
    other.put("alpha/key", "two")
    clock.now += 59
    assert secrets.get("alpha/key") == "one"
    clock.now += 2
    assert secrets.get("alpha/key") == "two"
    other.put("alpha/key", "three")
    secrets.forget()
    assert secrets.get("alpha/key") == "three"


def test_what_is_missing_is_remembered_for_seconds_only(
    home: Home, ring: Ring, clock: Clock
) -> None:
    """Somebody may be logging in this very moment."""
    secrets = in_ring(home, clock)
    assert not secrets.has("alpha/key")
    in_ring(home).put("alpha/key", "one")
    assert not secrets.has("alpha/key")
    clock.now += 6
    assert secrets.has("alpha/key")


def test_what_is_changed_here_is_seen_at_once(home: Home, ring: Ring, clock: Clock) -> None:
    """Memory never outlives a put or a remove."""
    secrets = in_ring(home, clock)
    assert not secrets.has("alpha/key")
    secrets.put("alpha/key", "one")
    assert secrets.get("alpha/key") == "one"
    secrets.put("alpha/key", "two")
    assert secrets.get("alpha/key") == "two"
    secrets.remove("alpha/key")
    assert not secrets.has("alpha/key")


def test_an_answer_from_before_a_change_is_not_remembered(
    home: Home, ring: Ring, clock: Clock
) -> None:
    """A slow answer that a put overtook would else bring the old secret back for a minute."""
    secrets = in_ring(home, clock)
    secrets.put("alpha/key", "old")

    def overtaken() -> None:
        ring.before_answer = lambda: None
        secrets.put("alpha/key", "new")

    ring.before_answer = overtaken
    secrets.get("alpha/key")
    assert secrets.get("alpha/key") == "new"


def test_memory_is_bounded(
    home: Home, ring: Ring, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest answers are forgotten first."""
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    secrets = in_ring(home, clock)
    for n in range(10):
        secrets.has(f"alpha/k{n}")
    assert secrets._memory is not None
    assert list(secrets._memory._entries) == ["alpha/k7", "alpha/k8", "alpha/k9"]


async def test_secrets_are_asked_for_off_the_event_loop(home: Home, ring: Ring) -> None:
    """`asyncio.to_thread` is all a caller needs; many at once are fine."""
    secrets = in_ring(home)
    await asyncio.to_thread(secrets.put, "alpha/key", "one")
    got = await asyncio.gather(*(asyncio.to_thread(secrets.get, "alpha/key") for _ in range(8)))
    assert got == ["one"] * 8


def test_keyring_is_imported_on_first_use_only() -> None:
    """It searches the machine for backends: nobody pays for that who has no keyring."""
    code = (
        "import sys, pathlib\n"
        "from bookhunt.home.paths import Home\n"
        "from bookhunt.home.secrets import Secrets\n"
        "from bookhunt.home.settings import SecretSettings\n"
        "Secrets(Home.at(pathlib.Path('/nowhere')), SecretSettings(), environ={})\n"
        "print('keyring' in sys.modules)"
    )
    root = Path(__file__).parents[3]
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert run.stdout.strip() == "False"


# ------------------------------------------------------------------------------ the program
def test_a_program_prints_the_secret_of_a_name(home: Home) -> None:
    """One line's end is cut; the name is an argument, never a piece of a shell's line."""
    assert by_script(home, 'printf "%s\\n\\n" "of $0"').get("alpha/key") == "of alpha/key\n"
    assert by_command(home, "/bin/echo", "-n", "<{name}>").get("alpha/key") == "<alpha/key>"


def test_a_program_that_fails_or_prints_nothing_has_no_such_secret(home: Home) -> None:
    """The hint is the program itself, to be tried by hand."""
    for script in ("exit 3", "true", f"echo {CANARY}; exit 1"):
        with pytest.raises(SecretMissing) as refused:
            by_script(home, script).get("alpha/key")
        assert refused.value.hint == f"try it: {shlex.join(['/bin/sh', '-c', script, 'alpha/key'])}"
        assert CANARY not in str(refused.value)


def test_a_programs_answer_is_remembered(home: Home, tmp_path: Path) -> None:
    """It may ask a person for a password each time."""
    count = tmp_path / "count"
    secrets = by_script(home, f"echo x >> {count}; echo secret")
    assert [secrets.get("alpha/key") for _ in range(3)] == ["secret"] * 3
    assert count.read_text() == "x\n"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("/nowhere/pass", "{name}"), "cannot be started: No such file"),
        (("/bin/sh", "-c", "head -c 70000 /dev/zero; sleep 60", "{name}"), "more than 64 KB"),
        (("/bin/sh", "-c", "printf '\\377'", "{name}"), "no UTF-8 text"),
    ],
)
def test_a_program_that_cannot_be_used_is_told(
    home: Home, command: tuple[str, ...], why: str
) -> None:
    """Not there, prints without end, prints what is no text; it is ended at once."""
    with pytest.raises(SecretStoreUnavailable, match=why) as refused:
        by_command(home, *command).get("alpha/key")
    assert refused.value.hint == "correct `secrets.command`: bookhunt config edit"


def test_a_program_that_does_not_end_is_ended_with_all_it_started(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A grandchild that holds the pipe open does not hold us."""
    monkeypatch.setattr(vaults, "_COMMAND_S", 1.0)
    pid = tmp_path / "pid"
    with pytest.raises(SecretStoreUnavailable, match="did not end"):
        by_script(home, f"sleep 60 & echo $! > {pid}; wait").get("alpha/key")
    state = Path(f"/proc/{pid.read_text().strip()}/stat")
    ends_at = time.monotonic() + 20.0  # it was killed; when the system has done that is its matter
    while state.exists() and time.monotonic() < ends_at:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if state.read_text().split(") ")[1][0] in "ZX":
                return
        time.sleep(0.01)
    assert not state.exists()


def test_a_programs_secrets_are_not_written_by_bookhunt(home: Home) -> None:
    """It says who keeps them."""
    secrets = by_script(home, "echo x")
    calls: list[Callable[[], object]] = [
        lambda: secrets.put("alpha/key", "x"),
        lambda: secrets.remove("alpha/key"),
    ]
    for call in calls:
        with pytest.raises(InputError, match="only reads"):
            call()
    assert secrets.names() is None


# ------------------------------------------------------------------------------- the canary
def test_a_secret_is_never_shown(
    home: Home, ring: Ring, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In no repr, no error, no log, no traceback, whatever is called in whatever state."""
    caplog.set_level(logging.DEBUG)
    named = tmp_path / "named"
    named.write_text(CANARY)
    stores = [
        in_file(home),
        in_ring(home),
        by_script(home, f"echo {CANARY[:6]}''{CANARY[6:]}"),
        in_file(home, BOOKHUNT_SECRET_ALPHA_KEY_FILE=str(named)),
    ]
    shown = []
    for secrets in stores:
        shown += [repr(secrets), str(secrets), f"{secrets._vault!r}", f"{secrets._memory!r}"]
        calls: list[Callable[[], object]] = [
            lambda s=secrets: s.put("alpha/key", CANARY),
            lambda s=secrets: s.put("pay/home/alpha", f"{CANARY} {CARD}"),
            lambda s=secrets: s.put(CANARY, CANARY),
            lambda s=secrets: s.put("alpha/key", CANARY + "\0"),
            lambda s=secrets: s.source("alpha/key"),
            lambda s=secrets: s.names(),
            lambda s=secrets: s.remove("alpha/key"),
            lambda s=secrets: len(s.get("alpha/none")),
        ]
        for call in calls:
            try:
                shown.append(repr(call()))
            except BookhuntError as error:
                shown += [f"{error!r} {error.message} {error.hint} {error.__dict__}"]
                shown += [str(error.__cause__)]
    assert CANARY not in "".join(shown)
    assert CANARY not in caplog.text


def test_what_a_file_said_is_read_once_for_many_names(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred sellers need four hundred secrets at once; a change counts at the next look."""
    parsed = []

    def counted(self: FileVault, content: bytes) -> dict[str, str]:
        parsed.append(content)
        return parse(self, content)

    parse = FileVault._parsed
    monkeypatch.setattr(FileVault, "_parsed", counted)
    now = [100.0]
    vault = FileVault(home.secrets_file, monotonic=lambda: now[0])
    vault.write("shop/key", "first")
    parsed.clear()
    assert [vault.read("shop/key") for _ in range(50)] == ["first"] * 50
    assert len(parsed) == 1
    vault.write("shop/key", "second")
    assert vault.read("shop/key") == "second"
    parsed.clear()
    now[0] += 60.0
    assert vault.read("shop/key") == "second"
    assert len(parsed) == 1, "it is not kept in memory for long"
