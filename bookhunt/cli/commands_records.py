"""The commands about the past and about health: `db`, `doctor`, `stats`."""

from __future__ import annotations

from bookhunt.cli.entries import Entry, Group

DB = Group(
    does="The ledger, as a file and as lines.",
    commands={
        "snapshot": Entry(
            module="bookhunt.cli.db",
            function="snapshot",
            does="Copy the ledger into a file to look into.",
            examples=(
                "bookhunt db snapshot ledger-copy.db",
                "bookhunt db snapshot ledger-copy.db && sqlite-utils tables ledger-copy.db",
            ),
            codes=(4,),
        ),
        "export": Entry(
            module="bookhunt.cli.db",
            function="export",
            does="Print all requests and attempts as lines.",
            examples=(
                "bookhunt db export > history.jsonl",
                "bookhunt db export --what requests --since 30d --fields book,resolved_price",
            ),
            prints="record",
        ),
    },
)

DOCTOR = Entry(
    module="bookhunt.cli.doctor",
    function="doctor",
    does="Find what is wrong, and what to type.",
    examples=(
        "bookhunt doctor",
        "bookhunt doctor --json",
        "bookhunt doctor --bundle report.zip",
    ),
    prints="finding",
    codes=(4,),
    local=True,
)

STATS = Entry(
    module="bookhunt.cli.stats",
    function="stats",
    does="Print figures over a period.",
    examples=(
        "bookhunt stats",
        "bookhunt stats --since 7d --by seller",
        "bookhunt stats --since all --by strategy --json",
    ),
    prints="figures",
)
