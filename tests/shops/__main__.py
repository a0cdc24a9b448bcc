"""`python -m tests.shops`: buy at a real shop system, and count in its own database.

    --cache FOLDER     where the shop is installed, once (a folder among the temporary ones)

Ends with 0 when every purchase ended as promised and both ledgers say the same; with 2 when the
shop cannot be run here, and then says what to install. The definitions are the manual's own.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.shops.household import Household
from tests.shops.scenes import PROMISES, Shown, Stand, shown
from tests.shops.trials import TRIALS, told
from tests.shops.vendure import ShopMissing, VendureShop, installed
from tests.support.faulty_proxy import faulty_proxy

_MANUAL = Path(__file__).parents[2] / "sellers.d" / "README.md"


@dataclass(frozen=True, slots=True)
class Kind:
    """One way a Vendure shop is set up, and the file of the manual that is for it."""

    name: str
    seller: str
    session_by: str
    search: str

    def definition(self, address: str) -> str:
        """The manual's own file, with the address of this run."""
        blocks = re.findall(r"```yaml\n(.*?)```", _MANUAL.read_text("utf-8"), re.DOTALL)
        [text] = [each for each in blocks if f"\nid: {self.seller}\n" in each]
        return re.sub(r"(?m)^base_url: .*$", f"base_url: {address}", text)


KINDS = (
    Kind("sessions in a header", "threeowls", "bearer", "stock"),
    Kind("sessions in a cookie", "threeowls", "cookie", "stock"),
    Kind("a search that tells no stock", "oldmill", "bearer", "plain"),
)


def main() -> int:
    """Run everything; the exit code."""
    cache = _arguments().cache
    try:
        program = installed(cache)
        with tempfile.TemporaryDirectory(prefix="shops-") as folder:
            wrong = sum(asyncio.run(_at_one_shop(program, Path(folder), kind)) for kind in KINDS)
    except ShopMissing as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    _say(
        f"{len(KINDS) * (len(PROMISES) + len(TRIALS))} scenes at {len(KINDS)} shops, {wrong} wrong"
    )
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.shops", description=__doc__)
    usual = Path(tempfile.gettempdir(), "bookhunt-shops")
    parser.add_argument("--cache", type=Path, default=usual)
    return parser.parse_args()


async def _at_one_shop(program: Path, folder: Path, kind: Kind) -> int:
    """Every trial and every scene at one shop; how many went wrong."""
    folder /= f"{kind.session_by}-{kind.search}"
    shop = await asyncio.to_thread(
        VendureShop.open,
        program,
        folder / "shop",
        session_by=kind.session_by,
        search=kind.search,
    )
    try:
        async with faulty_proxy(shop.address) as proxy:
            definition = kind.definition(proxy.address)
            household = await asyncio.to_thread(
                Household.furnish, folder / "home", kind.seller, definition
            )
            stand = Stand(shop, proxy, household)
            _say(f"Vendure: {kind.name}")
            try:
                return await _every_trial(stand) + await _every_scene(stand)
            finally:
                await asyncio.to_thread(household.leave)
    finally:
        await asyncio.to_thread(shop.close)


async def _every_trial(stand: Stand) -> int:
    wrong = 0
    for trial in TRIALS:
        came = await told(stand, trial)
        wrong += bool(came.wrong)
        _say(f"{'FAIL' if came.wrong else 'ok  '}  tried out: {trial.name}")
        for line in (*came.lines, *(f"WRONG  {each}" for each in came.wrong)):
            _say(f"      {line}")
    return wrong


async def _every_scene(stand: Stand) -> int:
    wrong = 0
    for promise in PROMISES:
        began = time.monotonic()
        came = await shown(stand, promise)
        wrong += bool(came.wrong)
        _tell(promise.name, came, time.monotonic() - began)
    return wrong


def _tell(name: str, came: Shown, took_s: float) -> None:
    _say(f"{'FAIL' if came.wrong else 'ok  '}  {name}  ({took_s:.1f} s)")
    for word in came.words:
        price = word["resolved_price"]
        paid = f"  {word['order_id']} for {price['amount']} {price['currency']}" if price else ""
        _say(f"      bookhunt   {word['ended']}{paid}")
    for order in came.placed:
        paid = f"{order.payments} payment of {order.paid_minor / 100:.2f} {order.currency}"
        _say(f"      shop       {order.state}  {order.code}: {order.lines}, {paid}")
    if not came.placed:
        _say(f"      shop       no order; baskets left: {len(came.orders)}")
    for each in came.wrong:
        _say(f"      WRONG      {each}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
