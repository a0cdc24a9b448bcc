"""What `doctor` looks at without a daemon: the program, the home, the files, the secret store."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import stat
import sys
import threading
import time
from typing import TYPE_CHECKING

import bookhunt
from bookhunt.cli.findings import error, failed, ok, warning
from bookhunt.home.config import Config, load_config
from bookhunt.home.overrides import SellerOverrides
from bookhunt.home.paths import require_owned
from bookhunt.home.profiles import Profiles
from bookhunt.home.settings import Backend
from bookhunt.model.errors import BookhuntError, UnsafePath

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bookhunt.cli.findings import Finding
    from bookhunt.home.paths import Home

_OLDEST, _NEWEST = (3, 11), (3, 13)  # as `requires-python`
_FLOOR_MB = 64  # below it nothing is ordered, as `store.ledger.FREE_SPACE_FLOOR`
_LITTLE_MB = 1024
_KEYRING_S = 10.0
_CLOCK_SLACK_S = 60.0
_PROBE = "bookhunt/doctor"  # a secret that nobody stores: whether the store can be opened


def program() -> Iterator[Finding]:
    """Which version this is, and what it runs on."""
    found = f"bookhunt {bookhunt.__version__}, Python {platform.python_version()}"
    found += f", {platform.system()} {platform.machine()}"
    if _OLDEST <= sys.version_info[:2] <= _NEWEST:
        yield ok("program", found)
    else:
        yield warning("program", f"{found}; made for Python 3.11 to 3.13")


def folders(home: Home) -> Iterator[Finding]:
    """That the home is this user's, and private."""
    if not home.data_dir.exists():
        yield ok("home", f"{home.root or home.config_dir} is made when it is first used")
        return
    wrong = list(_wrong_modes(home))
    yield from wrong
    if not wrong:
        yield ok("home", f"{home.root or home.config_dir} is yours alone")


def _wrong_modes(home: Home) -> Iterator[Finding]:
    private = (
        home.data_dir,
        home.run_dir,
        home.log_dir,
        home.secrets_file,
        home.profiles_file,
        home.overrides_file,
        home.ledger_file,
        home.cache_file,
        home.log_file,
    )
    for path, forbidden in [(home.config_dir, 0o022), *((each, 0o077) for each in private)]:
        try:
            path.lstat()
            require_owned(path, forbidden=forbidden)
        except FileNotFoundError:
            continue
        except UnsafePath as trouble:
            yield error("home", trouble.message, trouble.hint)


def configuration(home: Home) -> Iterator[Finding]:
    """That config.yaml and what was set by command can be read."""
    config = load_config(home)
    SellerOverrides(home)
    there = home.config_file.exists()
    yield ok("config", f"{home.config_file} " + ("is right" if there else "is absent: defaults"))
    if config.network.allow_loopback:
        yield warning(
            "config", "sellers on this machine are allowed: this home is a sandbox, or should be"
        )


def profiles(home: Home, config: Config) -> Iterator[Finding]:
    """That there is an address to send books to."""
    known = Profiles(home)
    names = known.names()
    default = known.default(config.defaults.profile)
    if not names:
        yield error(
            "profile",
            "there is no shipping profile: nothing can be ordered",
            f"bookhunt profile add {default}",
            is_setup=True,
        )
    elif default not in names:
        yield error(
            "profile",
            f"the default profile {default} does not exist",
            f"bookhunt profile default {names[0]}",
            is_setup=True,
        )
    else:
        yield ok("profile", f"{len(names)} of them, {default} by default")


def secret_store(home: Home, config: Config) -> Iterator[Finding]:
    """That the place of secrets can be opened."""
    from bookhunt.home.vaults import vault_of

    backend = config.secrets.backend
    if backend is Backend.COMMAND:
        program = config.secrets.command[0]
        if shutil.which(program) is None:
            yield error(
                "secrets",
                f"the program {program} is not there",
                "bookhunt config edit",
                is_setup=True,
            )
        else:
            yield ok("secrets", f"are printed by {program}")
        return
    vault = vault_of(home, config.secrets)
    trouble: list[BookhuntError] = []

    def probe() -> None:
        try:
            vault.read(_PROBE)
        except BookhuntError as told:
            trouble.append(told)

    # A keyring may wait for a person to type its password; the doctor does not.
    asked = threading.Thread(target=probe, name="doctor", daemon=True)
    asked.start()
    asked.join(_KEYRING_S)
    if asked.is_alive():
        yield warning(
            "secrets",
            f"the {vault.title} did not answer within {_KEYRING_S:.0f} s: it may be locked",
            "unlock it, then the same command again",
        )
    elif trouble:
        yield failed("secrets", trouble[0])
    else:
        yield ok("secrets", f"the {vault.title} can be opened")


def disk(home: Home) -> Iterator[Finding]:
    """That there is room for the result of an order."""
    place = next(each for each in (home.data_dir, *home.data_dir.parents) if each.exists())
    free_mb = shutil.disk_usage(place).free // 1024**2
    if free_mb < _FLOOR_MB:
        yield error(
            "disk",
            f"{free_mb} MB are free: nothing is ordered below {_FLOOR_MB}",
            f"free some space on the disk of {place}",
        )
    elif free_mb < _LITTLE_MB:
        yield warning("disk", f"only {free_mb} MB are free on the disk of {place}")
    else:
        yield ok("disk", f"{free_mb // 1024} GB are free")


def clock(home: Home) -> Iterator[Finding]:
    """That the time of day did not go back behind what was written here."""
    newest = max((_changed_at(file) for file in (home.ledger_file, home.log_file)), default=0.0)
    behind_s = newest - time.time()
    if behind_s > _CLOCK_SLACK_S:
        yield error(
            "clock",
            f"the time of day is {behind_s:.0f} s behind what was written here before",
            "set the clock: limits of a day and ages of orders depend on it",
        )
    else:
        yield ok("clock", f"{time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime())}")


def _changed_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def spool(home: Home) -> Iterator[Finding]:
    """Submissions whose answer nobody heard: the same command again finds out."""
    kept = [file for file in home.spool_dir.glob("*.json") if _is_left(file)]
    if kept:
        yield warning(
            "submissions",
            f"{len(kept)} were sent and their answer never heard",
            "bookhunt status; the same `bookhunt buy` again asks with the same key, for a day",
        )
    else:
        yield ok("submissions", "each was answered")


def edits(home: Home) -> Iterator[Finding]:
    """Texts that were typed and not used: they may hold an address."""
    folder = home.data_dir / "edits"
    kept = list(folder.glob("*.yaml"))
    if kept:
        yield warning(
            "edits",
            f"texts that were typed and not used are kept in {folder}: {len(kept)}",
            f"rm {folder}/*.yaml, when you have what you need of them",
        )


def _is_left(file: Path) -> bool:
    """Whether no command is at work with it, and something stands in it."""
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        status = os.fstat(descriptor)
        return stat.S_ISREG(status.st_mode) and status.st_size > 0
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
