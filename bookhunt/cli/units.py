"""What starts the daemon without anybody typing: systemd's user units, or a launchd agent.

systemd opens the socket itself and starts the daemon at the first call, with the socket passed on;
the service is started at log-in, too, for watches that are due. What the service may do is what the
daemon needs: its own folders to write, IP and Unix sockets, nothing else of the machine. A user's
manager can separate file systems only in a user namespace, hence PrivateUsers.

A home under BOOKHUNT_HOME has units of its own, named after its path.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bookhunt.client.starting import path_of_this_package
from bookhunt.wire.problems import EXIT_TRY_LATER

if TYPE_CHECKING:
    from bookhunt.home.paths import Home

MARK = "Written by `bookhunt daemon install`"
_STOPS_WITHIN_S = 100  # an order under way is waited for, 60 s and a bit
_TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - asked whether a path lies there


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One file to write."""

    file: Path
    text: str

    @property
    def is_ours(self) -> bool:
        """Whether the file that is there was written by us."""
        try:
            return MARK in self.file.read_text("utf-8", errors="replace")
        except OSError:
            return False


def name_of(home: Home) -> str:
    """What the units of this home are called."""
    if home.root is None:
        return "bookhunt"
    return f"bookhunt-{hashlib.sha256(os.fsencode(home.root)).hexdigest()[:8]}"


def label_of(home: Home) -> str:
    """What launchd calls the agent of this home."""
    return f"org.{name_of(home).replace('-', '.', 1)}"


def systemd_units(home: Home, *, keyring_of: Path | None = None) -> tuple[Unit, Unit]:
    """The socket and the service, in this order.

    `keyring_of` is a folder beside the home that the secrets' program has to write, as gpg does.
    """
    named = os.environ.get("XDG_CONFIG_HOME")
    folder = (Path(named) if named else Path.home() / ".config") / "systemd" / "user"
    name = name_of(home)
    return (
        Unit(file=folder / f"{name}.socket", text=_socket(home)),
        Unit(file=folder / f"{name}.service", text=_service(home, name, keyring_of)),
    )


def launchd_agent(home: Home) -> Unit:
    """The agent: started at log-in, and again where it failed."""
    label = label_of(home)
    environment = home.environment() | path_of_this_package()
    agent = {
        "Label": label,
        "ProgramArguments": _command(),
        "EnvironmentVariables": environment,
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ProcessType": "Background",
        "Umask": 0o077,
        "ExitTimeOut": _STOPS_WITHIN_S,
        "StandardErrorPath": str(home.crash_file),
    }
    import plistlib  # with xml; every command of `watch` imports this module

    text = plistlib.dumps(agent, sort_keys=False).decode()
    head, line, rest = text.partition("<plist")
    return Unit(
        file=Path.home() / "Library" / "LaunchAgents" / f"{label}.plist",
        text=f"{head}<!-- {MARK} -->\n{line}{rest}",
    )


def _command() -> list[str]:
    # `-P`, as the client starts it: a file in the current directory is no part of this program.
    return [sys.executable, "-P", "-m", "bookhunt.daemon"]


def _socket(home: Home) -> str:
    return f"""\
# {MARK}; `bookhunt daemon uninstall` removes it.
[Unit]
Description=The socket of bookhunt
Documentation=man:bookhunt-daemon(1)

[Socket]
ListenStream={_escaped(str(home.socket_file))}
SocketMode=0600
DirectoryMode=0700
Backlog=1024
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
"""


def _service(home: Home, name: str, keyring_of: Path | None) -> str:
    environment = "".join(
        f"Environment={_quoted(f'{key}={value}')}\n"
        for key, value in (home.environment() | path_of_this_package()).items()
    )
    folders = (home.config_dir, home.data_dir, home.run_dir, home.log_dir)
    places = dict.fromkeys([home.root] if home.root else folders)
    written = " ".join(_quoted(str(place)) for place in places)
    if keyring_of is not None:
        written += " " + _quoted(f"-{keyring_of}")
    # What lies in /tmp would not be found in a private one.
    involved = (*folders, home.socket_file, Path(sys.executable))
    is_temporary = any(each.is_relative_to(tmp) for each in involved for tmp in _TEMPORARY)
    private_tmp = "" if is_temporary else "PrivateTmp=yes\n"
    command = " ".join(_quoted(word).replace("$", "$$") for word in _command())
    return f"""\
# {MARK}; `bookhunt daemon uninstall` removes it.
[Unit]
Description=bookhunt: buys the cheapest available copy of a book
Documentation=man:bookhunt-daemon(1)
Requires={name}.socket
After={name}.socket

[Service]
Type=exec
ExecStart={command}
{environment}UMask=0077
Restart=on-failure
RestartSec=2
RestartPreventExitStatus={EXIT_TRY_LATER}
KillMode=mixed
TimeoutStopSec={_STOPS_WITHIN_S}

NoNewPrivileges=yes
PrivateUsers=yes
ProtectSystem=strict
ReadWritePaths={written}
{private_tmp}PrivateDevices=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
LimitCORE=0

[Install]
WantedBy=default.target
"""


def _escaped(text: str) -> str:
    """Text in which systemd would expand its specifiers."""
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """One word of a list, as systemd.syntax(7) reads it."""
    escaped = _escaped(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
