"""One run with everything in it, and not one secret of it anywhere but in the secret store.

Every seller of the street is bought from, with its own way to say who one is; answers are lost and
full of noise; a secret is wrong; the daemon is killed. Then at every byte that is left of it: what
commands printed, files of the home while the daemon runs and afterwards, a copy of the ledger, the
bundle of a bug report, arguments and environment of processes, and what another program was told.
"""

import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bookhunt.cli.sandbox import street_dir
from tests.story.world import World, wait_until

pytestmark = pytest.mark.story
# A program of the user's that writes down all it can see: what it is told, and its environment.
_SPY = (
    "import os, sys; open(sys.argv[1], 'ab').write("
    "sys.stdin.buffer.read() + repr(os.environ).encode() + b'\\n')"
)
_WRONG = "canary-wrong-5e0f2d"
_FAULTS = (
    ("amberside", "commit", "reset_after"),
    ("brightwater", "commit", "garbage"),
    ("copperlane", "commit", "html_page"),
    ("dovetail", "quote", "garbage"),
    ("foxglove", "any", "unauthorised"),
)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, str):
        yield value


def _canaries(world: World) -> set[bytes]:
    kept = yaml.safe_load(world.home.secrets_file.read_text("utf-8"))
    # A user's name is no secret; what is so short would be found by chance.
    return {each.encode() for each in _texts(kept) if len(each) > 7}


def _listen(world: World, file: Path) -> None:
    config = world.home.config_file
    settings = yaml.safe_load(config.read_text("utf-8"))
    command = [sys.executable, "-c", _SPY, str(file)]
    settings["notify"] = [{"command": command, "on": ["bought", "failed", "needs_attention"]}]
    config.write_text(json.dumps(settings), "utf-8")
    world.run("daemon", "restart")


def _said(world: World, *words: str, stdin: str = "") -> bytes:
    shown = world.run(*words, stdin=stdin)
    return (shown.stdout + shown.stderr).encode()


def _live(world: World) -> list[bytes]:
    """Buy from everybody, with everything that may go wrong."""
    told = []
    for seller in sorted(world.street.sellers):
        offers = [
            offer
            for offer in world.street.offers(seller=seller)
            if offer["sells"] and offer["currency"] == "USD" and offer["inventory"]
        ]
        for faults in ((), *[(each,) for each in _FAULTS if each[0] == seller]):
            for fault in faults:
                world.street.fault(*fault)
            if offers:
                isbn = offers[0]["isbn"]
                words = ("buy", isbn, "--max-price", "300", "--sellers", seller, "--again")
                told.append(_said(world, *words, "--timeout", "8s"))
    told.append(_said(world, "sellers", "login", "amberside", "--stdin", stdin=f"api_key={_WRONG}"))
    told.append(_said(world, "buy", world.book(), "--max-price", "80", "--sellers", "amberside"))
    return told


def _looked_at(world: World, folder: Path) -> list[bytes]:
    """What the program shows of it all, and what it writes for others to see."""
    words = (
        "status status|@last status|@last|--why status|@last|--json trace|@last metrics "
        "trace|@last|--export|-|--format|otlp trace|@last|--export|-|--format|perfetto "
        "sellers|list sellers|show|amberside sellers|show|amberside|--json notify|list "
        "notify|test db|export stats|--by|seller daemon|status daemon|logs|--lines|2000 "
        "config|show|--origin config|check doctor books limits watch|list history|9781449373320"
    )
    told = [_said(world, *each.split("|")) for each in words.split()]
    told.append(json.dumps(world.client.top()).encode())
    bundle, copy = folder / "bundle.zip", folder / "copy.db"
    told.append(_said(world, "doctor", "--bundle", str(bundle)))
    told.append(_said(world, "db", "snapshot", str(copy)))
    with zipfile.ZipFile(bundle) as archive:
        told += [archive.read(name) for name in archive.namelist()]
    told.append(copy.read_bytes())
    return told


def _in_files(world: World) -> dict[str, bytes]:
    """The home byte by byte: ledger and its log, cache, logs, crash file, spool, definitions.

    But for the secrets' own file, and for the books of the sellers, who know their own secrets.
    """
    files = (each for each in world.root.rglob("*") if each.is_file())
    kept, theirs = world.home.secrets_file, street_dir(world.home)
    return {
        str(each): each.read_bytes()
        for each in files
        if each != kept and not each.is_relative_to(theirs)
    }


def test_no_secret_of_a_whole_run_is_anywhere_else(own_world: World, tmp_path: Path) -> None:
    world, told = own_world, tmp_path / "told"
    told.touch()
    _listen(world, told)
    before = _canaries(world)
    said = _live(world)
    process = Path(f"/proc/{world.client.health()['pid']}")
    places = {"arguments": (process / "cmdline").read_bytes()}
    places["environment"] = (process / "environ").read_bytes()
    places |= {f"while it runs: {name}": content for name, content in _in_files(world).items()}
    submitted = world.object("buy", world.book(), "--max-price", "80", "--no-wait")
    world.kill_daemon()
    said.append(_said(world, "wait", submitted["request_id"]))
    said += _looked_at(world, tmp_path)
    wait_until(lambda: world.objects("notify", "list") == [])
    world.run("daemon", "stop")
    places |= _in_files(world)
    places |= {f"said {number}": each for number, each in enumerate(said)}
    places["another program"] = told.read_bytes()

    canaries = before | _canaries(world)
    assert _WRONG.encode() in canaries
    assert len(canaries) > 15
    assert sum(b"bought" in each for each in said) > 8
    assert len(places["another program"]) > 1000
    leaks = {where for where, what in places.items() if any(each in what for each in canaries)}
    assert not leaks
