"""`doctor`: each thing that can be wrong is found and names what to type; a bundle tells nobody's.

The canary is a word that stands in every place where something private can stand.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import stat
import zipfile
from typing import TYPE_CHECKING, Any

import keyring
import pytest
from keyring.backends import fail

from bookhunt.cli import checks_daemon, checks_home
from bookhunt.cli.doctor import doctor
from bookhunt.cli.findings import Level, error, exit_code_of, ok, warning
from bookhunt.cli.output import Terminal
from bookhunt.cli.spool import spooled_key
from bookhunt.cli.units import systemd_units
from bookhunt.daemon.clock import SystemClock
from bookhunt.home.config import load_config
from bookhunt.home.profiles import Profiles
from bookhunt.home.secrets import Secrets
from bookhunt.model.errors import InputError
from bookhunt.store.ledger import SqliteLedger
from bookhunt.store.records import SqliteRecords
from bookhunt.wire import contract
from tests.support.builders import a_book, usd
from tests.support.ledger_steps import a_manual, a_pending, an_unknown
from tests.support.running_daemon import CONFIGURATION, Running, a_daemon, a_home, call, serving
from tests.support.scripted_sellers import a_seller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from bookhunt.home.paths import Home

CANARY = "kanarienvogel"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = a_home(tmp_path / "home")
    monkeypatch.setenv("BOOKHUNT_HOME", str(home.root))
    return home


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Running]:
    ledger = await SqliteLedger.open(home.ledger_file, clock=SystemClock(), free_space_floor=0)
    daemon = a_daemon(home, ledger=ledger, records=SqliteRecords(ledger))
    async with serving(daemon, hunting=False) as running:
        running.sellers.add(a_seller("alpha"))
        yield running
    await ledger.close()


def examine(capsys: pytest.CaptureFixture[str], **how: Any) -> tuple[int, list[dict[str, Any]]]:
    capsys.readouterr()
    code = doctor(Terminal(json=True), **how)
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def levels(told: list[dict[str, Any]]) -> dict[str, str]:
    """The worst level of each check."""
    order = [level.value for level in Level]
    worst: dict[str, str] = {}
    for each in told:
        before = worst.get(each["check"], "ok")
        worst[each["check"]] = max(before, each["level"], key=order.index)
    return worst


def found(told: list[dict[str, Any]], check: str) -> list[tuple[str, str, str | None]]:
    return [(f["level"], f["found"], f["hint"]) for f in told if f["check"] == check]


def test_where_nothing_was_ever_set_up_it_says_what_to_begin_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 4, nothing is made, no daemon is started, and every error has a next step."""
    monkeypatch.setenv("BOOKHUNT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BOOKHUNT_SECRETS_BACKEND", "file")
    code, told = examine(capsys)
    assert code == 4
    assert not (tmp_path / "home").exists()
    assert levels(told)["profile"] == "error"
    [(_, _, hint)] = [each for each in found(told, "profile") if each[0] == "error"]
    assert hint == "bookhunt profile add home"
    assert all(each["hint"] for each in told if each["level"] == "error")


async def test_a_home_in_order_has_no_error(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = await call(examine, capsys)
    assert code == 0, told
    assert set(levels(told).values()) == {"ok"}, told
    assert {"program", "home", "disk", "clock", "config", "secrets", "profile", "daemon"} < {
        each["check"] for each in told
    }


def open_to_others(home: Home) -> None:
    home.data_dir.chmod(0o755)


def ledger_open_to_others(home: Home) -> None:
    home.ledger_file.touch(0o644)
    home.ledger_file.chmod(0o644)


def wrong_configuration(home: Home) -> None:
    home.config_file.write_text("serach: {}\n")


def wrong_profiles(home: Home) -> None:
    home.profiles_file.write_text("profiles: [x]\n")


def no_profile(home: Home) -> None:
    Profiles(home).remove("home")


def another_default(home: Home) -> None:
    Profiles(home).add("office", an_address())
    Profiles(home).set_default("office")
    text = home.profiles_file.read_text().replace("default: office", "default: gone")
    home.profiles_file.write_text(text)


def an_address() -> str:
    return "{name: Jane, street: 1 A, city: B, postcode: C1, country: GB}"


def damaged_ledger(home: Home) -> None:
    home.ledger_file.write_bytes(b"no database" * 999)
    home.ledger_file.chmod(0o600)


def no_program(home: Home) -> None:
    home.config_file.write_text(
        'secrets: {backend: command, command: [no-such-program, "{name}"]}\n'
    )


def clock_went_back(home: Home) -> None:
    home.log_file.touch()
    os.utime(home.log_file, (2**32, 2**32))


def no_keyring(home: Home) -> None:
    home.config_file.write_text("secrets: {backend: keyring}\n")


@pytest.mark.parametrize(
    ("broken", "check", "code"),
    [
        (open_to_others, "home", 1),
        (ledger_open_to_others, "home", 1),
        (wrong_configuration, "config", 1),
        (wrong_profiles, "profile", 1),
        (no_profile, "profile", 4),
        (another_default, "profile", 4),
        (damaged_ledger, "ledger", 1),
        (no_program, "secrets", 4),
        (clock_went_back, "clock", 1),
    ],
)
def test_what_is_broken_is_found_and_the_rest_is_looked_at_all_the_same(
    broken: Callable[[Home], None],
    check: str,
    code: int,
    home: Home,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken(home)
    ended, told = examine(capsys)
    assert levels(told)[check] == "error", told
    assert ended == code
    assert told[-1]["check"] == "submissions"


def test_an_absent_keyring_is_found_with_the_ways_out(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is said once, though sellers would say it, too."""
    # Not by the environment: a test before this one may have had a keyring chosen for the process.
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())
    no_keyring(home)
    code, told = examine(capsys)
    assert code == 4
    [(level, _, hint)] = found(told, "secrets")
    assert level == "error"
    assert "backend: file" in str(hint)
    assert not any("keyring" in text for _, text, _ in found(told, "sellers"))


def test_a_keyring_that_waits_for_a_person_is_not_waited_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    never = threading.Event()

    class Locked:
        title = "keyring"

        def read(self, name: str) -> None:
            never.wait()

    monkeypatch.setattr("bookhunt.home.vaults.vault_of", lambda *_: Locked())
    monkeypatch.setattr(checks_home, "_KEYRING_S", 0.01)
    try:
        [told] = checks_home.secret_store(home, load_config(home))
    finally:
        never.set()
    assert (told.level, told.check) == (Level.WARNING, "secrets")


def test_a_full_disk_is_an_error_and_one_nearly_full_a_warning(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for free_mb, level in ((10, Level.ERROR), (500, Level.WARNING), (50_000, Level.OK)):
        usage = shutil.disk_usage(home.data_dir)._replace(free=free_mb * 1024**2)
        monkeypatch.setattr(shutil, "disk_usage", lambda _, usage=usage: usage)
        [told] = checks_home.disk(home)
        assert told.level is level


def test_a_submission_nobody_heard_of_again_is_told_and_one_under_way_is_not(home: Home) -> None:
    under_way = spooled_key(home, {"book": "a"})
    [told] = checks_home.spool(home)
    assert told.level is Level.OK
    under_way.keep()
    [told] = checks_home.spool(home)
    assert told.level is Level.WARNING
    assert "bookhunt status" in str(told.hint)


def test_texts_that_were_typed_and_not_used_are_told(home: Home) -> None:
    """Where they lie: they may hold an address."""
    assert list(checks_home.edits(home)) == []
    folder = home.data_dir / "edits"
    folder.mkdir()
    (folder / "profile-home-x.yaml").touch()
    [told] = checks_home.edits(home)
    assert told.level is Level.WARNING
    assert str(folder) in told.found


def test_a_ledger_that_was_copied_from_elsewhere_is_looked_at(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    """A backup that was put back: there is no lock to hold yet."""
    home.ledger_file.write_bytes(b"no database" * 999)
    home.ledger_file.chmod(0o600)
    home.run_dir.rmdir()
    _, told = examine(capsys)
    [(level, text, _)] = found(told, "ledger")
    assert level == "error"
    assert "damaged" in text


def test_a_daemon_that_has_the_home_and_does_not_listen_is_told(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = os.open(home.daemon_lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    home.ledger_file.touch(0o600)
    try:
        _, told = examine(capsys)
    finally:
        os.close(lock)
    assert levels(told)["daemon"] == levels(told)["ledger"] == "warning"


async def test_what_a_daemon_knows_is_told(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """Paused, spent, in doubt, waiting for a person, not taken up, mistaken, in need of a key."""
    from bookhunt.model.seller import SellerState

    running.sellers.add(a_seller("beta", state=SellerState.NEEDS_SETUP))
    running.catalogue.wrong = ("beta.yaml:1:1: wrong",)
    running.daemon.trouble["needs_restart"] = "network.proxy"
    await an_unknown(running.ledger, max_price=usd("100"))
    await a_manual(running.ledger)
    await running.ledger.set_paused(paused=True)
    code, told = await call(examine, capsys)
    assert code == 0
    worst = levels(told)
    assert {check for check, level in worst.items() if level == "warning"} == {
        "daemon",
        "sellers",
        "spending",
        "requests",
    }
    hints = [each["hint"] for each in told if each["hint"]]
    assert "bookhunt resume" in hints
    assert any(hint.startswith("bookhunt settle ") for hint in hints)
    assert any("beta" in each["found"] for each in told if each["check"] == "sellers")


async def test_watches_that_nothing_starts_after_a_reboot_are_told(
    running: Running,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Until the daemon is installed; without a watch nobody has to care."""
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "person"))
    _, told = await call(examine, capsys)
    assert found(told, "watches") == []
    watch = {"book_name": "Emma", "max_price": "30", "schedule": "@daily", "first_run": False}
    await call(running.client.add_watch, watch)
    _, told = await call(examine, capsys)
    [(level, _, hint)] = found(told, "watches")
    assert (level, hint) == ("warning", "bookhunt daemon install")
    service = systemd_units(running.home)[1].file
    wants = service.parent / "default.target.wants"
    wants.mkdir(parents=True)
    (wants / service.name).touch()
    _, told = await call(examine, capsys)
    assert levels(told)["watches"] == "ok"


def test_notices_that_were_given_up_are_told_and_those_that_wait_are_not() -> None:
    class Client:
        def __init__(self, *states: str) -> None:
            self._states = states

        def undelivered(self, *, limit: int) -> list[dict[str, Any]]:
            return [{"state": state} for state in self._states]

    assert list(checks_daemon.notices(Client("waiting"))) == []  # type: ignore[arg-type]
    [told] = checks_daemon.notices(Client("waiting", "given_up"))  # type: ignore[arg-type]
    assert told.level is Level.WARNING
    assert told.hint is not None
    assert "bookhunt notify list" in told.hint


async def test_safe_mode_is_an_error(
    running: Running, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def older() -> str:
        return "older"

    monkeypatch.setattr(running.daemon.ledger, "safe_mode", older)
    code, told = await call(examine, capsys)
    assert (code, levels(told)["ledger"]) == (1, "error")
    [(_, _, hint)] = found(told, "ledger")
    assert "bookhunt resume --reconciled" in hint


async def test_a_daemon_of_another_contract_is_told_and_asked_nothing_more(
    running: Running, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks_daemon, "API_VERSION", contract.API_VERSION + 1)
    code, told = await call(examine, capsys)
    assert (code, levels(told)["daemon"]) == (1, "error")
    [hint] = [each["hint"] for each in told if each["check"] == "daemon"]
    assert hint == "bookhunt daemon restart"


def test_exit_codes_put_what_is_broken_before_what_is_not_set_up() -> None:
    unset, broken = error("a", "b", is_setup=True), error("a", "b")
    assert exit_code_of([ok("a", "b"), warning("a", "b")]) == 0
    assert exit_code_of([unset, warning("a", "b")]) == 4
    assert exit_code_of([unset, broken]) == 1


# ------------------------------------------------------------------------------------- the bundle
DEFINITION = f"""\
bookhunt: 1
id: {CANARY[:6]}shop
name: {CANARY}
"""


def plant(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the canary wherever a home has something of its own."""
    home.config_file.write_text(
        CONFIGURATION
        + f"defaults: {{profile: {CANARY}}}\n"
        + f"network: {{proxy: 'http://{CANARY}.test:3128', ca_file: /{CANARY}.pem}}\n"
        + f"throttle: {{customers: {{{CANARY}: gold}}, regions: {{{CANARY}: 5}}}}\n"
        + f"sellers: {{amberside: {{enabled: true, store: {CANARY}}}}}\n"
        + "notify:\n"
        + f"  - {{webhook: 'https://x.test/{CANARY}', secret: 'secret:notify/{CANARY}'}}\n"
        + f"  - {{command: [notify-send, {CANARY}]}}\n"
    )
    Profiles(home).add(CANARY, f"{{name: {CANARY}, street: {CANARY} 1, city: C, postcode: P, "
                               f"country: US, phone: '1', email: {CANARY}@x.test}}")  # fmt: skip
    secrets = Secrets(home, load_config(home).secrets)
    secrets.put("amberside/api_key", CANARY)
    secrets.put(f"pay/{CANARY}/amberside", CANARY)
    monkeypatch.setenv("BOOKHUNT_SECRET_AMBERSIDE_TOKEN_FILE", f"/{CANARY}")
    home.sellers_dir.mkdir(mode=0o700)
    (home.sellers_dir / "broken.yaml").write_text(f"{DEFINITION}cookies: {CANARY}\n")
    home.crash_file.write_text(f"Traceback: {CANARY}\n")
    line = {"time": "t", "level": "info", "logger": "bookhunt", "message": "ok", "count": 1}
    home.log_file.write_text(
        json.dumps(line | {"address": CANARY, "file": CANARY, "error": {"text": CANARY}})
        + f"\n{CANARY}\n"
    )


def unpacked(file: Path) -> dict[str, str]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_bundle_holds_nothing_of_anybodys(
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a daemon: settings, definitions, log, files."""
    plant(home, monkeypatch)
    to = tmp_path / "report.zip"
    examine(capsys, bundle=str(to))
    contents = unpacked(to)
    assert mode_of(to) == 0o600
    assert len(contents) > 5
    for name, content in contents.items():
        assert CANARY not in content, name
        assert str(tmp_path) not in content, name
    log = contents["bookhunt/log.jsonl"]
    assert json.loads(log)["count"] == 1
    settings = json.loads(contents["bookhunt/config.json"])
    assert settings["counted"] == {
        "throttle.regions": 1,
        "telemetry.otlp_headers": 0,
        "throttle.classes": 3,
        "throttle.customers": 1,
        "sellers": 2,
    }
    named = {each["name"]: each["value"] for each in settings["settings"]}
    assert (named["search.deadline_s"], named["notify"]) == (5.0, "(set)")
    known = json.loads(contents["bookhunt/definitions.json"])
    assert known["mistakes"] > 0
    assert all(len(each["hash"]) > 8 for each in known["definitions"])


async def test_with_a_daemon_it_holds_figures_and_the_schema_and_no_book(
    running: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await a_pending(running.ledger, book=a_book(title=CANARY), note=CANARY, customer=CANARY)
    to = tmp_path / "report.zip"
    await call(examine, capsys, bundle=str(to))
    contents = unpacked(to)
    assert CANARY not in "".join(contents.values())
    assert json.loads(contents["bookhunt/figures.json"])["requests"] == 1
    assert "spent" not in contents["bookhunt/figures.json"]
    assert "CREATE TABLE request" in contents["bookhunt/schema.sql"]
    assert str(tmp_path) not in "".join(contents.values())


def test_a_bundle_never_replaces_a_file(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "report.zip"
    to.write_text("somebody's")
    with pytest.raises(InputError, match="exists"):
        examine(capsys, bundle=str(to))
    assert to.read_text() == "somebody's"


@pytest.mark.parametrize(
    ("trouble", "level", "said"),
    [
        (None, "ok", "are sent to http://127.0.0.1:4318: 7; lost: 2"),
        ("no connection", "warning", "does not take them: no connection; they wait: 3; lost: 2"),
    ],
)
def test_where_traces_go_is_said_and_whether_they_are_taken(
    trouble: str | None, level: str, said: str
) -> None:
    told = {"to": "http://127.0.0.1:4318", "sent": 7, "waiting": 3, "dropped": 2}
    [finding] = checks_daemon._export(told | {"trouble": trouble})
    assert (finding.check, finding.level.value) == ("traces", level)
    assert said in finding.found
    assert list(checks_daemon._export(None)) == []
