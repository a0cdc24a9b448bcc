"""`python -m tests.crash.mutants`: each protection is removed in turn, and must be missed.

A protection that no test misses is not protected. Each mutant is a few lines of the package changed
in a copy of the whole tree; the cases and tests named with it run there, and the first of them that
fails has killed it. A mutant whose lines are not found any more is a failure too: the code went on
and the list did not.

    python -m tests.crash.mutants [NAME ...] [--workers 2]
"""

# ruff: noqa: E501 - lines of the package stand here as they are, and as they must not be

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_WHAT_RUNS = ("bookhunt", "tests", "sellers.d", "pyproject.toml")
_ENDS_WITHIN_S = 600.0
# What pytest and `tests.crash` end with after a failure: any other end proves nothing.
_FAILED = 1


@dataclass(frozen=True, slots=True)
class Change:
    """Lines of one file that become others; the old ones stand there exactly once."""

    file: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Change the file.

        Raises:
            ValueError: the old lines do not stand there once.
        """
        path = root / "bookhunt" / self.file
        text = path.read_text("utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file} has {text.count(self.old)} times: {self.old!r}")
        path.write_text(text.replace(self.old, self.new), "utf-8")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A protection removed, and what must miss it: the first killer is the best proof."""

    name: str
    changes: tuple[Change, ...]
    killers: tuple[str, ...]


def scene(*names: str) -> str:
    """A killer: these scenes of `tests.crash`, killed at each of their points."""
    return "tests.crash --forget " + " ".join(f"--scene {name}" for name in names)


MUTANTS = (
    Mutant(
        "no index that allows one live attempt only",
        (
            Change(
                "store/schema/ledger_0001.sql",
                "CREATE UNIQUE INDEX one_live_attempt",
                "CREATE INDEX one_live_attempt",
            ),
        ),
        ("pytest tests/unit/store/test_schema.py",),
    ),
    Mutant(
        "the key is made from book, seller and price",
        (
            Change(
                "hunt/claim.py",
                "key=new_key(),",
                "key=f'{offer.isbn13}:{offer.seller}:{offer.total or ceiling}',",
            ),
        ),
        ("tests.crash --forget --crowd 1.0 --kills 0", "pytest tests/unit/hunt/test_claim.py"),
    ),
    Mutant(
        "an order is written down after it was sent",
        (
            Change(
                "hunt/buying.py",
                """    sending = await world.ledger.start_sending(attempt, prepared.frozen)
""",
                """    early = replace(attempt, frozen=prepared.frozen, sends=1)
    sent = await _send(world, replace(order, attempt=early))
    sending = await world.ledger.start_sending(attempt, prepared.frozen)
""",
            ),
            Change(
                "hunt/buying.py",
                "    sent = await _send(world, replace(order, attempt=sending))\n",
                "",
            ),
        ),
        (scene("amberside/none"), "pytest tests/unit/hunt/test_buying.py"),
    ),
    Mutant(
        "a commit does not wait for the disk",
        (Change("store/database.py", '"ledger", "FULL"', '"ledger", "NORMAL"'),),
        (
            "tests.crash.power --points 60",
            "pytest tests/unit/store/test_database.py -k pragmas",
        ),
    ),
    Mutant(
        "a lost answer is a refusal",
        (
            Change(
                "hunt/settlement.py",
                """            return Stage.REFUSED
        case _:
            return Stage.UNKNOWN
""",
                """            return Stage.REFUSED
        case _:
            return Stage.REFUSED
""",
            ),
        ),
        (scene("elmcourt/hang_after"), "pytest tests/unit/hunt/test_settlement.py"),
    ),
    Mutant(
        "not found counts at once",
        (
            Change(
                "hunt/unknown.py",
                "        and lived.quiet_s >= seller.proof.settle_s\n",
                "",
            ),
        ),
        (scene("dovetail/delayed"), "pytest tests/unit/hunt/test_recovery.py -k late"),
    ),
    Mutant(
        "any refusal of a second send counts",
        (
            Change(
                "hunt/settlement.py",
                "case answer if answer in DECLARED_REFUSALS and replays_same_answer:",
                "case answer if answer in DECLARED_REFUSALS:",
            ),
        ),
        (scene("mossbridge/reset_after+402"), "pytest tests/unit/hunt/test_settlement.py"),
    ),
    Mutant(
        "what says nothing of the first send counts as a refusal",
        (
            Change(
                "hunt/settlement.py",
                """            return Stage.REFUSED
        case _:
            return None


def stage_after_look_up""",
                """            return Stage.REFUSED
        case Answer.UNAUTHORISED | Answer.RATE_LIMITED | Answer.NOT_SENT:
            return Stage.REFUSED
        case _:
            return None


def stage_after_look_up""",
            ),
        ),
        (
            scene("brightwater/reset_after+401", "brightwater/reset_after+429"),
            "pytest tests/unit/hunt/test_settlement.py",
        ),
    ),
    Mutant(
        "the transport sends again by itself",
        (
            Change(
                "sellers/order_transport.py",
                """            try:
                return await self._send(request, url, host, times, body_limit)
            except WireFailed as failed:
                if failed.kind is not FailureKind.NOT_SENT:
                    raise
""",
                """            try:
                with contextlib.suppress(WireFailed):
                    return await self._send(request, url, host, times, body_limit)
                return await self._send(request, url, host, times, body_limit)
            except WireFailed as failed:
                if failed.kind is not FailureKind.NOT_SENT:
                    raise
""",
            ),
            Change(
                "sellers/order_transport.py",
                "import asyncio\n",
                "import asyncio\nimport contextlib\n",
            ),
        ),
        (
            scene("elmcourt/reset_after", "pennyroyal/reset_before"),
            "pytest tests/unit/sellers/test_order_transport.py",
        ),
    ),
    Mutant(
        "the transport follows redirects",
        (
            Change(
                "sellers/order_transport.py",
                """                response = await transport.handle_async_request(made)
""",
                """                response = await transport.handle_async_request(made)
                if "location" in response.headers:
                    made.url = url.join(response.headers["location"])
                    response = await transport.handle_async_request(made)
""",
            ),
        ),
        ("pytest tests/unit/sellers/test_order_transport.py",),
    ),
    Mutant(
        "a copy is free again while its order is in doubt",
        (
            Change(
                "store/purchases.py",
                """    if not to.is_open:
        claims.end(db, settled, now=now)
""",
                """    if not to.is_open or to is Stage.UNKNOWN:
        claims.end(db, settled, now=now)
    if not to.is_open:
""",
            ),
            Change(
                "store/schema/ledger_0001.sql",
                "ELSE stage IN ('refused', 'not_sent', 'absent', 'abandoned') END)\n"
                "BEGIN SELECT RAISE(ABORT, 'a claim ends as its attempt does'); END;",
                "ELSE stage <> 'prepared' END)\n"
                "BEGIN SELECT RAISE(ABORT, 'a claim ends as its attempt does'); END;",
            ),
        ),
        ("pytest tests/contract/test_ledger_stock.py",),
    ),
    Mutant(
        "money is free again while its order is in doubt",
        (
            Change(
                "store/purchases.py",
                """        limits = budgets.limits(db, settled.max_price.currency, defaults=defaults)
        budgets.end(db, settled, limits)
    if request_to""",
                """    if not to.is_open or to is Stage.UNKNOWN:
        limits = budgets.limits(db, settled.max_price.currency, defaults=defaults)
        budgets.end(db, settled, limits)
    if request_to""",
            ),
            Change(
                "store/schema/ledger_0001.sql",
                "ELSE stage IN ('refused', 'not_sent', 'absent', 'abandoned') END)\n"
                "BEGIN SELECT RAISE(ABORT, 'a reservation ends as its attempt does'); END;",
                "ELSE stage <> 'prepared' END)\n"
                "BEGIN SELECT RAISE(ABORT, 'a reservation ends as its attempt does'); END;",
            ),
        ),
        ("pytest tests/contract/test_ledger_money.py",),
    ),
    Mutant(
        "who asks for the same book gets the other's purchase",
        (
            Change(
                "store/requests.py",
                """    row = db.execute(_SQL["by_key"], key).fetchone()
    if row is not None:
        if row["fingerprint"] != fingerprint:""",
                """    row = db.execute(_SQL["by_key"], key).fetchone()
    if row is None:
        row = db.execute(
            "SELECT * FROM request WHERE book = ? AND state NOT IN ('CANCELLED', 'EXPIRED')",
            (request.book.identity,),
        ).fetchone()
    if row is not None:
        if row["idempotency_key"] == request.idempotency_key and row["fingerprint"] != fingerprint:""",
            ),
        ),
        (
            "tests.crash --forget --crowd 1.0 --kills 0",
            "pytest tests/contract/test_ledger_requests.py",
        ),
    ),
    Mutant(
        "an order that was being sent is given up after a crash",
        (
            Change(
                "store/recovery.py",
                """            to, request_to = Stage.UNKNOWN, RequestState.IN_DOUBT
""",
                """            to, request_to = Stage.REFUSED, RequestState.PROCESSING
""",
            ),
        ),
        (scene("amberside/none"), "pytest tests/contract/test_ledger_recovery.py"),
    ),
    Mutant(
        "recovery forgets orders in doubt",
        (
            Change(
                "hunt/recovery.py",
                """            self.take(attempt, recovered=True)
""",
                """            if attempt.stage is not Stage.UNKNOWN:
                self.take(attempt, recovered=True)
""",
            ),
        ),
        (scene("amberside/none"), "pytest tests/unit/hunt/test_recovery.py"),
    ),
    # ------------------------------------------------------------- beyond the list of the design
    Mutant(
        "one look-up that finds nothing is enough",
        (Change("hunt/unknown.py", "_NEGATIVES_NEEDED = 2", "_NEGATIVES_NEEDED = 1"),),
        ("pytest tests/unit/hunt/test_recovery.py",),
    ),
    Mutant(
        "an order in doubt lets the next seller sell",
        (
            Change(
                "model/purchase.py",
                "NEGATIVE = frozenset({_T.REFUSED,",
                "NEGATIVE = frozenset({_T.UNKNOWN, _T.REFUSED,",
            ),
        ),
        # The index and the request's own state stand behind this one: nothing is bought twice.
        ("pytest tests/unit/model/test_states.py",),
    ),
    Mutant(
        "the second send is made with another key",
        (
            Change(
                "sellers/plan_purchase.py",
                "            answer = await run.exchange.send(rendered, within_s=within_s, once=True)\n",
                "            if not first:\n"
                "                rendered = type(rendered).from_json({**rendered.to_json(), 'headers': [\n"
                "                    [n, v + '2' if n == 'Idempotency-Key' else v]\n"
                "                    for n, v in rendered.to_json()['headers']]})\n"
                "            answer = await run.exchange.send(rendered, within_s=within_s, once=True)\n",
            ),
        ),
        ("tests.crash --forget --case mossbridge/reset_after",),  # each such life takes its time,
    ),
    Mutant(
        "cancelling an order that was sent ends its request",
        (
            Change(
                "store/requests.py",
                """    if attempts.live(db, request_id) is None:
        cancelled""",
                """    if record.state is not RequestState.SUCCESS:
        cancelled""",
            ),
            Change(
                "store/schema/ledger_0001.sql",
                """WHEN NEW.state IN ('PROCESSING', 'NOT_AVAILABLE', 'PURCHASE_FAILED', 'CANCELLED',""",
                """WHEN NEW.state IN ('PROCESSING', 'NOT_AVAILABLE', 'PURCHASE_FAILED',""",
            ),
        ),
        ("pytest tests/contract/test_ledger_requests.py",),
    ),
    Mutant(
        "what was sent to a seller is read from the definition of today",
        (
            Change(
                "hunt/unknown.py",
                "        and seller.definition_hash == attempt.definition_hash\n",
                "",
            ),
        ),
        ("pytest tests/unit/hunt/test_recovery.py -k edited",),
    ),
    Mutant(
        "an order is sent again while buying is paused",
        (
            Change(
                "store/purchases.py",
                """    _withdraw_if(meta.forbids_buying(db))
    parameters = {"id": current.id, "version": current.version, "now_us": micros(now)}
""",
                """    parameters = {"id": current.id, "version": current.version, "now_us": micros(now)}
""",
            ),
        ),
        ("pytest tests/contract/test_ledger_attempts.py -k paused",),
    ),
    Mutant(
        "what refuses a repeat is taken for an answer to the first submission",
        (
            Change(
                "cli/purchases.py",
                """    if error.of_a_repeat:
        return False
""",
                "",
            ),
        ),
        ("pytest tests/unit/cli/test_purchases.py",),
    ),
    Mutant(
        "the same bytes go while the first may still be worked on",
        (
            Change(
                "hunt/unknown.py",
                "waits = paused or lived.quiet_s < proof.resend_after_s",
                "waits = paused",
            ),
        ),
        ("pytest tests/story/test_protocol_shops.py -k slow_commit",),
    ),
    Mutant(
        "the same bytes go into what the seller says it works on",
        (
            Change(
                "hunt/unknown.py",
                "if plan.resend and not looked.under_way:",
                "if plan.resend:",
            ),
        ),
        ("pytest tests/unit/hunt/test_recovery.py -k works_on",),
    ),
    Mutant(
        "what must hold of an answer is not held against it",
        (Change("sellers/plan_reading.py", "    if broken is not None:", "    if False:"),),
        ("pytest tests/story/test_protocol_shops.py -k what_it_should_be",),
    ),
    Mutant(
        "what lies in the basket is not looked at",
        (
            Change(
                "sellers/plan_reading.py",
                """    if step.basket is not None:
        wrong""",
                """    if False:
        wrong""",
            ),
        ),
        ("pytest tests/story/test_shop_systems.py -k wrong_isbn", "pytest tests/unit/sellers"),
    ),
    Mutant(
        "what an order cost is never looked up",
        (
            Change(
                "sellers/gateway.py",
                "        if self._confirms():\n",
                "        if False:\n",
            ),
        ),
        ("pytest tests/story/test_shop_systems.py -k charges_more",),
    ),
    Mutant(
        "the number of an order that was only accepted dies with the process",
        (
            Change(
                "sellers/scope.py",
                '"key": attempt.key, "id": attempt.order_id}',
                '"key": attempt.key, "id": None}',
            ),
        ),
        (scene("zinc/none"),),
    ),
    Mutant(
        "a cart that says nothing of itself counts as one that was not ordered",
        (
            Change(
                "../sellers.d/medusa.yaml",
                "contains(keys(cart), 'completed_at') && cart.completed_at == `null`",
                "cart.complete_at == `null`",
            ),
        ),
        (scene("medusa/lost_after@commit"),),
    ),
)


def killed_by(killer: str, tree: Path) -> tuple[bool, str]:
    """Whether a killer fails in this tree as a killer should, and the last lines it said."""
    program, *arguments = killer.split()
    if program == "pytest":
        arguments += [
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore::pytest.PytestConfigWarning",
        ]
    command = [sys.executable, "-m", program, *arguments]
    try:
        done = subprocess.run(
            command, cwd=tree, capture_output=True, text=True, check=False, timeout=_ENDS_WITHIN_S
        )
    except subprocess.TimeoutExpired:
        return False, f"no end within {_ENDS_WITHIN_S:.0f} s"
    said = (done.stdout + done.stderr).strip().splitlines()
    failed = done.returncode == _FAILED and any(
        word in line for line in said for word in ("FAULT", "FAILED", " lost ")
    )
    return failed, "\n".join(said[-15:])


def copy_of_the_tree(to: Path) -> Path:
    """The package, its tests and what they read."""
    for name in _WHAT_RUNS:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(source, to / name, ignore=ignored)
        else:
            shutil.copy(source, to / name)
    return to


def try_mutant(mutant: Mutant, pristine: Path) -> tuple[bool, str]:
    """Whether the mutant died, and a line that says by what."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(pristine, tree)
        try:
            for change in mutant.changes:
                change.apply(tree)
        except ValueError as error:
            return False, f"cannot be made: {error}"
        told = []
        for killer in mutant.killers:
            killed, said = killed_by(killer, tree)
            if killed:
                return True, killer
            told.append(f"survived {killer}:\n{said}")
        return False, "\n".join(told)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="only mutants whose names hold one of these")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    wanted = [
        mutant
        for mutant in MUTANTS
        if not given.names or any(name in mutant.name for name in given.names)
    ]
    with tempfile.TemporaryDirectory(prefix="pristine-") as folder:
        pristine = copy_of_the_tree(Path(folder))
        with ThreadPoolExecutor(given.workers) as pool:
            ends = list(pool.map(lambda mutant: try_mutant(mutant, pristine), wanted))
    for mutant, (died, how) in zip(wanted, ends, strict=True):
        print(f"{'died    ' if died else 'SURVIVED'}  {mutant.name}\n          {how}")
    alive = sum(not died for died, _ in ends)
    print(f"{len(wanted) - alive} of {len(wanted)} mutants died")
    return 1 if alive or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
