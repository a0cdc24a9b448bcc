"""Watches through the command line: they buy when it fits, and never a copy too many."""

import json
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bookhunt.model.errors import BookhuntError
from tests.story.world import World, wait_until

pytestmark = pytest.mark.story
# Sellers that can prove what became of an order: with another, a lost answer is for a person.
_PROVEN = "amberside copperlane dovetail foxglove graniteway kestrelbooks lanternrow".split()
_KILLS = 10


@pytest.fixture
def busy_world(tmp_path: Path) -> Iterator[World]:
    """Sellers take a while, so that a daemon can die at any step of a purchase."""
    made = World.open(tmp_path / "home", latency_scale=0.5)
    yield made
    made.close()


def test_a_watch_waits_for_its_price_and_buys_once(own_world: World) -> None:
    world = own_world
    isbn = world.book()
    lowest = world.offers(isbn)[0]["total_minor"] / 100
    shown = world.run(
        "watch", "add", isbn, "--max-price", f"{lowest / 2:.2f}", "--cron", "0 7 * * 1-5",
        "--timezone", "Europe/Berlin", "--json",
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    assert "bookhunt daemon install" in shown.stderr
    watch = json.loads(shown.stdout)
    assert [run[10:19] for run in watch["next_runs"]] == ["T07:00:00"] * 5
    wait_until(lambda: world.object("watch", "show", watch["id"])["last_run"])
    told = world.object("watch", "show", watch["id"])
    assert (told["outcome"], told["bought"], world.orders(isbn)) == ("too_dear", 0, [])
    assert world.client.requests() == []
    world.kill_daemon()
    edited = world.object("watch", "edit", watch["id"], "--max-price", f"{lowest + 5:.2f}")
    assert edited["state"] == "active"
    world.object("watch", "run", watch["id"])
    wait_until(lambda: world.object("watch", "show", watch["id"])["state"] == "done")
    for _ in range(3):
        assert world.run("watch", "run", watch["id"]).returncode == 1
    assert len(world.orders(isbn)) == 1
    [request] = world.objects("status")
    assert (request["watch_id"], request["status"]) == (watch["id"], "SUCCESS")


def test_watches_move_from_one_home_to_another_as_lines(own_world: World) -> None:
    world = own_world
    books = "Emma\t9.50\nThe Hobbit\n"
    shown = world.run(
        "watch", "import", "-", "--max-price", "1", "--every", "6h", "--no-first-run", stdin=books
    )
    assert shown.returncode == 0, shown.stderr
    lines = world.run("watch", "export").stdout
    told = [json.loads(line) for line in lines.splitlines()]
    assert sorted(watch["book"]["title"] for watch in told) == ["Emma", "The Hobbit"]
    assert {watch["schedule"] for watch in told} == {"every 6h"}
    for watch in told:
        assert world.run("watch", "remove", watch["id"][:6]).returncode == 0
    assert world.objects("watch", "list") == []
    again = world.run("watch", "import", "-", stdin=lines.replace(told[0]["id"], "newly-made"))
    assert again.returncode == 1, "the id of a removed watch is never used again"
    assert [watch["id"] for watch in world.objects("watch", "list")] == ["newly-made"]


@pytest.mark.timeout(400)  # a lost answer is looked up twice before it counts, five seconds apart
def test_a_daemon_killed_at_random_buys_what_was_wanted(busy_world: World) -> None:
    """Copies bought are copies wanted, counted in the street's own ledger."""
    world, chance = busy_world, random.Random(8)
    world.client.set_limits("USD", {"purchase": None, "day": None, "month": None})
    wanted = dict(zip((world.book() for _ in range(4)), (1, 1, 2, 3), strict=True))
    watches = []
    for isbn, copies in wanted.items():
        watches.append(
            world.client.add_watch(
                {
                    "id": f"watch-{isbn}",
                    "isbn": isbn,
                    "max_price": "95",
                    "schedule": "0 7 * * *",
                    "copies": copies,
                    "sellers": _PROVEN,
                }
            )["id"]
        )
    over = threading.Event()

    def runs() -> None:
        """Somebody runs them again and again, whatever happens to the daemon."""
        while not over.is_set():
            for watch_id in watches:
                try:
                    world.client.run_watch(watch_id)
                except BookhuntError:
                    continue  # it is done, or the daemon was killed meanwhile
                over.wait(0.02)

    runner = threading.Thread(target=runs)
    runner.start()
    try:
        for _ in range(_KILLS):
            time.sleep(chance.uniform(0.05, 0.8))  # at random: that is what is tested
            try:
                world.kill_daemon()
            except (BookhuntError, ProcessLookupError):
                continue  # it was being started

        def all_done() -> bool:
            try:
                return all(world.client.watch(name)["state"] == "done" for name in watches)
            except BookhuntError:
                return False

        wait_until(all_done, within_s=150.0)
    finally:
        over.set()
        runner.join()
    assert {isbn: len(world.orders(isbn)) for isbn in wanted} == wanted
    assert len(world.orders()) == sum(wanted.values())
