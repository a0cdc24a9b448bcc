"""Telling of sellers that are left alone for long: one word a day for each.

A seller that fails once is left alone for seconds, and again for longer; nobody needs to hear of
that. What is worth a word is minutes: it blocks us, wants another password, or is down.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bookhunt.model.errors import BookhuntError
from bookhunt.model.notice import Event, News
from bookhunt.model.reasons import Reason

if TYPE_CHECKING:
    from bookhunt.daemon.daemon import Daemon
    from bookhunt.hunt.gate import Suspension
    from bookhunt.model.seller import Seller

_log = logging.getLogger(__name__)
LOOK_EVERY_S = 30.0
# A block page costs 300 s at first. What is down is left alone for 10 s, then longer each time, up
# to a minute (`hunt.gate`): here it has been down for four minutes.
WORTH_A_WORD_S = 240.0
_WORDS = {
    Reason.BLOCKED: "it blocks bookhunt",
    Reason.UNAUTHORISED: "it does not accept its credentials",
    Reason.UNREADABLE: "its answers cannot be read",
    Reason.TIMED_OUT: "it does not answer in time",
    Reason.UNREACHABLE: "it cannot be reached",
    Reason.SERVER_ERROR: "it fails",
}


async def watch_suspensions(daemon: Daemon) -> None:
    """Look until cancelled."""
    while True:
        await daemon.clock.sleep(LOOK_EVERY_S)
        try:
            await look(daemon)
        except BookhuntError as error:
            _log.warning("what became of a seller could not be told: %s", error)


async def look(daemon: Daemon) -> None:
    """Have those told of that are left alone for minutes now: each once a day."""
    if not daemon.notices.is_heard(Event.SELLER_SUSPENDED):
        return
    for seller in daemon.sellers.all():
        suspension = daemon.service.suspension(seller.id)
        if suspension is None or suspension.cause not in _WORDS:
            continue  # one that asks for patience gets it, and is well
        if suspension.lasts_s >= WORTH_A_WORD_S:
            today = daemon.clock.now().date().isoformat()
            await daemon.notices.post(_news_of(seller, suspension, today=today))


def _news_of(seller: Seller, suspension: Suspension, *, today: str) -> News:
    why = _WORDS[suspension.cause]
    return News(
        event=Event.SELLER_SUSPENDED,
        title=f"Left alone: {seller.name}",
        message=(
            f"{seller.name} is left alone for {suspension.lasts_s / 60:.0f} minutes: {why}. "
            f"bookhunt sellers show {seller.id}"
        ),
        data={
            "seller": seller.id,
            "reason": suspension.cause.value,
            "for_s": round(suspension.lasts_s),
        },
        once=f"suspended/{seller.id}/{today}",
    )
