"""What becomes of a purchase is told, whoever waits for it or nobody."""

import json
import sys
from pathlib import Path

import pytest
import yaml

from tests.story.world import World, wait_until

pytestmark = pytest.mark.story
# It appends what it reads to the file that it is given.
_WRITES = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read() + b'\\n')"


def _told(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@pytest.fixture
def file(own_world: World, tmp_path: Path) -> Path:
    """Where a program of the user's writes what it is told."""
    file = tmp_path / "told"
    file.touch()
    config = own_world.home.config_file
    settings = yaml.safe_load(config.read_text("utf-8"))
    command = [sys.executable, "-c", _WRITES, str(file)]
    settings["notify"] = [{"command": command, "on": ["bought", "not_available"]}]
    config.write_text(json.dumps(settings), "utf-8")
    own_world.run("daemon", "restart")
    return file


def test_a_purchase_is_told_though_nobody_waits(own_world: World, file: Path) -> None:
    isbn = own_world.book()
    submitted = own_world.object("buy", isbn, "--max-price", "80", "--no-wait")
    wait_until(lambda: _told(file))
    [notice] = _told(file)
    assert notice["type"] == "bought"
    wait_until(lambda: own_world.objects("notify", "list") == [])
    request = own_world.object("status", submitted["request_id"])
    data = notice["data"]
    assert isinstance(data, dict)
    assert {name: data[name] for name in ("request_id", "order_id", "resolved_price")} == {
        name: request[name] for name in ("request_id", "order_id", "resolved_price")
    }


def test_the_trace_of_a_request_ends_with_who_was_told(own_world: World, file: Path) -> None:
    """By the kind of target: neither the program nor its arguments are in it."""
    request = own_world.object("buy", own_world.book(), "--max-price", "80")

    def spans() -> list[dict[str, object]]:
        trace = own_world.object("trace", request["request_id"])
        return [span for span in trace["spans"] if span["name"] == "notice"]

    wait_until(spans)
    [notice] = spans()
    assert notice["told"] == {"target": "command", "answer": "told"}
    shown = own_world.run("trace", request["request_id"]).stdout
    assert "notice" in shown
    assert str(file) not in shown


def test_each_outcome_is_told_once_over_restarts(own_world: World, file: Path) -> None:
    """What the daemon had told before it was killed is not told anew."""
    asked = [
        own_world.object("buy", own_world.book(), "--max-price", price)["request_id"]
        for price in ("80", "1")
    ]
    wait_until(lambda: len(_told(file)) == 2)
    wait_until(lambda: own_world.objects("notify", "list") == [])
    own_world.kill_daemon()
    asked.append(own_world.object("buy", own_world.book(), "--max-price", "80")["request_id"])
    wait_until(lambda: len(_told(file)) >= 3)
    told = _told(file)
    assert sorted(each["data"]["request_id"] for each in told) == sorted(asked)  # type: ignore[index]
    assert len({each["id"] for each in told}) == 3


def test_targets_can_be_tried_from_the_command_line(own_world: World, file: Path) -> None:
    shown = own_world.run("notify", "test", "--to", "1")
    assert (shown.returncode, shown.stdout.split("\t")[::2]) == (0, ["1", "told\n"])
    [notice] = _told(file)
    assert notice["type"] == "test"
    beyond = own_world.run("notify", "test", "--to", "2")
    assert beyond.returncode == 2
    assert "there is no target 2" in beyond.stderr
