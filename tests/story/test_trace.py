"""What was done for a request can be seen afterwards, and nothing that is nobody's business."""

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.story.world import World, wait_until

pytestmark = pytest.mark.story


def named(trace: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [span for span in trace["spans"] if span["name"] == name]


def test_a_purchase_can_be_seen_from_the_command_to_the_order(world: World) -> None:
    """Every part, adding up to the whole; under the id that every command shows."""
    request = world.object("buy", world.book(), "--max-price", "80")
    trace = world.object("trace", request["request_id"])
    assert trace["trace_id"] == request["trace_id"] == request["request_id"].replace("-", "")
    tops = [span for span in trace["spans"] if span["parent"] == 1]
    assert [span["name"] for span in tops] == ["submit", "accept", "queue", "hunt"]
    parts = sum(span["ms"] for span in tops)
    assert abs(parts - trace["ms"]) <= 0.05 * trace["ms"]
    assert len(named(trace, "call")) >= request["sellers_asked"]
    assert [span["told"]["status"] for span in named(trace, "step")][-1] in {200, 201, 202}
    assert trace["full_fan_out"] >= trace["calls"] > 0
    assert {note["seller"] for note in trace["sellers"]} == set(world.street.sellers)
    lines = [json.loads(line) for line in world.home.log_file.read_text().splitlines()]
    own = [line for line in lines if line.get("request_id") == request["request_id"]]
    assert own
    assert {line["trace_id"] for line in own} == {request["trace_id"]}


def test_it_is_exported_in_both_formats(world: World, tmp_path: Path) -> None:
    request = world.object("buy", world.book(), "--max-price", "80")
    for name, key in (("t.otlp.json", "resourceSpans"), ("t.json", "traceEvents")):
        file = tmp_path / name
        done = world.run("trace", request["request_id"], "--export", str(file))
        assert done.returncode == 0, done.stderr
        assert json.loads(file.read_text())[key]


def test_after_a_kill_the_rest_is_in_the_same_trace(slow_world: World) -> None:
    """The daemon dies while it hunts; the next one's part has the id of the first."""
    running = slow_world.start("buy", slow_world.book(), "--max-price", "80", "--no-wait")
    wait_until(slow_world.client.requests)
    running.communicate(timeout=30)
    slow_world.kill_daemon()
    request = slow_world.object("wait", "@last")
    assert request["status"] == "SUCCESS"
    trace = slow_world.object("trace", "@last")
    assert trace["trace_id"] == request["trace_id"]
    assert any(span["told"].get("recovered") for span in named(trace, "queue"))


def test_a_trace_that_is_gone_is_said_and_nothing_else_is_missed(own_world: World) -> None:
    """The cache is lost: the traces with it, requests and orders not."""
    request = own_world.object("buy", own_world.book(), "--max-price", "80")
    own_world.run("daemon", "stop")
    for file in own_world.home.data_dir.glob("cache.db*"):
        file.unlink()
    gone = own_world.run("trace", request["request_id"], "--json")
    assert gone.returncode == 2
    told = json.loads(gone.stderr)["error"]
    assert "was not kept" in told["message"]
    assert "--why" in told["hint"]
    assert own_world.object("status", request["request_id"])["trace_id"] == request["trace_id"]


def secrets_of(world: World) -> set[str]:
    """Every secret of this home, and what its profile says of a person."""
    found: set[str] = set()

    def gather(value: Any) -> None:
        if isinstance(value, dict):
            for each in value.values():
                gather(each)
        elif isinstance(value, list):
            for each in value:
                gather(each)
        elif isinstance(value, str):
            found.add(value)

    gather(yaml.safe_load(world.home.secrets_file.read_text()))
    for profile in world.client.profiles():
        found |= {str(profile[name]) for name in ("name", "street", "phone", "email", "postcode")}
    return {each for each in found if len(each) > 4 and each != "None"}


def test_no_secret_and_no_address_is_in_a_trace_a_metric_or_the_log(own_world: World) -> None:
    """Purchases at several sellers, logins and payment tokens among them; then at what is told."""
    told = []
    for _ in range(4):
        request = own_world.object("buy", own_world.book(), "--max-price", "80")
        told.append(own_world.run("trace", request["request_id"]).stdout)
        told.append(own_world.run("trace", "@last", "--export", "-", "--format", "otlp").stdout)
    told += [own_world.run("metrics").stdout, json.dumps(own_world.client.top())]
    own_world.run("daemon", "stop")
    told.append(own_world.home.log_file.read_text())
    with contextlib.closing(sqlite3.connect(own_world.home.cache_file)) as cache:
        told += [row[0].decode() for row in cache.execute("SELECT part FROM trace_part")]
    canaries = secrets_of(own_world)
    assert len(canaries) > 5
    leaked = {each for each in canaries if any(each in text for text in told)}
    assert not leaked
