"""A ledger that was restored from a copy, as the person who did it meets it."""

import shutil
from pathlib import Path

import pytest

from tests.story.world import World

pytestmark = pytest.mark.story


def test_a_restored_ledger_buys_nothing_until_a_person_has_compared_it(
    own_world: World, tmp_path: Path
) -> None:
    """It is said wherever one looks, with what to type; one command leaves it, and that holds."""
    copy = tmp_path / "copy.db"
    own_world.run("db", "snapshot", str(copy))
    first = own_world.book()
    assert own_world.object("buy", first, "--max-price", "80")["status"] == "SUCCESS"
    own_world.run("daemon", "stop")
    for file in own_world.home.data_dir.glob("ledger.db*"):
        file.unlink()
    shutil.copy(copy, own_world.home.ledger_file)

    again = own_world.object("buy", first, "--max-price", "80")
    assert (again["status"], again["reason"]) == ("PURCHASE_FAILED", "safe_mode")
    assert len(own_world.orders(first)) == 1
    assert "bookhunt resume --reconciled" in own_world.run("doctor").stdout
    shown = own_world.run("resume")
    assert "bookhunt resume --reconciled" in shown.stderr
    assert own_world.object("daemon", "status")["safe_mode"]

    assert own_world.run("resume", "--reconciled").returncode == 0
    second = own_world.book()
    assert own_world.object("buy", second, "--max-price", "80")["status"] == "SUCCESS"
    own_world.run("daemon", "restart")
    assert own_world.object("daemon", "status")["safe_mode"] is None
