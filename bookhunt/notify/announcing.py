"""The process that speaks through apprise: `python -m bookhunt.notify.announcing`.

It reads one JSON object from stdin (`address`, `title`, `text`) and ends with one of the codes
below. A process of its own, because apprise would cost a daemon that tells something once a day
38 MB of memory (measured: apprise 2.3, one address), and because a mail server that hangs is best
left by ending whoever waits for it. The address may hold a password: it comes by stdin, and nothing
is printed.
"""

from __future__ import annotations

import json
import logging
import sys

TOLD, FAILED, NOT_INSTALLED, NOT_UNDERSTOOD = 0, 1, 3, 4


def announce(given: bytes) -> int:
    """Tell it; the code to end with."""
    try:
        import apprise
    except ImportError:
        return NOT_INSTALLED
    logging.disable(logging.CRITICAL)  # its sentences quote addresses
    said = json.loads(given)
    announcer = apprise.Apprise()
    if not announcer.add(said["address"]):
        return NOT_UNDERSTOOD
    told = announcer.notify(body=said["text"], title=said["title"])
    return TOLD if told else FAILED


if __name__ == "__main__":
    sys.exit(announce(sys.stdin.buffer.read()))
