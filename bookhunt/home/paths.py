"""Where everything lies, and that nobody else can read it.

`BOOKHUNT_HOME` puts all of it under one folder; without it each kind has the place that the
system names for it (platformdirs). Standard library only: every command imports this before it
does anything else.
"""

from __future__ import annotations

import os
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path

from bookhunt.model.errors import UnsafePath

# sockaddr_un.sun_path has 108 bytes on Linux and 104 on macOS, a zero included; some are left for
# the name that a socket has for a moment before it is moved into place.
LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The folders of one user of bookhunt. `root` is BOOKHUNT_HOME, None without it."""

    root: Path | None
    config_dir: Path
    data_dir: Path
    run_dir: Path
    log_dir: Path

    @classmethod
    def at(cls, root: Path) -> Home:
        """Everything under one folder."""
        root = root.absolute()
        return cls(
            root=root,
            config_dir=root,
            data_dir=root / "data",
            run_dir=root / "run",
            log_dir=root / "log",
        )

    @classmethod
    def find(cls) -> Home:
        """The home of this process: BOOKHUNT_HOME, else the system's own places."""
        named = os.environ.get("BOOKHUNT_HOME")
        if named:
            return cls.at(Path(named).expanduser())
        from platformdirs import PlatformDirs

        places = PlatformDirs("bookhunt", appauthor=False)
        return cls(
            root=None,
            config_dir=places.user_config_path,
            data_dir=places.user_data_path,
            # Not the runtime directory: it is there in a session and missing under cron, and both
            # must find the same daemon.
            run_dir=places.user_data_path / "run",
            log_dir=places.user_log_path,
        )

    def environment(self) -> dict[str, str]:
        """What makes another process find the same home."""
        return {"BOOKHUNT_HOME": str(self.root)} if self.root else {}

    @property
    def config_file(self) -> Path:
        """The configuration; may be absent."""
        return self.config_dir / "config.yaml"

    @property
    def sellers_dir(self) -> Path:
        """The user's own definitions of sellers; may be absent."""
        return self.config_dir / "sellers.d"

    @property
    def secrets_file(self) -> Path:
        """Secrets, only where the configuration says `secrets: {backend: file}`."""
        return self.config_dir / "secrets.yaml"

    @property
    def profiles_file(self) -> Path:
        """The shipping profiles."""
        return self.data_dir / "profiles.yaml"

    @property
    def overrides_file(self) -> Path:
        """What was set about sellers by command."""
        return self.data_dir / "sellers.yaml"

    @property
    def pins_file(self) -> Path:
        """Which ISBNs titles mean, by `bookhunt books pin`; may be absent."""
        return self.data_dir / "books.yaml"

    @property
    def ledger_file(self) -> Path:
        """Requests, attempts, money: the one precious file."""
        return self.data_dir / "ledger.db"

    @property
    def cache_file(self) -> Path:
        """Offers, beliefs, explanations: may be lost."""
        return self.data_dir / "cache.db"

    @property
    def spool_dir(self) -> Path:
        """Idempotency keys of submissions that were not answered yet."""
        return self.data_dir / "spool"

    @property
    def daemon_lock(self) -> Path:
        """Held (flock) by the daemon while it runs; its text is the daemon's pid."""
        return self.run_dir / "daemon.lock"

    @property
    def start_lock(self) -> Path:
        """Held (flock) by the client that is starting a daemon."""
        return self.run_dir / "start.lock"

    @property
    def log_file(self) -> Path:
        """The daemon's log: JSON Lines, rotated."""
        return self.log_dir / "daemon.log"

    @property
    def crash_file(self) -> Path:
        """What the last daemon wrote to stdout and stderr: nothing, unless it failed."""
        return self.log_dir / "daemon.err"

    @property
    def socket_pointer(self) -> Path:
        """Says where the socket is, where it could not be `run/bookhunt.sock`."""
        return self.run_dir / "socket"

    @property
    def socket_file(self) -> Path:
        """Where the daemon listens; in a short directory where `run/` is too deep for a socket."""
        plain = self.run_dir / "bookhunt.sock"
        if len(os.fsencode(plain)) <= LONGEST_SOCKET_PATH:
            return plain
        import hashlib  # 5 ms that few homes need

        name = hashlib.sha256(os.fsencode(self.run_dir)).hexdigest()[:16]
        return _short_directory() / f"{name}.sock"

    def prepare(self) -> None:
        """Create the private folders, and refuse those that others could read or write.

        Raises:
            UnsafePath: a folder is another user's, a link, or open to others, or cannot be made.
        """
        if self.root:
            _make(self.root)
        for directory in (self.config_dir, self.data_dir, self.run_dir, self.log_dir):
            _make(directory)
        require_owned(self.config_dir, forbidden=0o022)
        for directory in (self.data_dir, self.run_dir, self.log_dir):
            require_owned(directory, forbidden=0o077)
        socket = self.socket_file
        if socket.parent != self.run_dir:
            _make(socket.parent)
            require_owned(socket.parent, forbidden=0o077)


def require_owned(path: Path, *, forbidden: int) -> None:
    """Refuse a path that is a link, another user's, or has a mode bit of `forbidden`.

    Raises:
        UnsafePath: with what is wrong and the command that mends it.
    """
    try:
        status = path.lstat()
    except OSError as error:
        raise UnsafePath(f"{path} cannot be looked at: {error.strerror}") from error
    require_status(path, status, forbidden=forbidden)


def require_status(path: Path, status: os.stat_result, *, forbidden: int) -> None:
    """The same for what is already looked at or open.

    Raises:
        UnsafePath: with what is wrong and the command that mends it.
    """
    if stat.S_ISLNK(status.st_mode):
        raise UnsafePath(f"{path} is a symbolic link", hint="put the real file or folder there")
    if status.st_uid != os.geteuid():
        raise UnsafePath(
            f"{path} belongs to user {status.st_uid}, and this process runs as {os.geteuid()}",
            hint="set BOOKHUNT_HOME to a folder of your own",
        )
    mode = stat.S_IMODE(status.st_mode)
    if mode & forbidden:
        raise UnsafePath(
            f"{path} has mode {mode:04o}: others could reach what is private",
            hint=f"chmod {mode & ~forbidden:o} {shlex.quote(str(path))}",
        )


def _make(directory: Path) -> None:
    # `mkdir(parents=True)` gives parents the umask's mode; only the last one is ours to close.
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UnsafePath(
            f"{directory} cannot be made: {error.strerror}",
            hint="set BOOKHUNT_HOME to a folder of your own",
        ) from error


def _short_directory() -> Path:
    """A directory of this user whose path is short: the runtime directory, else under /tmp."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and len(os.fsencode(runtime)) <= 50 and Path(runtime).is_dir():
        return Path(runtime) / "bookhunt"
    return Path(f"/tmp/bookhunt-{os.getuid()}")  # noqa: S108 - prepare() checks owner and mode
