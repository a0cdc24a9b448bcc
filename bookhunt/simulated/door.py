"""A seller's door: every request is entered in the ledger here, waits its turn, and gets an answer.

The waiting comes before the seller acts, so a client that gives up early may still have bought:
like a real shop, a seller of the street finishes what it has begun, whoever listens.
"""

import asyncio
import random
from collections import Counter

from bookhunt.simulated.dialects import Dialect
from bookhunt.simulated.faults import Faults
from bookhunt.simulated.ledger import Ledger
from bookhunt.simulated.messages import Answer, Call, Operation, Request
from bookhunt.simulated.misbehaviour import misbehave
from bookhunt.simulated.server import Connection


class Door:
    """The site of one seller."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        faults: Faults,
        ledger: Ledger,
        latency_scale: float,
        seed: int,
        records: bool = True,
    ) -> None:
        self.dialect = dialect
        self.shop = dialect.shop
        self.counts: Counter[str] = Counter()
        self._faults = faults
        self._ledger = ledger
        self._median_s = self.shop.profile.latency_ms / 1000 * latency_scale
        self._dice = random.Random(f"latency:{seed}:{self.shop.profile.id}")
        self._records = records  # False: quotes are counted, but not entered in the ledger
        self._seller = self.shop.profile.id

    def refuses_unread(self) -> bool:
        """Whether a fault resets this connection at its first bytes; that is counted, not read."""
        if self._faults and self._faults.take(self._seller, "", unread=True):
            self.counts["unread"] += 1
            return True
        return False

    def serve(self, request: Request, connection: Connection) -> None:
        """Enter the request in the ledger, then answer it after the seller's latency."""
        call = self.dialect.recognise(request)
        call.day = self.shop.day
        self.counts[call.operation.value] += 1
        if self._records or call.operation is not Operation.QUOTE:
            call.seq = self._enter(call)
        if call.operation is Operation.COMMIT and call.key:
            self.shop.in_flight.setdefault(call.key, call.seq)
        if self._faults:
            fault = self._faults.take(self._seller, call.operation)
            if fault is not None:
                misbehave(self, call, connection, fault)
                return
        self.after(self.latency_s(), call, connection)

    def after(self, wait_s: float, call: Call, connection: Connection) -> None:
        """Act and answer as this seller does, so much later."""
        if wait_s <= 0:
            self._act_and_answer(call, connection)
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(wait_s, self._act_and_answer, call, connection)

    def latency_s(self) -> float:
        """The next draw of this seller's latency: lognormal about its median."""
        if self._median_s <= 0:
            return 0.0
        return self._median_s * self._dice.lognormvariate(0, self.shop.profile.spread)

    def act(self, call: Call) -> Answer:
        """Do what the request asks and make the answer; nothing is sent.

        What waited here while the street was emptied is a request of another day: it does nothing.
        """
        if call.day != self.shop.day:
            return Answer(503, b'{"error":"the street was emptied"}')
        try:
            return self.dialect.answer(call)
        finally:
            self.release(call)

    def release(self, call: Call) -> None:
        """This request is no longer at work on its key."""
        if call.key and self.shop.in_flight.get(call.key) == call.seq:
            del self.shop.in_flight[call.key]

    def send(self, call: Call, answer: Answer, connection: Connection) -> None:
        """Send a whole answer and enter what became of it."""
        self.fate(call, answer.status, sent=not connection.lost)
        connection.write(answer.wire(gzipped=call.request.takes_gzip))
        connection.finish()

    def fate(self, call: Call, status: int, *, sent: bool) -> None:
        """Enter what became of the answer to a request."""
        if call.seq:
            fate = "sent" if sent else "lost"
            self._ledger.note("answer", {"arrival": call.seq, "status": status, "fate": fate})

    def _act_and_answer(self, call: Call, connection: Connection) -> None:
        self.send(call, self.act(call), connection)

    def _enter(self, call: Call) -> int:
        request = call.request
        target = f"{request.path}?{request.query_text}" if request.query_text else request.path
        return self._ledger.note(
            "arrival",
            {
                "seller": self._seller,
                "operation": call.operation,
                "method": request.method,
                "path": target,
                "key": call.key,
                "reference": call.reference,
                "body_hash": request.body_hash,
            },
        )
