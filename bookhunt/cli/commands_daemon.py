"""The commands about the program itself: `daemon`, `config`, `sandbox`."""

from __future__ import annotations

from bookhunt.cli.entries import Entry, Group

DAEMON = Group(
    does="The process that hunts.",
    commands={
        word: Entry(
            module="bookhunt.cli.daemon",
            function=function,
            does=does,
            examples=examples,
            prints="log" if word == "logs" else "object",
            local=word == "logs",
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
    }
    | {
        "install": Entry(
            module="bookhunt.cli.daemon_install",
            function="install",
            does="Let the system start it.",
            examples=("bookhunt daemon install --print", "bookhunt daemon install"),
            prints="unit",
            codes=(4,),
            local=True,
        ),
        "uninstall": Entry(
            module="bookhunt.cli.daemon_install",
            function="uninstall",
            does="Take back what install did.",
            examples=("bookhunt daemon uninstall",),
            prints="nothing",
            codes=(4,),
            local=True,
        ),
    },
)

CONFIG = Group(
    does="The configuration.",
    commands={
        "show": Entry(
            module="bookhunt.cli.config",
            function="show",
            does="Print every value in force.",
            examples=("bookhunt config show", "bookhunt config show --origin"),
            prints="setting",
            local=True,
        ),
        "edit": Entry(
            module="bookhunt.cli.config_edit",
            function="edit_config",
            does="Edit config.yaml in your editor.",
            examples=("bookhunt config edit",),
            prints="nothing",
            codes=(4,),
            local=True,
        ),
        "path": Entry(
            module="bookhunt.cli.config",
            function="path",
            does="Print where everything lies.",
            examples=("bookhunt config path", "bookhunt config path --json"),
            local=True,
        ),
        "check": Entry(
            module="bookhunt.cli.config",
            function="check",
            does="Find the mistakes in config.yaml.",
            examples=("bookhunt config check",),
            local=True,
        ),
    },
)

SANDBOX = Group(
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
            codes=(4,),
        ),
        "stop": Entry(
            module="bookhunt.cli.sandbox",
            function="stop",
            does="Close the street.",
            examples=("bookhunt sandbox stop",),
            prints="nothing",
            local=True,
        ),
        "ledger": Entry(
            module="bookhunt.cli.sandbox",
            function="ledger",
            does="Print the orders that the street itself knows of.",
            examples=("bookhunt sandbox ledger", "bookhunt sandbox ledger --json"),
            local=True,
            prints="order",
        ),
    },
)
