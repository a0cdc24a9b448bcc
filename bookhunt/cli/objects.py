"""What commands print with `--json`: each kind of object, what it is, and the names of its fields.

An `Entry` names its kind. Fields that depend on what is shown (`sellers show`, `daemon status`) are
left open: those objects are for people to look at, with the names they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.cli import exit_codes
from bookhunt.cli.config import SETTING_FIELDS
from bookhunt.cli.daemon_install import UNIT_FIELDS
from bookhunt.cli.demo import DEMO_FIELDS
from bookhunt.cli.findings import FINDING_FIELDS
from bookhunt.cli.limits import LIMIT_FIELDS
from bookhunt.cli.metrics import SAMPLE_FIELDS
from bookhunt.cli.sandbox import ORDER_FIELDS
from bookhunt.cli.sellers_doctor import TEST_FIELDS
from bookhunt.cli.top import LOOK_FIELDS
from bookhunt.cli.trace import SHOWN_FIELDS
from bookhunt.cli.version import VERSION_FIELDS
from bookhunt.wire.contract import (
    BOOK_FIELDS,
    DELIVERY_FIELDS,
    FEEDBACK_FIELDS,
    NOTIFY_SECRET_FIELDS,
    NOTIFY_TEST_FIELDS,
    OFFER_FIELDS,
    PRICE_LINE_FIELDS,
    PROFILE_FIELDS,
    REQUEST_FIELDS,
    SELLER_FIELDS,
)
from bookhunt.wire.watches import WATCH_FIELDS

if TYPE_CHECKING:
    from bookhunt.cli.commands import Entry

# Each with the clause that finishes "With --json, ..."; no fields: they depend on what is shown.
OBJECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "request": ("each request is a line", tuple(REQUEST_FIELDS)),
    "offer": ("each offer is a line", tuple(OFFER_FIELDS)),
    "seller": ("each seller is a line", tuple(SELLER_FIELDS)),
    "seller and needs": (
        "the seller is a line, with the secrets and the payment token that it needs",
        (*SELLER_FIELDS[:-1], "secrets", "payment", "secret_store", "schema_version"),
    ),
    "trace": ("the trace is a line", tuple(SHOWN_FIELDS)),
    "sample": ("each sample is a line", tuple(SAMPLE_FIELDS)),
    "look": ("one look at everything is a line", tuple(LOOK_FIELDS)),
    "order": ("each order that the street knows of is a line", tuple(ORDER_FIELDS)),
    "watch": ("each watch is a line", tuple(WATCH_FIELDS)),
    "book": ("each title is a line", tuple(BOOK_FIELDS)),
    "profile": ("each profile is a line", tuple(PROFILE_FIELDS)),
    "feedback": ("what was counted is a line", tuple(FEEDBACK_FIELDS)),
    "record": ("each request and each attempt is a line; `kind` says which", ()),
    "finding": ("each finding is a line", tuple(FINDING_FIELDS)),
    "figures": ("the figures are a line, with --by one for each seller or strategy", ()),
    "unit": ("with --print each file is a line", tuple(UNIT_FIELDS)),
    "delivery": ("each notice and target is a line", tuple(DELIVERY_FIELDS)),
    "notify secret": ("where the secret is kept is a line", tuple(NOTIFY_SECRET_FIELDS)),
    "told": ("each target is a line", tuple(NOTIFY_TEST_FIELDS)),
    "price line": ("each seller and condition is a line", tuple(PRICE_LINE_FIELDS)),
    "limit": ("each currency is a line", tuple(LIMIT_FIELDS)),
    "setting": ("each setting is a line", tuple(SETTING_FIELDS)),
    "test": ("each check is a line", tuple(TEST_FIELDS)),
    "demo": ("the request is a line, with the street's own word", tuple(DEMO_FIELDS)),
    "version": ("the versions are a line", tuple(VERSION_FIELDS)),
    "object": ("what is shown comes as an object a line, under the names that it has", ()),
    "log": ("the lines of the log come as they are", ()),
    "text": ("the same text is printed", ()),
    "nothing": ("no data is printed", ()),
}


def codes_of(entry: Entry) -> tuple[int, ...]:
    """The exit codes that a command can end with, in their order."""
    every = {exit_codes.DONE, exit_codes.ERROR, exit_codes.USAGE, exit_codes.INTERRUPTED}
    reached = set() if entry.local else {exit_codes.UNREACHABLE}
    return tuple(sorted(every | reached | set(entry.codes)))
