"""Every command: where it is, and what it does in a few words.

Plain data, so that `--help` of the program imports no command, and a command only its own module.
"""

from __future__ import annotations

from bookhunt.cli.commands_daemon import CONFIG, DAEMON, SANDBOX
from bookhunt.cli.commands_notices import HISTORY, NOTIFY
from bookhunt.cli.commands_records import DB, DOCTOR, STATS
from bookhunt.cli.commands_sellers import SELLERS
from bookhunt.cli.commands_watch import WATCH
from bookhunt.cli.entries import OUTCOMES, Entry, Group

__all__ = ["COMMANDS", "Entry", "Group"]


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
        prints="request",
        codes=OUTCOMES,
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
        prints="offer",
        codes=(3, 4, 75),
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
        prints="request",
    ),
    "wait": Entry(
        module="bookhunt.cli.wait",
        function="wait",
        does="Wait for requests; the exit code is their outcome.",
        examples=("bookhunt wait @last", "bookhunt wait @last --timeout 5m --json"),
        prints="request",
        codes=OUTCOMES,
    ),
    "cancel": Entry(
        module="bookhunt.cli.cancel",
        function="cancel",
        does="Cancel requests whose order was not sent yet.",
        examples=("bookhunt cancel @last",),
        prints="request",
    ),
    "settle": Entry(
        module="bookhunt.cli.settle",
        function="settle",
        does="Say by hand what became of an order in doubt.",
        examples=(
            "bookhunt settle @last --bought A-1001",
            "bookhunt settle @last --not-bought --retry",
        ),
        prints="request",
    ),
    "trace": Entry(
        module="bookhunt.cli.trace",
        function="trace",
        does="Show what was done for a request, and when.",
        examples=(
            "bookhunt trace @last",
            "bookhunt trace @last --json",
            "bookhunt trace @last --export trace.otlp.json",
        ),
        prints="trace",
    ),
    "top": Entry(
        module="bookhunt.cli.top",
        function="top",
        does="Watch everything that goes on, live.",
        examples=("bookhunt top", "bookhunt top --every 5s", "bookhunt top --json"),
        prints="look",
    ),
    "metrics": Entry(
        module="bookhunt.cli.metrics",
        function="metrics",
        does="Print what is measured, for Prometheus.",
        examples=(
            "bookhunt metrics",
            "bookhunt metrics --json",
            "bookhunt metrics --dashboard > bookhunt-dashboard.json",
        ),
        prints="sample",
    ),
    "feedback": Entry(
        module="bookhunt.cli.feedback",
        function="feedback",
        does="Say how a purchase was.",
        examples=(
            "bookhunt feedback @last --good",
            "bookhunt feedback @last --late --refunded",
        ),
        prints="feedback",
    ),
    "books": Group(
        does="The ISBNs that titles stand for.",
        commands={
            "list": Entry(
                module="bookhunt.cli.books",
                function="list_books",
                does="List titles and their ISBNs.",
                examples=("bookhunt books list", "bookhunt books list --json"),
                prints="book",
            ),
            "show": Entry(
                module="bookhunt.cli.books",
                function="show",
                does="Show, or find out, the ISBNs of a title.",
                examples=('bookhunt books show "The Hobbit"',),
                prints="book",
            ),
            "pin": Entry(
                module="bookhunt.cli.books",
                function="pin",
                does="Let a title mean one ISBN.",
                examples=(
                    'bookhunt books pin "The Hobbit" 9780547928227',
                    'bookhunt books pin "The Hobbit" --remove',
                ),
                prints="book",
            ),
        },
    ),
    "watch": WATCH,
    "sellers": SELLERS,
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
                prints="profile",
                codes=(4,),
            ),
            "list": Entry(
                module="bookhunt.cli.profile",
                function="list_profiles",
                does="List the profiles.",
                examples=("bookhunt profile list", "bookhunt profile list --json"),
                prints="profile",
            ),
            "show": Entry(
                module="bookhunt.cli.profile",
                function="show",
                does="Show one profile.",
                examples=("bookhunt profile show home",),
                prints="profile",
                codes=(4,),
            ),
            "edit": Entry(
                module="bookhunt.cli.profile_edit",
                function="edit_profile",
                does="Edit a profile in your editor.",
                examples=("bookhunt profile edit home",),
                prints="nothing",
                codes=(4,),
            ),
            "remove": Entry(
                module="bookhunt.cli.profile",
                function="remove",
                does="Remove a profile.",
                examples=("bookhunt profile remove home",),
                prints="nothing",
                codes=(4,),
            ),
            "default": Entry(
                module="bookhunt.cli.profile",
                function="default",
                does="Use this profile where none is named.",
                examples=("bookhunt profile default home",),
                prints="nothing",
                codes=(4,),
            ),
        },
    ),
    "notify": NOTIFY,
    "history": HISTORY,
    "limits": Group(
        does="How much may be spent.",
        commands={
            "show": Entry(
                module="bookhunt.cli.limits",
                function="show",
                does="Show the limits and what is spent.",
                examples=("bookhunt limits show", "bookhunt limits show --json"),
                prints="limit",
            ),
            "set": Entry(
                module="bookhunt.cli.limits",
                function="set_limits",
                does="Change the limits of one currency.",
                examples=(
                    "bookhunt limits set --purchase 50 --day 150",
                    "bookhunt limits set --currency EUR --month none",
                ),
                prints="limit",
            ),
            "reset": Entry(
                module="bookhunt.cli.limits",
                function="reset_limits",
                does="Go back to the limits of config.yaml.",
                examples=("bookhunt limits reset", "bookhunt limits reset --currency EUR"),
                prints="limit",
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
        examples=("bookhunt resume", "bookhunt resume --reconciled"),
    ),
    "stats": STATS,
    "doctor": DOCTOR,
    "db": DB,
    "daemon": DAEMON,
    "config": CONFIG,
    "demo": Entry(
        module="bookhunt.cli.demo",
        function="demo",
        does="Buy a book on a street of simulated sellers.",
        examples=("bookhunt demo", "bookhunt demo --sellers 50 --json", "bookhunt demo --keep"),
        prints="demo",
        codes=OUTCOMES,
        local=True,
    ),
    "sandbox": SANDBOX,
    "help": Entry(
        module="bookhunt.cli.help",
        function="show_help",
        does="Explain a topic or a command.",
        examples=("bookhunt help exit-codes", "bookhunt help json", "bookhunt help buy"),
        prints="text",
        local=True,
    ),
    "completions": Group(
        does="Completion in your shell, and the man pages.",
        commands={
            "install": Entry(
                module="bookhunt.cli.completions",
                function="install",
                does="Put them where your shell and man look.",
                examples=(
                    "bookhunt completions install",
                    "bookhunt completions install --shell fish",
                ),
                local=True,
            ),
            "show": Entry(
                module="bookhunt.cli.completions",
                function="show",
                does="Print the completion script of a shell.",
                examples=("bookhunt completions show bash",),
                prints="text",
                local=True,
            ),
        },
    ),
    "version": Entry(
        module="bookhunt.cli.version",
        function="version",
        does="Print the version.",
        examples=("bookhunt version", "bookhunt version --json"),
        prints="version",
        local=True,
    ),
}
