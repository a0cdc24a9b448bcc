"""One life of a ledger and its courier, to be killed: `python -m tests.support.courier_life`.

    python -m tests.support.courier_life LEDGER URL PURCHASES

It buys so many books (nothing is ordered anywhere), tells the webhook at URL of them, and ends when
everything is told. Failure points in its environment kill it on the way.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bookhunt.daemon.clock import SystemClock
from bookhunt.daemon.reaching import CheckedNetwork
from bookhunt.model.notice import Event
from bookhunt.notify.courier import Courier
from bookhunt.notify.webhook import Webhook
from bookhunt.sellers.network import NetworkRules
from bookhunt.store.ledger import SqliteLedger
from tests.support.builders import an_offer
from tests.support.ledger_steps import a_success
from tests.support.notices import says

SECRET = "a secret of the receiver"


async def live(path: Path, url: str, purchases: int) -> None:
    clock = SystemClock()
    ledger = await SqliteLedger.open(path, clock=clock, free_space_floor=0)
    await ledger.set_limits("USD", None)
    await ledger.outbox.listen({"hook": [Event.BOUGHT]})
    courier = Courier(ledger.outbox, clock, look_every_s=0.05)
    courier.targets = {
        "hook": Webhook(
            title="hook",
            address=says(url),
            secret=says(SECRET),
            network=CheckedNetwork(NetworkRules(allow_loopback=True)),
            clock=clock,
            within_s=2.0,
        )
    }
    running = asyncio.create_task(courier.run())
    for _ in range(purchases):
        await a_success(ledger, an_offer(inventory=100))
    while await ledger.outbox.undelivered(limit=1):  # noqa: ASYNC110 - the file is what is asked
        await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await ledger.close()


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
