"""The commands that tell: `notify`, of what became of requests, and `history`, of prices."""

from __future__ import annotations

from bookhunt.cli.entries import Entry, Group

NOTIFY = Group(
    does="Who is told of what becomes of requests.",
    commands={
        "list": Entry(
            module="bookhunt.cli.notify",
            function="list_notices",
            does="List notices that wait or were given up.",
            examples=("bookhunt notify list", "bookhunt notify list --json"),
            prints="delivery",
        ),
        "test": Entry(
            module="bookhunt.cli.notify",
            function="try_out",
            does="Tell each target something now.",
            examples=("bookhunt notify test", "bookhunt notify test --to 2"),
            prints="told",
            codes=(4,),
        ),
        "login": Entry(
            module="bookhunt.cli.notify",
            function="login",
            does="Store a secret that a target names.",
            examples=(
                "bookhunt notify login mail",
                "bookhunt notify login hook --stdin < secret.txt",
                "bookhunt notify login mail --remove",
            ),
            prints="notify secret",
            codes=(4,),
        ),
    },
)

HISTORY = Entry(
    module="bookhunt.cli.history",
    function="history",
    does="Show the prices seen of a book.",
    examples=(
        "bookhunt history 9781449373320",
        'bookhunt history "The Hobbit" --plot --days 30',
        "bookhunt history 9781449373320 --csv > prices.csv",
    ),
    prints="price line",
)
