"""`python -m tests.shops`: buy at a real shop system, and count in its own database.

    --cache FOLDER     where the shop is installed, once (a folder among the temporary ones)
    --session-by HOW   how the shop knows a customer again: bearer, cookie, or both in turn

Ends with 0 when every purchase ended as promised and both ledgers say the same; with 2 when the
shop cannot be run here, and then says what to install.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.shops.household import SELLER, Household
from tests.shops.scenes import PROMISES, Shown, Stand, shown
from tests.shops.vendure import ShopMissing, VendureShop, installed
from tests.support.faulty_proxy import faulty_proxy

_DEFINITION = """\
schema: 1
id: {seller}
like: vendure
name: The Corner Shop
base_url: {address}
"""


def main() -> int:
    """Run everything; the exit code."""
    asked = _arguments()
    sessions = ("bearer", "cookie") if asked.session_by == "both" else (asked.session_by,)
    try:
        program = installed(asked.cache)
        with tempfile.TemporaryDirectory(prefix="shops-") as folder:
            wrong = sum(
                asyncio.run(_at_one_shop(program, Path(folder, session), session))
                for session in sessions
            )
    except ShopMissing as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    _say(f"{len(sessions) * len(PROMISES)} scenes, {wrong} wrong")
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.shops", description=__doc__)
    usual = Path(tempfile.gettempdir(), "bookhunt-shops")
    parser.add_argument("--cache", type=Path, default=usual)
    parser.add_argument("--session-by", choices=("bearer", "cookie", "both"), default="both")
    return parser.parse_args()


async def _at_one_shop(program: Path, folder: Path, session: str) -> int:
    """Every scene at one shop; how many went wrong."""
    shop = await asyncio.to_thread(VendureShop.open, program, folder / "shop", session_by=session)
    try:
        async with faulty_proxy(shop.address) as proxy:
            definition = _DEFINITION.format(seller=SELLER, address=proxy.address)
            household = await asyncio.to_thread(Household.furnish, folder / "home", definition)
            _say(f"Vendure, sessions by {session}")
            try:
                return await _every_scene(Stand(shop, proxy, household))
            finally:
                await asyncio.to_thread(household.leave)
    finally:
        await asyncio.to_thread(shop.close)


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
