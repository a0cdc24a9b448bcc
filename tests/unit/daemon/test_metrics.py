"""Metrics: what is counted is on the page, under names that the dashboard and the rules know."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bookhunt.daemon.metrics_port import TROUBLE, serve_metrics
from bookhunt.model.reasons import Reason
from bookhunt.telemetry.counts import Histogram, quantile
from bookhunt.wire.contract import PurchaseRequest
from tests.support.running_daemon import Running, a_daemon, a_home, call, serving, until
from tests.support.scripted_sellers import QuoteScript, a_seller

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"\bbookhunt_[a-z0-9_]+\b")
SHIPPED = files("bookhunt.telemetry").joinpath("prometheus")


def samples(page: str) -> dict[str, float]:
    """Every sample by its name and labels."""
    lines = [line for line in page.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


async def bought(running: Running, **fields: Any) -> dict[str, Any]:
    wish = PurchaseRequest(book_name="9780141439518", max_price="30", again=True, **fields)
    key = f"k-{len(running.ledger.requests)}"
    made = await call(running.client.buy, wish, idempotency_key=key)
    return await call(running.client.wait, made["request_id"], within_s=20)


async def test_what_happened_is_counted(running: Running) -> None:
    """A purchase: its outcome, its calls, its stages, its attempt's way, its seller."""
    running.sellers.add(a_seller("beta"), QuoteScript(reason=Reason.NOT_STOCKED))
    assert (await bought(running, strategy="cheapest"))["status"] == "SUCCESS"
    seen = samples(await call(running.client.metrics))
    assert seen["bookhunt_requests_accepted_total"] == 1
    assert seen['bookhunt_requests_total{state="SUCCESS",strategy="cheapest"}'] == 1
    assert seen['bookhunt_request_seconds_count{state="SUCCESS"}'] == 1
    assert seen['bookhunt_request_calls_sum{strategy="cheapest"}'] == 2
    assert seen['bookhunt_seller_calls_total{result="offers",seller="alpha"}'] == 1
    assert seen['bookhunt_seller_calls_total{result="not_stocked",seller="beta"}'] == 1
    for stage in ("accept", "queue", "search", "claim", "prepare", "freeze", "send", "settle"):
        assert seen[f'bookhunt_stage_seconds_count{{stage="{stage}"}}'] == 1, stage
    for stage in ("prepared", "sending", "confirmed"):
        assert seen[f'bookhunt_attempts_total{{stage="{stage}"}}'] == 1, stage
    assert seen['bookhunt_spent{currency="USD",period="day"}'] == 12.5
    assert seen['bookhunt_requests_in_progress{place="hunt"}'] == 0


async def test_a_submission_that_is_refused_is_counted_by_its_code(running: Running) -> None:
    assert (await bought(running))["status"] == "SUCCESS"
    wish = PurchaseRequest(book_name="9780141439518", max_price="30")
    with pytest.raises(Exception, match=r".") as refused:
        await call(running.client.buy, wish, idempotency_key="another")
    seen = samples(await call(running.client.metrics))
    code = getattr(type(refused.value), "code", "")
    assert seen[f'bookhunt_requests_refused_total{{code="{code}"}}'] == 1


async def test_a_cancelled_request_is_counted_once(idle: Running) -> None:
    """However often it is said."""
    wish = PurchaseRequest(book_name="9780141439518", max_price="30")
    made = await call(idle.client.buy, wish, idempotency_key="k")
    for _ in range(2):
        await call(idle.client.cancel, made["request_id"])
    seen = samples(await call(idle.client.metrics))
    assert seen['bookhunt_requests_total{state="CANCELLED",strategy="balanced"}'] == 1


def families(page: str) -> set[str]:
    """Every name that a sample may have, by the page's own word."""
    found = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE):
        endings = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        found.update(name + ending for ending in endings)
    return found


def expressions_of_the_dashboard() -> list[str]:
    dashboard = json.loads(SHIPPED.joinpath("dashboard.json").read_text("utf-8"))
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def expressions_of_the_rules() -> list[str]:
    groups = yaml.safe_load(SHIPPED.joinpath("alerts.yaml").read_text("utf-8"))["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


async def test_every_metric_that_is_shown_or_alerted_on_exists(running: Running) -> None:
    """A renamed metric is found here, not on the day it is needed."""
    running.daemon.commits = Histogram()
    known = families(await call(running.client.metrics))
    for expressions in (expressions_of_the_dashboard(), expressions_of_the_rules()):
        named = {name for each in expressions for name in _NAME.findall(each)}
        assert named
        assert named <= known, named - known


async def test_every_family_is_shown_or_alerted_on_or_is_a_seller_s(running: Running) -> None:
    """What is measured and looked at by nobody is not worth measuring."""
    running.daemon.commits = Histogram()
    page = await call(running.client.metrics)
    used = {
        name
        for each in (*expressions_of_the_dashboard(), *expressions_of_the_rules())
        for name in _NAME.findall(each)
    }
    left = {
        name
        for name in re.findall(r"^# TYPE (\S+) ", page, re.MULTILINE)
        if not any(each.startswith(name) for each in used)
        and not name.startswith(("bookhunt_seller_", "bookhunt_process_"))
    }
    assert left == {"bookhunt_start_time_seconds"}


if shutil.which("promtool"):

    async def test_prometheus_own_tool_takes_the_page_and_the_rules(running: Running) -> None:
        """`promtool` (Debian's package prometheus) finds no fault in names, units and rules."""
        assert (await bought(running))["status"] == "SUCCESS"
        page = await call(running.client.metrics)
        checked = await call(
            subprocess.run, ["promtool", "check", "metrics"], input=page.encode(),
            capture_output=True, check=False,
        )  # fmt: skip
        assert (checked.returncode, checked.stderr) == (0, b"")
        rules = ["promtool", "check", "rules", str(SHIPPED.joinpath("alerts.yaml"))]
        ruled = await call(subprocess.run, rules, capture_output=True, check=False)
        assert ruled.returncode == 0, ruled.stderr


def a_free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def is_open(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


async def scraped(port: int, head: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode())
    said = await reader.read()
    writer.close()
    return said.decode()


async def test_a_scraper_reads_them_at_a_port_of_loopback(tmp_path: Path) -> None:
    """`/metrics` only, and only by a name of this machine: a page in a browser has another."""
    port = a_free_port()
    home = a_home(
        tmp_path / "home",
        configuration=f"secrets: {{backend: file}}\ntelemetry: {{metrics_port: {port}}}\n",
    )
    async with serving(a_daemon(home)) as running:
        task = asyncio.create_task(serve_metrics(running.daemon))
        await until(lambda: is_open(port))
        good = await scraped(port, f"GET /metrics HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n")
        assert good.startswith("HTTP/1.1 200 OK\r\n")
        assert "bookhunt_build_info" in good
        other = await scraped(port, f"GET /top HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n")
        assert other.startswith("HTTP/1.1 404 ")
        posted = await scraped(port, f"POST /metrics HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n")
        assert posted.startswith("HTTP/1.1 405 ")
        rebound = await scraped(port, f"GET /metrics HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n")
        assert rebound.startswith("HTTP/1.1 403 ")
        assert "bookhunt_build_info" not in rebound
        endless = await scraped(port, "GET /metrics HTTP/1.1\r\nX: " + "x" * 20_000)
        assert endless == ""
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_port_that_is_taken_is_said_and_stops_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        home = a_home(
            tmp_path / "home",
            configuration="secrets: {backend: file}\n"
            f"telemetry: {{metrics_port: {taken.getsockname()[1]}}}\n",
        )
        async with serving(a_daemon(home)) as running:
            await serve_metrics(running.daemon)
            assert "cannot be used" in running.daemon.trouble[TROUBLE]
            assert (await call(running.client.health))["status"] == "ready"


async def test_one_look_has_what_is_counted(running: Running) -> None:
    """Two looks a moment apart are enough for every rate that `top` shows."""
    assert (await bought(running))["status"] == "SUCCESS"
    seen = await call(running.client.top)
    assert seen["requests"]["accepted"] == 1
    assert seen["requests"]["states"] == {"SUCCESS": 1}
    assert sum(seen["requests"]["seconds"]["SUCCESS"]) == 1
    assert len(seen["requests"]["edges_s"]) + 1 == len(seen["requests"]["seconds"]["SUCCESS"])
    assert seen["calls"]["made"] == 1
    [money] = seen["money"]
    assert money["spent_day"] == {"amount": "12.50", "currency": "USD"}
    [seller] = seen["sellers"]
    assert (seller["id"], seller["calls"], seller["offers"]) == ("alpha", 1, 1)


def test_a_histogram_counts_between_its_edges() -> None:
    seen = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 3.0):
        seen.observe(value)
    assert seen.counts == [2, 1, 1]
    assert seen.buckets() == [("1", 2), ("2", 3), ("+Inf", 4)]
    assert (seen.count, seen.sum) == (4, 6.0)


def test_a_quantile_lies_in_its_bucket() -> None:
    """Evenly within a bucket, the last edge above all, nothing of nothing."""
    assert quantile((1.0, 2.0), (0, 0, 0), 0.5) is None
    assert quantile((1.0, 2.0), (2, 2, 0), 0.5) == 1.0
    assert quantile((1.0, 2.0), (0, 4, 0), 0.5) == 1.5
    assert quantile((1.0, 2.0), (0, 0, 4), 0.9) == 2.0
