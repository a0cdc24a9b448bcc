"""What must hold of the rows of any ledger, whenever it is looked at: the oracle of its tests.

`faults` looks with SQL of its own, not with the store's: the store may be wrong.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

_FAULTS = {
    "two live attempts of one request": """
        SELECT request_id FROM attempt
        WHERE stage NOT IN ('refused','not_sent','absent','abandoned')
        GROUP BY request_id HAVING count(*) > 1""",
    "a request waits for an order that is not open": """
        SELECT id FROM request WHERE state IN ('RESOLVED','IN_DOUBT','NEEDS_ATTENTION')
        AND id NOT IN (SELECT request_id FROM attempt WHERE finished_us IS NULL)""",
    "an open order, and its request does not wait": """
        SELECT request_id FROM attempt JOIN request ON request.id = request_id
        WHERE attempt.finished_us IS NULL
        AND state NOT IN ('RESOLVED','IN_DOUBT','NEEDS_ATTENTION')""",
    "a success without an order, or an order without a success": """
        SELECT id FROM request WHERE (state = 'SUCCESS')
        <> (id IN (SELECT request_id FROM attempt WHERE stage = 'confirmed'))""",
    "a cancelled request is hunted on": """
        SELECT id FROM request WHERE state = 'PROCESSING' AND cancel_requested = 1""",
    "an open attempt without its claim, or a claim without its attempt": """
        SELECT id FROM attempt LEFT JOIN claim ON attempt_id = id
        WHERE (finished_us IS NULL) <> (coalesce(claim.state, '') = 'held')""",
    "a bought copy is not used, or another is": """
        SELECT id FROM attempt LEFT JOIN claim ON attempt_id = id
        WHERE (stage = 'confirmed') <> (coalesce(claim.state, '') = 'used')""",
    "an open attempt without its money, or money without its attempt": """
        SELECT id FROM attempt LEFT JOIN reservation AS r ON attempt_id = id
        WHERE (finished_us IS NULL) <> (coalesce(r.state, '') = 'held')""",
    "a bought copy is not paid, or another is": """
        SELECT id FROM attempt LEFT JOIN reservation AS r ON attempt_id = id
        WHERE (stage = 'confirmed') <> (coalesce(r.state, '') = 'spent')""",
    "an attempt reserves another amount than it may cost": """
        SELECT id FROM attempt JOIN reservation AS r ON attempt_id = id
        WHERE r.state = 'held' AND minor <> agreed_minor""",
    "a budget that does not add up": """
        WITH held AS (
          SELECT r.currency AS c, p.value AS period,
            sum(minor * (r.state = 'held')) AS reserved,
            sum(CASE WHEN r.state <> 'spent' THEN 0 WHEN charged_currency = r.currency
                THEN max(charged_minor, 0) ELSE minor END) AS spent
          FROM reservation AS r JOIN attempt AS a ON a.id = r.attempt_id,
            json_each(json_array(day, month)) AS p
          GROUP BY r.currency, p.value)
        SELECT currency || ' ' || budget.period FROM budget
        LEFT JOIN held ON c = currency AND held.period = budget.period
        WHERE reserved_minor <> coalesce(reserved, 0) OR spent_minor <> coalesce(spent, 0)
        UNION ALL
        SELECT c || ' ' || held.period FROM held LEFT JOIN budget
        ON c = currency AND held.period = budget.period WHERE currency IS NULL""",
    "more open or bought copies than the seller said it had": """
        SELECT e.item FROM offer_epoch AS e WHERE known = 1 AND cap < (
          SELECT count(*) FROM claim AS c
          WHERE c.seller = e.seller AND c.item = e.item AND c.epoch = e.epoch
          AND c.state IN ('held', 'used')) AND cap > 0""",
    "a row whose key points nowhere": "PRAGMA foreign_key_check",
}


def faults(db: sqlite3.Connection) -> list[str]:
    """What is wrong with the rows; nothing, in a sound ledger."""
    found = []
    for fault, statement in _FAULTS.items():
        rows = [next(iter(row)) for row in db.execute(statement)]
        if rows:
            found.append(f"{fault}: {rows}")
    return found + _replay(db)


def _replay(db: sqlite3.Connection) -> list[str]:
    """The journal, replayed from empty, gives the rows of requests and attempts."""
    rows: dict[str, dict[str, dict[str, Any]]] = {"request": {}, "attempt": {}}
    last = 0
    for seq, event, request_id, attempt_id, data in db.execute(
        "SELECT seq, event, request_id, attempt_id, data FROM journal ORDER BY seq"
    ):
        assert seq > last
        last = seq
        kind = event.split(".")[0]
        if kind in rows:
            key = request_id if kind == "request" else attempt_id
            rows[kind].setdefault(key, {}).update(json.loads(data))
    found = []
    for kind, replayed in rows.items():
        cursor = db.execute(f"SELECT * FROM {kind}")
        names = [column[0] for column in cursor.description]
        current = {row[0]: dict(zip(names, tuple(row), strict=True)) for row in cursor}
        if replayed.keys() != current.keys():
            found.append(f"the journal knows other {kind}s than the table")
        for key, row in current.items():
            told = replayed.get(key, {})
            missing = set(row) - set(told) - {"frozen", "id_reversed"}
            differ = {name for name in told if told[name] != row[name]}
            empty = {name for name in missing if row[name] is not None}
            if differ or empty:
                found.append(f"the journal tells {kind} {key} otherwise: {differ | empty}")
    return found
