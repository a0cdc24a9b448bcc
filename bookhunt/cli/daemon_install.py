"""`bookhunt daemon install` and `uninstall`: let the system start the daemon."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from bookhunt.cli.output import Terminal
from bookhunt.cli.units import Unit, label_of, launchd_agent, name_of, systemd_units
from bookhunt.client import DaemonClient, wait_until_gone
from bookhunt.home.durable import write_durably
from bookhunt.home.paths import Home
from bookhunt.model.errors import DaemonError, InputError, SetupMissing
from bookhunt.wire.contract import SCHEMA_VERSION

UNIT_FIELDS = ("file", "content", "schema_version")
_ANSWERS_WITHIN_S = 120.0  # a stop lets an order under way end


def install(
    terminal: Terminal,
    *,
    show: Annotated[
        bool, typer.Option("--print", help="Show what would be written, and write nothing.")
    ] = False,
    enable: Annotated[
        bool, typer.Option("--enable/--no-enable", help="Also put it into force.")
    ] = True,
) -> None:
    """Let the system start the daemon: at log-in, and at the first call.

    On Linux a pair of systemd user units is written: the system opens the socket and starts the
    daemon, which may do no more than it needs. On macOS it is a launchd agent. A daemon that runs
    is stopped first, gently, so that the system's own takes its place.
    """
    home = Home.find()
    units = _units(home)
    if show:
        for unit in units:
            _show(terminal, unit)
        return
    for unit in units:
        if unit.file.exists() and not unit.is_ours:
            raise InputError(
                f"{unit.file} exists, and is not of bookhunt", hint="move it out of the way"
            )
    home.prepare()
    for unit in units:
        unit.file.parent.mkdir(parents=True, exist_ok=True)
        write_durably(unit.file, unit.text.encode())
        terminal.notice(f"{unit.file} is written")
    _point_to(home)
    if not enable:
        terminal.notice("nothing is in force yet: bookhunt daemon install")
    else:
        _stop_running(terminal, home)
        _enable(home)
        terminal.notice("the system starts the daemon from now on, at log-in and at the first call")
        if sys.platform != "darwin":
            terminal.notice("to start it before anybody logs in: loginctl enable-linger")


def uninstall(terminal: Terminal) -> None:
    """Take back what `install` did; the next command starts a daemon by itself again."""
    home = Home.find()
    every = (launchd_agent(home),) if sys.platform == "darwin" else systemd_units(home)
    units = [unit for unit in every if unit.is_ours]
    if not units:
        terminal.notice("nothing is installed")
        return
    trouble = None
    try:
        _disable(home)
    except SetupMissing as error:  # the files go all the same: nothing starts it after a restart
        trouble = error
    for unit in units:
        for link in unit.file.parent.glob(f"*.wants/{unit.file.name}"):
            link.unlink(missing_ok=True)  # where the manager could not be asked to
        unit.file.unlink(missing_ok=True)
        terminal.notice(f"{unit.file} is removed")
    if trouble is not None:
        terminal.notice(f"{trouble.message}; what runs goes on until you log out")
    elif sys.platform != "darwin":
        _call("systemctl", "--user", "daemon-reload")


def _units(home: Home) -> tuple[Unit, ...]:
    if sys.platform == "darwin":
        return (launchd_agent(home),)
    if shutil.which("systemctl") is None:
        raise SetupMissing(
            "there is no systemd here",
            hint="let your own start `bookhunt daemon run`; it stays in the foreground",
        )
    return systemd_units(home, keyring_of=_keyring_folder(home))


def _keyring_folder(home: Home) -> Path | None:
    """Where gpg works, if the secrets are printed by a program: `pass` and its like use it."""
    from bookhunt.home.config import load_config
    from bookhunt.home.settings import Backend

    if load_config(home).secrets.backend is not Backend.COMMAND:
        return None
    return Path(os.environ.get("GNUPGHOME") or Path.home() / ".gnupg")


def _show(terminal: Terminal, unit: Unit) -> None:
    if terminal.wants_objects:
        told = {"file": str(unit.file), "content": unit.text, "schema_version": SCHEMA_VERSION}
        terminal.thing(told, UNIT_FIELDS)
        return
    terminal.line(f"# {unit.file}")
    for line in unit.text.splitlines():
        terminal.line(line)


def _point_to(home: Home) -> None:
    """Say where the socket is, where its usual place is too deep: nobody has listened there yet."""
    if home.socket_file.parent != home.run_dir:
        write_durably(home.socket_pointer, os.fsencode(home.socket_file) + b"\n")


def _stop_running(terminal: Terminal, home: Home) -> None:
    """End a daemon of before: the system is going to open the socket in its place."""
    try:
        DaemonClient(home, autostart=False).stop()
    except DaemonError:
        return
    terminal.progress("waiting for orders that are under way ...")
    wait_until_gone(home)


def _enable(home: Home) -> None:
    if sys.platform == "darwin":
        _call("launchctl", "bootstrap", f"gui/{os.getuid()}", str(launchd_agent(home).file))
        return
    name = name_of(home)
    _call("systemctl", "--user", "daemon-reload")
    _call("systemctl", "--user", "enable", f"{name}.service")
    _call("systemctl", "--user", "enable", "--now", f"{name}.socket")


def _disable(home: Home) -> None:
    if sys.platform == "darwin":
        _call("launchctl", "bootout", f"gui/{os.getuid()}/{label_of(home)}")
        return
    name = name_of(home)
    _call("systemctl", "--user", "disable", "--now", f"{name}.socket", f"{name}.service")


def _call(*command: str) -> None:
    """Run a program of the system.

    Raises:
        SetupMissing: it does not do it, and what to type by hand.
    """
    by_hand = " ".join(command)
    try:
        done = subprocess.run(  # noqa: S603 - the system's own program, found on the path
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWERS_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise SetupMissing(f"{command[0]} does not answer", hint=by_hand) from None
    if done.returncode != 0:
        said = " ".join(done.stderr.split()) or f"it ended with {done.returncode}"
        raise SetupMissing(f"{by_hand}: {said}", hint=f"when the system can do it: {by_hand}")
