"""A disk that takes nothing more, for real: the system refuses to let the files grow."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# A process whose files may not grow any more, then may again. SIGXFSZ would end it at once; a
# full disk only gives an error, and so it is ignored (as Python does by itself).
PROCESS = """
import asyncio, resource, sqlite3, sys
from pathlib import Path
from bookhunt.model.errors import LedgerUnusable
from bookhunt.store.ledger import SqliteLedger
from tests.support.jump_clock import JumpClock
from tests.support.ledger_steps import a_pending, a_sending, won
from tests.support.soundness import faults

path = Path(sys.argv[1])
FREE = resource.getrlimit(resource.RLIMIT_FSIZE)

async def main():
    ledger = await SqliteLedger.open(path, clock=JumpClock(), free_space_floor=0)
    sending = await a_sending(ledger)
    written, refused = [(await ledger.get(sending.request_id)).request.id], 0
    log = path.with_name(path.name + "-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (log + 20_000, FREE[1]))
    for _ in range(30):
        try:
            written.append((await a_pending(ledger)).request.id)
        except LedgerUnusable as error:
            assert "nothing was recorded" in error.message, error.message
            refused += 1
    try:
        await won(ledger, sending)
    except LedgerUnusable:
        refused += 1
    assert refused > 10, refused
    assert [a.stage.value for a in await ledger.attempts(sending.request_id)] == ["sending"]
    resource.setrlimit(resource.RLIMIT_FSIZE, FREE)
    await won(ledger, sending)
    written.append((await a_pending(ledger)).request.id)
    assert sorted(r.request.id for r in await ledger.find()) == sorted(written)
    await ledger.close()

asyncio.run(main())
db = sqlite3.connect(path)
assert faults(db) == [], faults(db)
assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
db.close()
print("well")
"""


def test_a_disk_that_is_full_refuses_and_recovers(path: Path) -> None:
    """What was refused left no trace, what was answered is there, and the order's answer lands."""
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, str(path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "well", done.stderr[-2000:]
