"""The verdict on a case: the street's own ledger against ours, read when nobody lives any more.

bookhunt's word is never taken. What a seller executed stands in the street's ledger; what bookhunt
knows stands in its own, and both must say the same of every request.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.plan_frozen import FrozenOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from bookhunt.simulated import Street

_FINAL = frozenset(
    {"SUCCESS", "NOT_AVAILABLE", "PURCHASE_FAILED", "CANCELLED", "EXPIRED", "DRY_RUN"}
)
# Each of these words must count nothing, in every level.
FAULTS = (
    "doubles",  # requests with more than one order that stands
    "lost",  # requests that ended without success, and an order stands
    "phantom",  # successes without exactly the order they name
    "stuck",  # requests that are neither final nor waiting for a person
    "overspent",  # orders beyond the limit of the customer
    "over-claimed",  # copies claimed or ordered beyond those there were
    "unrecorded",  # orders that reached a seller, and the ledger has not their exact bytes
    "missed",  # requests that ended without success, and a seller would have sold
)


class StreetLedger:
    """The lines the street writes, from a mark on."""

    def __init__(self, street: Street) -> None:
        self._path = street.state_dir / "ledger.jsonl"
        self._offset = 0
        self.lines: list[dict[str, Any]] = []

    def mark(self) -> None:
        """Forget what was read: a new case begins."""
        self.read()
        self.lines.clear()

    def read(self) -> list[dict[str, Any]]:
        """Every whole line since the mark."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        self.lines += [json.loads(line) for line in whole.splitlines()]
        return self.lines

    def kind(self, kind: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["kind"] == kind]

    def commits(self) -> list[dict[str, Any]]:
        return [line for line in self.kind("arrival") if line["operation"] == "commit"]

    def standing(self) -> list[dict[str, Any]]:
        """Orders that were executed and not taken back."""
        gone = {(line["seller"], line["order_id"]) for line in self.kind("cancel")}
        orders = self.kind("order")
        return [order for order in orders if (order["seller"], order["order_id"]) not in gone]

    def last_commit_age_s(self) -> float:
        """How long ago the last order arrived; very long where none did."""
        return time.time() - max((line["time"] for line in self.commits()), default=0.0)

    def latest_execution_s(self) -> float:
        """How long after its arrival an order was executed, at the most."""
        arrived = {line["seq"]: line["time"] for line in self.kind("arrival")}
        late = [order["time"] - arrived[order["arrival"]] for order in self.kind("order")]
        return max(late, default=0.0)


@dataclass(slots=True)
class Verdict:
    """What is wrong, by the words of `FAULTS`, and how the requests ended."""

    faults: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FAULTS, 0))
    states: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    waits_at: set[str] = field(default_factory=set)  # sellers whose orders need a person

    @property
    def attention(self) -> int:
        return self.states.count("NEEDS_ATTENTION")

    @property
    def is_clean(self) -> bool:
        return not any(self.faults.values())

    def blame(self, fault: str, note: str) -> None:
        self.faults[fault] += 1
        self.notes.append(f"{fault}: {note}")


@dataclass(frozen=True, slots=True)
class OurLedger:
    """What the file of a dead bookhunt holds."""

    requests: list[sqlite3.Row]
    attempts: dict[str, list[sqlite3.Row]]
    claims: list[sqlite3.Row]

    @classmethod
    def read(cls, path: Path) -> OurLedger:
        db = sqlite3.connect(path)
        db.row_factory = sqlite3.Row
        try:
            requests = db.execute("SELECT * FROM request ORDER BY id").fetchall()
            attempts: dict[str, list[sqlite3.Row]] = {row["id"]: [] for row in requests}
            for row in db.execute("SELECT * FROM attempt ORDER BY id"):
                attempts[row["request_id"]].append(row)
            claims = db.execute(
                "SELECT seller, item, count(*) AS units FROM claim"
                " WHERE state IN ('held', 'used') GROUP BY seller, item"
            ).fetchall()
        finally:
            db.close()
        return cls(requests, attempts, claims)


def judge(
    street: StreetLedger,
    ours: OurLedger,
    *,
    secret: Callable[[str], str],
    copies: Mapping[tuple[str, str], int],
    most_minor: int | None = None,
    must_succeed: bool = False,
) -> Verdict:
    """The verdict on every request of a ledger.

    `copies` there were of each (seller, item) when it began; `most_minor` may be spent in all;
    `must_succeed`: somebody would have sold a copy for each request.
    """
    verdict = Verdict()
    orders = street.standing()
    for request in ours.requests:
        attempts = ours.attempts[request["id"]]
        own = [order for order in orders if _is_of(order, attempts)]
        _judge_request(verdict, request, attempts, own, must_succeed=must_succeed)
    attempts = [row for rows in ours.attempts.values() for row in rows]
    _judge_records(verdict, street.commits(), attempts, secret)
    for order in orders:
        if not _is_of(order, attempts):
            verdict.blame("unrecorded", f"order {order['order_id']} is nobody's")
    spent = sum(order["total_minor"] for order in orders)
    if most_minor is not None and spent > most_minor:
        verdict.blame("overspent", f"{spent} of {most_minor}")
    _judge_copies(verdict, orders, ours.claims, copies)
    return verdict


def _is_of(order: Mapping[str, Any], attempts: Iterable[sqlite3.Row]) -> bool:
    return any(
        order["seller"] == attempt["seller"]
        and (order["reference"] == attempt["reference"] or order["key"] == attempt["key"])
        for attempt in attempts
    )


def _judge_request(
    verdict: Verdict,
    request: sqlite3.Row,
    attempts: list[sqlite3.Row],
    orders: list[dict[str, Any]],
    *,
    must_succeed: bool,
) -> None:
    state, name = request["state"], request["idempotency_key"]
    verdict.states.append(state)
    verdict.waits_at |= {each["seller"] for each in attempts if each["stage"] == "manual"}
    told = [order["order_id"] for order in orders]
    if len(orders) > 1:
        verdict.blame("doubles", f"{name} ({state}) has {told}")
    if state == "SUCCESS":
        _judge_success(verdict, request, attempts, orders)
    elif state in _FINAL and orders:
        verdict.blame("lost", f"{name} is {state} and has {told}")
    elif state in _FINAL and must_succeed:
        verdict.blame("missed", f"{name} is {state}: {request['result']}")
    elif state not in _FINAL and state != "NEEDS_ATTENTION":
        verdict.blame("stuck", f"{name} is {state}")


def _judge_success(
    verdict: Verdict,
    request: sqlite3.Row,
    attempts: list[sqlite3.Row],
    orders: list[dict[str, Any]],
) -> None:
    name = request["idempotency_key"]
    won = [attempt for attempt in attempts if attempt["stage"] == "confirmed"]
    if len(won) != 1 or not orders:
        verdict.blame("phantom", f"{name}: {len(won)} confirmed, {len(orders)} stand")
        return
    [attempt], order = won, orders[0]
    bought = json.loads(request["result"])["bought"]
    if not _is_of(order, won):
        verdict.blame("phantom", f"{name} names {attempt['seller']}, bought at {order['seller']}")
    elif attempt["order_id"] not in {None, order["order_id"], order.get("number")}:
        verdict.blame("phantom", f"{name} names {attempt['order_id']}, not {order['order_id']}")
    elif bought["charge_confirmed"] and bought["total"]["minor"] != order["total_minor"]:
        verdict.blame("phantom", f"{name} says {bought['total']}, paid {order['total_minor']}")
    elif bought["charge_confirmed"] and bought["overcharged"] != (
        order["total_minor"] > attempt["agreed_minor"]
    ):
        verdict.blame("phantom", f"{name} is wrong about having paid more than was agreed")


def _judge_records(
    verdict: Verdict,
    commits: list[dict[str, Any]],
    attempts: list[sqlite3.Row],
    secret: Callable[[str], str],
) -> None:
    """Every order that reached a seller was in the ledger before, in exactly its bytes."""
    if not commits:
        return
    bodies = {}
    for attempt in attempts:
        if attempt["frozen"] is not None:
            wire = FrozenOrder.read(attempt["frozen"]).request.revealed(secret)
            digest = hashlib.sha256(wire.body).hexdigest() if wire.body else ""
            bodies[attempt["seller"], digest] = attempt
    for commit in commits:
        attempt = bodies.get((commit["seller"], commit["body_hash"]))
        if attempt is None:
            verdict.blame("unrecorded", f"{commit['path']} at {commit['seller']}, in no attempt")
        elif commit["key"] not in {"", attempt["key"]}:
            verdict.blame("unrecorded", f"{commit['seller']} was sent the key {commit['key']}")


def _judge_copies(
    verdict: Verdict,
    orders: list[dict[str, Any]],
    claims: list[sqlite3.Row],
    copies: Mapping[tuple[str, str], int],
) -> None:
    ordered: dict[tuple[str, str], int] = {}
    for order in orders:
        where = order["seller"], order["item"]
        ordered[where] = ordered.get(where, 0) + order["quantity"]
    for where, units in ordered.items():
        if units > copies.get(where, 0):
            verdict.blame("over-claimed", f"{units} ordered of {where}")
    # What the seller calls an item is a part of what its definition calls one.
    for claim in claims:
        most = max(
            (n for (seller, item), n in copies.items() if _names(claim, seller, item)), default=0
        )
        if claim["units"] > most:
            verdict.blame("over-claimed", f"{claim['units']} claimed of {claim['item']}")


def _names(claim: sqlite3.Row, seller: str, item: str) -> bool:
    return bool(claim["seller"] == seller and item in claim["item"])
