"""What the hunt needs of the world, as protocols; adapters stand above and are never named here.

No port assumes one process: every change to the ledger is compare-and-set on (state, version), so
that a ledger shared by several nodes can stand behind the same protocol. Each port has a contract
suite in `tests/contract` that every implementation passes, doubles included.
"""

from bookhunt.hunt.ports.knowledge import (
    KeptNames,
    Knowledge,
    NameShelf,
    NoRates,
    RateShelf,
    RateSources,
    RateTable,
    Resolved,
    Resolvers,
)
from bookhunt.hunt.ports.ledger import (
    Facts,
    Intended,
    Intent,
    IntentRefusal,
    Ledger,
    Limits,
    Recovered,
    Submitted,
)
from bookhunt.hunt.ports.memory import (
    BeliefRows,
    BeliefShelf,
    Explanations,
    Kept,
    OfferKey,
    OfferShelf,
)
from bookhunt.hunt.ports.outbox import Outbox
from bookhunt.hunt.ports.prices import PriceShelf
from bookhunt.hunt.ports.selling import (
    Ask,
    Order,
    Prepared,
    Quoted,
    Refusal,
    Sellers,
    Sent,
    Stopped,
)
from bookhunt.hunt.ports.surroundings import Buyers, Clock
from bookhunt.hunt.ports.tracing import TraceShelf
from bookhunt.hunt.ports.watches import Watches

__all__ = [
    "Ask",
    "BeliefRows",
    "BeliefShelf",
    "Buyers",
    "Clock",
    "Explanations",
    "Facts",
    "Intended",
    "Intent",
    "IntentRefusal",
    "Kept",
    "KeptNames",
    "Knowledge",
    "Ledger",
    "Limits",
    "NameShelf",
    "NoRates",
    "OfferKey",
    "OfferShelf",
    "Order",
    "Outbox",
    "Prepared",
    "PriceShelf",
    "Quoted",
    "RateShelf",
    "RateSources",
    "RateTable",
    "Recovered",
    "Refusal",
    "Resolved",
    "Resolvers",
    "Sellers",
    "Sent",
    "Stopped",
    "Submitted",
    "TraceShelf",
    "Watches",
]
