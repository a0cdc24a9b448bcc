"""A PostgreSQL of one run, from Debian's package, on a free port of loopback."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.shops.shop import ShopMissing

_OWNER = "postgres"  # it refuses to run as root
_STARTS_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server that runs, with one empty database; `address` is how programs name it."""

    programs: Path
    folder: Path
    port: int

    @classmethod
    def open(cls, port: int) -> Postgres:
        """Make a cluster and start it.

        Raises:
            ShopMissing: PostgreSQL is not installed, or did not start.
        """
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found or shutil.which("psql") is None:
            raise ShopMissing("Medusa needs PostgreSQL; Debian: apt-get install postgresql")
        folder = Path(tempfile.mkdtemp(prefix="shops-postgres-"))
        if os.geteuid() == 0:
            shutil.chown(folder, _OWNER)
        made = cls(found[-1].parent, folder, port)
        made._run("initdb", "-A", "trust", "-U", _OWNER, "--no-sync")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(folder / "log")
        made._run("pg_ctl", "-o", options, "-l", log, "-w", "start")
        made._psql("postgres", "CREATE DATABASE shop")
        return made

    @property
    def address(self) -> str:
        """Of its one database."""
        return f"postgres://{_OWNER}@127.0.0.1:{self.port}/shop"

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What a query finds, each row by its names."""
        said = self._psql("shop", f"SELECT coalesce(json_agg(t), '[]') FROM ({query}) t")
        return list(json.loads(said))

    def close(self) -> None:
        """Stop it and remove its files."""
        self._run("pg_ctl", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _psql(self, database: str, statement: str) -> str:
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", _OWNER, "-d", database)
        return _said("psql", *where, "-XAt", "-v", "ON_ERROR_STOP=1", "-c", statement)

    def _run(self, program: str, *arguments: str) -> str:
        line = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        if os.geteuid() == 0:
            pwd.getpwnam(_OWNER)
            line = ["runuser", "-u", _OWNER, "--", *line]
        return _said(*line)


def _said(*line: str) -> str:
    # A server that it leaves behind would keep a pipe of it open for ever.
    with tempfile.TemporaryFile("w+") as told:
        ended = subprocess.run(
            line,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.STDOUT,
            timeout=_STARTS_WITHIN_S,
            check=False,
        )
        told.seek(0)
        said = told.read()
    if ended.returncode:
        raise ShopMissing(f"{line[0]} failed: {said}")
    return said
