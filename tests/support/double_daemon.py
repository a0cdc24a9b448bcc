"""`python -m tests.support.double_daemon`: a daemon's life around doubles, as a process of its own.

One scripted seller sells the book of the builders for 12.50. `SEND_S` in the environment is how
long it takes to answer an order; each order that it executes is a line in `$BOOKHUNT_HOME/orders`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bookhunt.daemon.lifecycle import run
from bookhunt.home.paths import Home
from bookhunt.model.errors import BookhuntError
from bookhunt.wire.problems import exit_code_of
from tests.support.builders import an_offer
from tests.support.running_daemon import a_daemon
from tests.support.scripted_sellers import QuoteScript, ScriptedSellers, SendScript, a_seller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bookhunt.daemon.daemon import Daemon
    from bookhunt.home.config import ConfigFile


@asynccontextmanager
async def doubles(home: Home, config_file: ConfigFile) -> AsyncIterator[Daemon]:
    daemon = a_daemon(home, config_file=config_file)
    sellers = daemon.sellers
    assert isinstance(sellers, ScriptedSellers)
    sellers.add(a_seller("alpha"), QuoteScript(offers=(an_offer("alpha"),)))
    send_s = float(os.environ.get("SEND_S", "0"))
    sellers.sends("alpha", *[SendScript(delay_s=send_s)] * 100)
    noting = asyncio.create_task(_note(home, sellers))
    yield daemon
    noting.cancel()
    ended = [state for _, state in daemon.ledger.journal]  # type: ignore[attr-defined]
    (home.data_dir / "ended").write_text("\n".join(ended))


async def _note(home: Home, sellers: ScriptedSellers) -> None:
    """Tell the test how many orders there are, as they come."""
    while True:
        (home.data_dir / "orders").write_text("\n".join(o.order_id for o in sellers.orders))
        await asyncio.sleep(0.005)


def main() -> int:
    try:
        run(Home.find(), assemble=doubles)
    except BookhuntError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n")
        return exit_code_of(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
