"""A ledger of any version that ever was opens for ever, and says what it said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.model.purchase import Stage
from bookhunt.model.request import RequestState
from bookhunt.store.database import LEDGER
from bookhunt.store.ledger import SqliteLedger
from tests.support.frozen_ledger import contents
from tests.support.ledger_steps import a_success, an_unknown, won

if TYPE_CHECKING:
    from tests.support.jump_clock import JumpClock

DATA = Path(__file__).parents[2] / "data"
FROZEN = sorted(DATA.glob("ledger_*.db"))


def is_told(expected: Any, found: Any) -> bool:
    """Whether all that was frozen is found again; later versions may tell more."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(
            is_told(value, found.get(name)) for name, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(found) == len(expected)
            and all(map(is_told, expected, found))
        )
    return bool(expected == found)


def test_each_schema_has_a_frozen_ledger() -> None:
    names = [f"ledger_{number:04}.db" for number in range(1, len(LEDGER.steps()) + 1)]
    assert [path.name for path in FROZEN] == names


@pytest.mark.parametrize("frozen", FROZEN, ids=lambda path: path.name)
async def test_an_old_ledger_opens(frozen: Path, path: Path, clock: JumpClock) -> None:
    """Every request and attempt of it is read as it was written, and it goes on."""
    shutil.copy(frozen, path)
    ledger = await SqliteLedger.open(path, clock=clock, free_space_floor=0)
    assert ledger.recovered.safe_mode is None
    found = await contents(ledger)
    expected = json.loads(frozen.with_suffix(".json").read_text("utf-8"))
    for name, rows in expected.items():
        assert is_told(rows, found[name]), name
    assert len(found["requests"]) == len(expected["requests"])
    await a_success(ledger, customer="emma")
    await won(ledger, await an_unknown(ledger, customer="anne"), "new")
    await ledger.close()


@pytest.mark.parametrize("frozen", FROZEN, ids=lambda path: path.name)
def test_a_frozen_ledger_holds_everything(frozen: Path) -> None:
    """Every state of a request, and every stage that an attempt can be found in at rest."""
    told = json.loads(frozen.with_suffix(".json").read_text("utf-8"))
    states = {record["state"] for record in told["requests"].values()}
    assert states >= set(RequestState)
    stages = {attempt["stage"] for attempt in told["attempts"].values()}
    assert stages >= set(Stage) - {Stage.PREPARED, Stage.SENDING}
