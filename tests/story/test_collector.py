"""Traces arrive at a collector of one's own, with nothing in them that a secret store keeps."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from tests.story.world import World, wait_until
from tests.support.served import Door, served

pytestmark = pytest.mark.story
_KEY = "canary-of-the-collector-7c1d"


@dataclass(slots=True)
class Collector:
    """Takes OTLP over HTTP, after so many refusals."""

    address: str = ""
    refuses: int = 2
    calls: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)

    def spans(self) -> list[dict[str, Any]]:
        return [
            span
            for call in self.taken
            for resource in call["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]


@contextmanager
def a_collector() -> Iterator[Collector]:
    class AtTheCollector(Door):
        def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            collector.calls.append((self.path, headers, body))
            if len(collector.calls) <= collector.refuses:
                self.say(503, retry_after_s=1)
            else:
                collector.taken.append(json.loads(body))
                self.say(200)

    collector = Collector()
    with served(AtTheCollector) as collector.address:
        yield collector


def _configure(world: World, collector: Collector) -> None:
    config, secrets = world.home.config_file, world.home.secrets_file
    settings = yaml.safe_load(config.read_text("utf-8"))
    settings["telemetry"] = {
        "otlp_endpoint": collector.address,
        "otlp_headers": {"x-api-key": "secret:notify/otlp"},
    }
    kept = yaml.safe_load(secrets.read_text("utf-8"))
    secrets.write_text(json.dumps(kept | {"notify/otlp": _KEY}), "utf-8")
    config.write_text(json.dumps(settings), "utf-8")


def test_the_trace_of_a_purchase_arrives_after_a_collector_s_refusals(own_world: World) -> None:
    """Taken up without a restart; said by doctor and counted; and no secret in any byte of it."""
    world = own_world
    with a_collector() as collector:
        world.client.health()
        _configure(world, collector)
        wait_until(lambda: world.client.health()["export"] is not None)
        bought = world.object("buy", world.book(), "--max-price", "90")
        assert bought["status"] == "SUCCESS", bought
        wait_until(lambda: collector.taken)
        wait_until(lambda: world.client.health()["export"]["sent"])
        path, headers, _ = collector.calls[-1]
        assert (path, headers["content-type"]) == ("/v1/traces", "application/json")
        assert headers["x-api-key"] == _KEY
        ours = [span for span in collector.spans() if span["traceId"] == bought["trace_id"]]
        assert {"request", "accept", "search", "claim"} <= {span["name"] for span in ours}
        ids = {span["spanId"] for span in ours}
        assert {span["parentSpanId"] for span in ours if "parentSpanId" in span} <= ids
        shown = world.run("doctor").stdout
        assert f"are sent to {collector.address}" in shown
        assert "bookhunt_traces_exported_total 1.0" in world.run("metrics").stdout
        kept = yaml.safe_load(world.home.secrets_file.read_text("utf-8"))
        secrets = {str(each) for each in kept.values() if len(str(each)) > 7}
        said = b"".join(body for _, _, body in collector.calls).decode()
        assert not [secret for secret in secrets if secret in said]
        assert _KEY not in shown + world.run("daemon", "logs", "--lines", "500").stdout
