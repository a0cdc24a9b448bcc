"""Every command: where it is, and what it does in a few words.

Plain data, so that `--help` of the program imports no command, and a command only its own module.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One command: its function in its module, its line in the list, its examples."""

    module: str
    function: str
    does: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Commands under one word."""

    does: str
    commands: dict[str, Entry]


COMMANDS: dict[str, Entry | Group] = {
    "buy": Entry(
        module="bookhunt.cli.buy",
        function="buy",
        does="Buy books at or below a price, at once.",
        examples=(
            "bookhunt buy 9781449373320 --max-price 30",
            'bookhunt buy "The Hobbit" --max-price 12.50 --condition used',
            "bookhunt buy 9781449373320 --max-price 30 --dry-run",
            "bookhunt buy - --max-price 20 --json < wishes.txt",
        ),
    ),
    "quote": Entry(
        module="bookhunt.cli.quote",
        function="quote",
        does="Show the offers, cheapest first, without buying.",
        examples=(
            "bookhunt quote 9781449373320",
            'bookhunt quote "The Hobbit" --max-price 12.50 --condition used',
            "bookhunt quote 9781449373320 --json --fields seller,total",
        ),
    ),
    "status": Entry(
        module="bookhunt.cli.status",
        function="status",
        does="Show requests and what became of them.",
        examples=(
            "bookhunt status",
            "bookhunt status @last --why",
            "bookhunt status --state NOT_AVAILABLE --since 2d --json",
            "bookhunt status @last --watch",
        ),
    ),
    "wait": Entry(
        module="bookhunt.cli.wait",
        function="wait",
        does="Wait for requests; the exit code is their outcome.",
        examples=("bookhunt wait @last", "bookhunt wait @last --timeout 5m --json"),
    ),
    "cancel": Entry(
        module="bookhunt.cli.cancel",
        function="cancel",
        does="Cancel requests whose order was not sent yet.",
        examples=("bookhunt cancel @last",),
    ),
    "settle": Entry(
        module="bookhunt.cli.settle",
        function="settle",
        does="Say by hand what became of an order in doubt.",
        examples=(
            "bookhunt settle @last --bought A-1001",
            "bookhunt settle @last --not-bought --retry",
        ),
    ),
    "feedback": Entry(
        module="bookhunt.cli.feedback",
        function="feedback",
        does="Say how a purchase was.",
        examples=(
            "bookhunt feedback @last --good",
            "bookhunt feedback @last --late --refunded",
        ),
    ),
    "books": Group(
        does="The ISBNs that titles stand for.",
        commands={
            "list": Entry(
                module="bookhunt.cli.books",
                function="list_books",
                does="List titles and their ISBNs.",
                examples=("bookhunt books list", "bookhunt books list --json"),
            ),
            "show": Entry(
                module="bookhunt.cli.books",
                function="show",
                does="Show, or find out, the ISBNs of a title.",
                examples=('bookhunt books show "The Hobbit"',),
            ),
            "pin": Entry(
                module="bookhunt.cli.books",
                function="pin",
                does="Let a title mean one ISBN.",
                examples=(
                    'bookhunt books pin "The Hobbit" 9780547928227',
                    'bookhunt books pin "The Hobbit" --remove',
                ),
            ),
        },
    ),
    "sellers": Group(
        does="The sellers that can be asked.",
        commands={
            "list": Entry(
                module="bookhunt.cli.sellers",
                function="list_sellers",
                does="List the sellers, their tier and state.",
                examples=("bookhunt sellers list", "bookhunt sellers list --json"),
            ),
            "show": Entry(
                module="bookhunt.cli.sellers",
                function="show",
                does="Show one seller, and what it still needs.",
                examples=("bookhunt sellers show amberside",),
            ),
            "test": Entry(
                module="bookhunt.cli.sellers_doctor",
                function="try_out",
                does="Check definitions and replay their examples.",
                examples=(
                    "bookhunt sellers test myshop",
                    "bookhunt sellers test ./myshop.yaml --strict",
                    "bookhunt sellers test myshop --live 9781449373320",
                ),
            ),
            "new": Entry(
                module="bookhunt.cli.sellers_new",
                function="new",
                does="Write the skeleton of a definition.",
                examples=("bookhunt sellers new myshop",),
            ),
            "schema": Entry(
                module="bookhunt.cli.sellers_new",
                function="schema",
                does="Print the JSON Schema of definitions.",
                examples=("bookhunt sellers schema > schema.json",),
            ),
            "login": Entry(
                module="bookhunt.cli.sellers",
                function="login",
                does="Store the secrets and the payment token for a seller.",
                examples=(
                    "bookhunt sellers login amberside",
                    "bookhunt sellers login amberside --profile office",
                    "bookhunt sellers login amberside --stdin < secrets.txt",
                ),
            ),
            "enable": Entry(
                module="bookhunt.cli.sellers_by_hand",
                function="enable",
                does="Ask a seller again.",
                examples=("bookhunt sellers enable amberside",),
            ),
            "disable": Entry(
                module="bookhunt.cli.sellers_by_hand",
                function="disable",
                does="Ask a seller no more.",
                examples=("bookhunt sellers disable amberside",),
            ),
            "block": Entry(
                module="bookhunt.cli.sellers_by_hand",
                function="block",
                does="Never ask a seller, even by its name.",
                examples=("bookhunt sellers block amberside",),
            ),
            "pin": Entry(
                module="bookhunt.cli.sellers_by_hand",
                function="pin",
                does="Put a seller into a tier by hand.",
                examples=(
                    "bookhunt sellers pin amberside 1",
                    "bookhunt sellers pin amberside auto",
                ),
            ),
            "reset": Entry(
                module="bookhunt.cli.sellers_by_hand",
                function="reset",
                does="Forget a seller's failures: call it again.",
                examples=("bookhunt sellers reset amberside",),
            ),
            "logout": Entry(
                module="bookhunt.cli.sellers",
                function="logout",
                does="Forget the secrets of a seller.",
                examples=("bookhunt sellers logout amberside",),
            ),
        },
    ),
    "profile": Group(
        does="Where books are sent.",
        commands={
            "add": Entry(
                module="bookhunt.cli.profile",
                function="add",
                does="Add or replace a shipping profile.",
                examples=(
                    "bookhunt profile add home",
                    "bookhunt profile add home --from home.yaml",
                    "bookhunt profile add home --from - < home.json",
                ),
            ),
            "list": Entry(
                module="bookhunt.cli.profile",
                function="list_profiles",
                does="List the profiles.",
                examples=("bookhunt profile list", "bookhunt profile list --json"),
            ),
            "show": Entry(
                module="bookhunt.cli.profile",
                function="show",
                does="Show one profile.",
                examples=("bookhunt profile show home",),
            ),
            "remove": Entry(
                module="bookhunt.cli.profile",
                function="remove",
                does="Remove a profile.",
                examples=("bookhunt profile remove home",),
            ),
            "default": Entry(
                module="bookhunt.cli.profile",
                function="default",
                does="Use this profile where none is named.",
                examples=("bookhunt profile default home",),
            ),
        },
    ),
    "limits": Group(
        does="How much may be spent.",
        commands={
            "show": Entry(
                module="bookhunt.cli.limits",
                function="show",
                does="Show the limits and what is spent.",
                examples=("bookhunt limits show", "bookhunt limits show --json"),
            ),
            "set": Entry(
                module="bookhunt.cli.limits",
                function="set_limits",
                does="Change the limits of one currency.",
                examples=(
                    "bookhunt limits set --purchase 50 --day 150",
                    "bookhunt limits set --currency EUR --month none",
                ),
            ),
        },
    ),
    "pause": Entry(
        module="bookhunt.cli.pause",
        function="pause",
        does="Stop all new purchases at once.",
        examples=("bookhunt pause",),
    ),
    "resume": Entry(
        module="bookhunt.cli.pause",
        function="resume",
        does="Allow purchases again.",
        examples=("bookhunt resume",),
    ),
    "daemon": Group(
        does="The process that hunts.",
        commands={
            word: Entry(
                module="bookhunt.cli.daemon",
                function=function,
                does=does,
                examples=examples,
            )
            for word, function, does, examples in (
                ("start", "start", "Start the daemon.", ("bookhunt daemon start",)),
                ("stop", "stop", "Let orders end, then stop it.", ("bookhunt daemon stop",)),
                ("restart", "restart", "Stop it and start it.", ("bookhunt daemon restart",)),
                (
                    "status",
                    "daemon_status",
                    "Say whether it runs, and since when.",
                    ("bookhunt daemon status", "bookhunt daemon status --json"),
                ),
                ("run", "run", "Run it here, until Ctrl-C.", ("bookhunt daemon run",)),
                (
                    "logs",
                    "logs",
                    "Print its log.",
                    ("bookhunt daemon logs", "bookhunt daemon logs --follow"),
                ),
            )
        },
    ),
    "config": Group(
        does="The configuration.",
        commands={
            "show": Entry(
                module="bookhunt.cli.config",
                function="show",
                does="Print every value in force.",
                examples=("bookhunt config show", "bookhunt config show --origin"),
            ),
            "path": Entry(
                module="bookhunt.cli.config",
                function="path",
                does="Print where everything lies.",
                examples=("bookhunt config path", "bookhunt config path --json"),
            ),
            "check": Entry(
                module="bookhunt.cli.config",
                function="check",
                does="Find the mistakes in config.yaml.",
                examples=("bookhunt config check",),
            ),
        },
    ),
    "demo": Entry(
        module="bookhunt.cli.demo",
        function="demo",
        does="Buy a book on a street of simulated sellers.",
        examples=("bookhunt demo", "bookhunt demo --sellers 50 --json", "bookhunt demo --keep"),
    ),
    "sandbox": Group(
        does="A street of simulated sellers for this home.",
        commands={
            "start": Entry(
                module="bookhunt.cli.sandbox",
                function="start",
                does="Open the street and set this home up for it.",
                examples=(
                    "BOOKHUNT_HOME=~/sandbox bookhunt sandbox start",
                    "bookhunt sandbox start --sellers 50 --seed 7",
                ),
            ),
            "stop": Entry(
                module="bookhunt.cli.sandbox",
                function="stop",
                does="Close the street.",
                examples=("bookhunt sandbox stop",),
            ),
            "ledger": Entry(
                module="bookhunt.cli.sandbox",
                function="ledger",
                does="Print the orders that the street itself knows of.",
                examples=("bookhunt sandbox ledger", "bookhunt sandbox ledger --json"),
            ),
        },
    ),
    "help": Entry(
        module="bookhunt.cli.help",
        function="show_help",
        does="Explain a topic or a command.",
        examples=("bookhunt help exit-codes", "bookhunt help json", "bookhunt help buy"),
    ),
    "version": Entry(
        module="bookhunt.cli.version",
        function="version",
        does="Print the version.",
        examples=("bookhunt version", "bookhunt version --json"),
    ),
}
