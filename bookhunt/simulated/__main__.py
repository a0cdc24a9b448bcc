"""`python -m bookhunt.simulated --state DIR`: open a street of simulated booksellers."""

import argparse
import asyncio
import sys
from pathlib import Path

import uvloop

from bookhunt.simulated.catalogue import MOST_MADE_UP
from bookhunt.simulated.process import Plan, StreetInUseError, run
from bookhunt.simulated.roster import HAND_MADE, MOST_SELLERS


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m bookhunt.simulated", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="directory of the ledger")
    parser.add_argument("--seed", type=int, default=1, help="of stock, prices and latencies")
    parser.add_argument(
        "--sellers", type=int, default=len(HAND_MADE), help=f"how many, at most {MOST_SELLERS}"
    )
    parser.add_argument("--latency-scale", type=float, default=1.0, help="0: answer at once")
    parser.add_argument("--port-base", type=int, default=0, help="control here, sellers above")
    parser.add_argument("--parent-pid", type=int, help="stop when this process is gone")
    parser.add_argument(
        "--count-quotes-only",
        action="store_true",
        help="count quotes without entering each in the ledger; all else is entered",
    )
    parser.add_argument(
        "--made-up-books",
        type=int,
        default=0,
        help=f"so many books beyond the catalogue's, at most {MOST_MADE_UP}",
    )
    parser.add_argument("--copies", type=int, default=1, help="multiplies every stock")
    given = parser.parse_args()
    if not 0 <= given.made_up_books <= MOST_MADE_UP or given.copies < 1:
        parser.error(f"a street has 0 to {MOST_MADE_UP} made-up books, and some copies of each")
    return Plan(
        state_dir=given.state,
        seed=given.seed,
        sellers=given.sellers,
        latency_scale=given.latency_scale,
        port_base=given.port_base,
        parent_pid=given.parent_pid,
        records_quotes=not given.count_quotes_only,
        made_up_books=given.made_up_books,
        copies=given.copies,
    )


def main() -> int:
    """Run a street until it is told to stop; 1 if it cannot open."""
    plan = _plan()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(plan))
    except (StreetInUseError, OSError, ValueError) as error:
        sys.stderr.write(f"the street cannot open: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
