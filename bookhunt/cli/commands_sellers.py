"""The commands under `sellers`."""

from __future__ import annotations

from bookhunt.cli.entries import Entry, Group

SELLERS = Group(
    does="The sellers that can be asked.",
    commands={
        "list": Entry(
            module="bookhunt.cli.sellers",
            function="list_sellers",
            does="List the sellers, their tier and state.",
            examples=("bookhunt sellers list", "bookhunt sellers list --json"),
            prints="seller",
        ),
        "show": Entry(
            module="bookhunt.cli.sellers",
            function="show",
            does="Show one seller, and what it still needs.",
            examples=("bookhunt sellers show amberside",),
            prints="seller and needs",
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
            prints="test",
            local=True,
        ),
        "new": Entry(
            module="bookhunt.cli.sellers_new",
            function="new",
            does="Write the skeleton of a definition.",
            examples=("bookhunt sellers new myshop",),
            local=True,
        ),
        "schema": Entry(
            module="bookhunt.cli.sellers_new",
            function="schema",
            does="Print the JSON Schema of definitions.",
            examples=("bookhunt sellers schema > schema.json",),
            prints="text",
            local=True,
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
            codes=(4,),
            prints="seller and needs",
        ),
        "enable": Entry(
            module="bookhunt.cli.sellers_by_hand",
            function="enable",
            does="Ask a seller again.",
            examples=("bookhunt sellers enable amberside",),
            prints="seller",
        ),
        "disable": Entry(
            module="bookhunt.cli.sellers_by_hand",
            function="disable",
            does="Ask a seller no more.",
            examples=("bookhunt sellers disable amberside",),
            prints="seller",
        ),
        "block": Entry(
            module="bookhunt.cli.sellers_by_hand",
            function="block",
            does="Never ask a seller, even by its name.",
            examples=("bookhunt sellers block amberside",),
            prints="seller",
        ),
        "pin": Entry(
            module="bookhunt.cli.sellers_by_hand",
            function="pin",
            does="Put a seller into a tier by hand.",
            examples=(
                "bookhunt sellers pin amberside 1",
                "bookhunt sellers pin amberside auto",
            ),
            prints="seller",
        ),
        "reset": Entry(
            module="bookhunt.cli.sellers_by_hand",
            function="reset",
            does="Forget a seller's failures: call it again.",
            examples=("bookhunt sellers reset amberside",),
            prints="seller",
        ),
        "logout": Entry(
            module="bookhunt.cli.sellers",
            function="logout",
            does="Forget the secrets of a seller.",
            examples=("bookhunt sellers logout amberside",),
            prints="seller and needs",
        ),
    },
)
