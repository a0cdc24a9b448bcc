"""The commands about watches."""

from __future__ import annotations

from bookhunt.cli.entries import Entry, Group


def _entry(function: str, does: str, *examples: str, codes: tuple[int, ...] = ()) -> Entry:
    return Entry(
        module="bookhunt.cli.watch",
        function=function,
        does=does,
        examples=examples,
        prints="watch",
        codes=codes,
    )


WATCH = Group(
    does="Books that are looked for until they are bought.",
    commands={
        "add": _entry(
            "add",
            "Look for a book at certain times, and buy it.",
            'bookhunt watch add 9781449373320 --max-price 20 --cron "0 7 * * 1-5"',
            'bookhunt watch add "The Hobbit" --max-price 12.50 --every 6h --until 2099-12-31',
            "bookhunt watch add 9781449373320 --max-price 20 --cron @daily --times 3",
            "bookhunt watch add 9781449373320 --max-price 20 --cron @hourly --quote-only",
            codes=(4,),
        ),
        "list": _entry(
            "list_watches",
            "List the watches.",
            "bookhunt watch list",
            "bookhunt watch list --state active --json --fields id,next_runs,lowest",
        ),
        "show": _entry("show", "Show one watch.", "bookhunt watch show 3f9a"),
        "edit": _entry(
            "edit",
            "Change a watch.",
            "bookhunt watch edit 3f9a --max-price 25",
            "bookhunt watch edit 3f9a --times 2 --until none",
            codes=(4,),
        ),
        "pause": _entry("pause", "Let a watch rest.", "bookhunt watch pause 3f9a"),
        "resume": _entry("resume", "Let a watch look again.", "bookhunt watch resume 3f9a"),
        "run": _entry("run", "Look now.", "bookhunt watch run 3f9a"),
        "remove": _entry("remove", "Remove a watch for good.", "bookhunt watch remove 3f9a"),
        "export": _entry(
            "export", "Print all watches as lines.", "bookhunt watch export > watches.jsonl"
        ),
        "import": _entry(
            "import_watches",
            "Add watches from lines.",
            "bookhunt watch import watches.jsonl",
            'bookhunt watch import - --max-price 15 --cron "30 6 * * *" < titles.txt',
            codes=(4,),
        ),
    },
)
