"""`bookhunt db`: the ledger as a file to look into, and as lines to read on."""

import contextlib
import errno
import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.durations import time_ago
from bookhunt.cli.output import Terminal
from bookhunt.cli.things import print_thing
from bookhunt.client.starting import is_held
from bookhunt.home.paths import Home
from bookhunt.model.errors import BookhuntError, DaemonNotRunning, InputError
from bookhunt.wire.contract import ATTEMPT_RECORD_FIELDS, REQUEST_RECORD_FIELDS, SCHEMA_VERSION

_FIELDS_OF = {"requests": REQUEST_RECORD_FIELDS, "attempts": ATTEMPT_RECORD_FIELDS}


def snapshot(
    terminal: Terminal,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where to; it must not exist.")],
) -> None:
    """Copy the ledger into FILE, as it stands at one moment.

    Orders go on meanwhile. The copy is a plain SQLite file, mode 0600, for sqlite3, sqlite-utils
    or datasette; nothing that is done to it touches the ledger. It holds names of books and what
    was ordered where, and no secret.
    """
    home = Home.find()
    to = Path(file).expanduser().absolute()
    if to.exists() or to.is_symlink():
        raise InputError(f"{to} exists", hint="name a file that does not")
    if not to.parent.is_dir():
        raise InputError(f"{to.parent} is no folder", hint=f"mkdir -p {to.parent}")
    terminal.progress("copying the ledger ...")
    # The daemon is used where one runs or is listened for; none is started to make a copy.
    terminal.no_autostart = True
    try:
        made = Path(connect(terminal, home).snapshot()["file"])
    except DaemonNotRunning:
        _copy_alone(home, to)
    else:
        move_new(made, to)
    size = to.stat().st_size
    if terminal.wants_objects:
        told = {"file": str(to), "bytes": size, "schema_version": SCHEMA_VERSION}
        print_thing(terminal, told)
    else:
        terminal.notice(f"{to}: {size // 1024} KB; sqlite3 {to} opens it")


def export(
    terminal: Terminal,
    *,
    what: Annotated[
        str, typer.Option(metavar="requests|attempts|all", help="Which lines.")
    ] = "all",
    since: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only what is younger: 2d, 12h.")
    ] = None,
) -> None:
    """Print everything that was asked and ordered as JSON Lines, oldest first.

    Requests come before attempts; `kind` says which a line is.
    """
    if what not in {*_FIELDS_OF, "all"}:
        raise InputError(f"--what is requests, attempts or all, not {what!r}")
    kinds = list(_FIELDS_OF) if what == "all" else [what]
    if what == "all" and terminal.fields is not None:
        raise InputError(
            "--fields needs one kind of line", hint="--what requests, or --what attempts"
        )
    moment = None if since is None else time_ago(since)
    terminal.json = True
    client = connect(terminal)
    for kind in kinds:
        terminal.picked(_FIELDS_OF[kind])
        for each in client.exported(kind, since=moment):
            terminal.thing(each, _FIELDS_OF[kind])


def move_new(source: Path, to: Path) -> None:
    """Move a private file to a place where there is none; one that appears there is kept.

    Raises:
        InputError: there is one by now.
        BookhuntError: it cannot be written there; nothing is left of the copy.
    """
    try:
        _link_or_copy(source, to)
    except FileExistsError:
        raise InputError(f"{to} exists", hint="name a file that does not") from None
    except OSError as error:
        raise BookhuntError(
            f"{to} cannot be written: {error.strerror}", hint="name a file on another disk"
        ) from error
    finally:
        source.unlink(missing_ok=True)


def _link_or_copy(source: Path, to: Path) -> None:
    try:
        os.link(source, to)
    except OSError as error:
        # Another disk, or one that knows no links: the bytes have to be copied.
        if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}:
            raise
    else:
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(to, flags, 0o600)
    try:
        with source.open("rb") as read, open(descriptor, "wb") as written:  # noqa: PTH123 - a descriptor
            shutil.copyfileobj(read, written, 1024 * 1024)
            written.flush()
            os.fsync(written.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            to.unlink()
        raise


def _copy_alone(home: Home, to: Path) -> None:
    """Copy a ledger that no daemon has; none can begin meanwhile."""
    from bookhunt.daemon.lock import held
    from bookhunt.store.resting import copy_resting

    if not home.run_dir.is_dir() or not home.ledger_file.exists():
        copy_resting(home.ledger_file, to)  # there is no ledger: it says so
        return
    if is_held(home.daemon_lock):
        raise BookhuntError(
            "a daemon has the ledger and does not listen: it is starting, or ending",
            hint="bookhunt daemon status, then the same command again",
        )
    with held(home.daemon_lock):
        copy_resting(home.ledger_file, to)
