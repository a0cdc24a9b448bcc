"""A street of simulated booksellers: the world of the demo, the oracle of the safety tests.

The street runs as its own process and keeps its own ledger of what was asked and ordered, so that
nobody has to take the buyer's word. It imports nothing else of bookhunt. From outside:

    from bookhunt.simulated import start
    street = start(directory, seed=1, latency_scale=0)

`street` has this API, `faults` the ways in which sellers misbehave, `roster` the sellers.
"""

from bookhunt.simulated.roster import HAND_MADE, MOST_SELLERS
from bookhunt.simulated.street import (
    Place,
    Street,
    StreetError,
    credentials,
    definitions,
    payment_tokens,
    running,
    settings,
    start,
)

__all__ = [
    "HAND_MADE",
    "MOST_SELLERS",
    "Place",
    "Street",
    "StreetError",
    "credentials",
    "definitions",
    "payment_tokens",
    "running",
    "settings",
    "start",
]
