"""`python -m tests.shops`: buy at real shop systems, and count in their own databases.

    SYSTEM...          vendure, medusa; none: both
    --cache FOLDER     where the shops are installed, once (a folder among the temporary ones)

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
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.shops.household import Household
from tests.shops.medusa import MedusaShop
from tests.shops.scenes import Shown, Stand, promises, shown
from tests.shops.shop import ShopMissing
from tests.shops.trials import told, trials
from tests.shops.vendure import VendureShop
from tests.support.faulty_proxy import faulty_proxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.shops.shop import Shop

_MANUAL = Path(__file__).parents[2] / "sellers.d" / "README.md"


@dataclass(frozen=True, slots=True)
class Kind:
    """One way a shop is set up, and the file of the manual that is for it."""

    name: str
    seller: str
    open: Callable[[Path, Path], Shop]  # the cache of installations, a folder of its own

    def definition(self, address: str) -> str:
        """The manual's own file, with the address of this run."""
        blocks = re.findall(r"```yaml\n(.*?)```", _MANUAL.read_text("utf-8"), re.DOTALL)
        [text] = [each for each in blocks if f"\nid: {self.seller}\n" in each]
        return re.sub(r"(?m)^base_url: .*$", f"base_url: {address}", text)


def _vendure(session_by: str, search: str) -> Callable[[Path, Path], Shop]:
    return partial(VendureShop.open, session_by=session_by, search=search)


KINDS = {
    "vendure": (
        Kind("Vendure, sessions in a header", "threeowls", _vendure("bearer", "stock")),
        Kind("Vendure, sessions in a cookie", "threeowls", _vendure("cookie", "stock")),
        Kind("Vendure, a search that tells no stock", "oldmill", _vendure("bearer", "plain")),
    ),
    "medusa": (Kind("Medusa", "halfmoon", MedusaShop.open),),
}


def main() -> int:
    """Run everything; the exit code."""
    asked = _arguments()
    kinds = [kind for system in asked.systems or KINDS for kind in KINDS[system]]
    tally = Tally()
    try:
        with tempfile.TemporaryDirectory(prefix="shops-") as folder:
            for n, kind in enumerate(kinds):
                asyncio.run(_at_one_shop(asked.cache, Path(folder, str(n)), kind, tally))
    except ShopMissing as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    _say(f"{tally.played} scenes at {len(kinds)} shops, {tally.wrong} wrong")
    return 1 if tally.wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.shops", description=__doc__)
    usual = Path(tempfile.gettempdir(), "bookhunt-shops")
    parser.add_argument("--cache", type=Path, default=usual)
    parser.add_argument("systems", nargs="*", choices=[*KINDS, []], metavar="SYSTEM")
    asked = parser.parse_args()
    asked.cache = asked.cache.absolute()  # programs are started in folders of their own
    return asked


@dataclass(slots=True)
class Tally:
    """How much was played, and how much of it went wrong."""

    played: int = 0
    wrong: int = 0

    def count(self, wrong: list[str]) -> None:
        """One more."""
        self.played += 1
        self.wrong += bool(wrong)


async def _at_one_shop(cache: Path, folder: Path, kind: Kind, tally: Tally) -> None:
    """Every trial and every scene at one shop."""
    shop = await asyncio.to_thread(kind.open, cache, folder / "shop")
    try:
        async with faulty_proxy(shop.facts.address) as proxy:
            definition = kind.definition(proxy.address)
            household = await asyncio.to_thread(
                Household.furnish, folder / "home", kind.seller, definition, shop.facts
            )
            stand = Stand(shop, proxy, household)
            _say(kind.name)
            try:
                await _every_trial(stand, tally)
                await _every_scene(stand, tally)
            finally:
                await asyncio.to_thread(household.leave)
    finally:
        await asyncio.to_thread(shop.close)


async def _every_trial(stand: Stand, tally: Tally) -> None:
    for trial in trials(stand.shop):
        came = await told(stand, trial)
        tally.count(came.wrong)
        _say(f"{'FAIL' if came.wrong else 'ok  '}  tried out: {trial.name}")
        for line in (*came.lines, *(f"WRONG  {each}" for each in came.wrong)):
            _say(f"      {line}")


async def _every_scene(stand: Stand, tally: Tally) -> None:
    for promise in promises(stand.shop):
        began = time.monotonic()
        came = await shown(stand, promise)
        tally.count(came.wrong)
        _tell(promise.name, came, time.monotonic() - began)


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
