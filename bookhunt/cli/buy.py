"""`bookhunt buy`: one copy of each book, at or below a price, at once."""

from collections.abc import Iterator
from typing import Annotated

import typer

from bookhunt.cli import exit_codes
from bookhunt.cli.connection import connect
from bookhunt.cli.live import Live
from bookhunt.cli.output import Terminal
from bookhunt.cli.patience import timeout_s
from bookhunt.cli.purchases import Done, Purchases
from bookhunt.cli.render import outcome_lines, tell_overcharge, tell_why
from bookhunt.cli.wishes import STDIN, Terms, Wishes
from bookhunt.home.paths import Home
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import REQUEST_FIELDS


# long: three lines for each option that the contract names; the body itself is short
def buy(
    terminal: Terminal,
    books: Annotated[
        list[str], typer.Argument(metavar="BOOK...", help="A title or an ISBN; - reads stdin.")
    ],
    *,
    max_price: Annotated[
        str | None,
        typer.Option(metavar="AMOUNT", help="The most to pay, shipping and tax included."),
    ] = None,
    currency: Annotated[str | None, typer.Option(metavar="CUR", help="Of the price.")] = None,
    profile: Annotated[str | None, typer.Option(help="Where it is sent.")] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            metavar="cheapest|balanced|fast|tiers",
            help="Price against time and calls; balanced without it.",
        ),
    ] = None,
    condition: Annotated[str | None, typer.Option(metavar="new|used|any", help="Copies.")] = None,
    book_format: Annotated[
        str | None, typer.Option("--format", metavar="paper|ebook|audio|any", help="Formats.")
    ] = None,
    country: Annotated[
        str | None, typer.Option(metavar="CC", help="Where it goes, if not the profile's.")
    ] = None,
    sellers: Annotated[str | None, typer.Option(metavar="A,B", help="Only these.")] = None,
    customer: Annotated[str | None, typer.Option(help="On whose behalf.")] = None,
    deadline: Annotated[
        str | None, typer.Option(metavar="5s", help="For asking sellers and choosing.")
    ] = None,
    priority: Annotated[int | None, typer.Option(metavar="N", help="In the queue.")] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Kept with it.")] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for the outcome, or submit only.")
    ] = True,
    timeout: Annotated[
        str | None, typer.Option(metavar="60s", help="How long to wait; the hunt goes on.")
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(metavar="K", help="Submit once, however often it is said.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Although it was bought or asked for today.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Everything but the order itself.")
    ] = False,
    unordered: Annotated[
        bool, typer.Option("--unordered", help="Print books as they are done.")
    ] = False,
) -> int:
    """Buy one copy of each book from the cheapest seller at or below the price.

    Nothing is confirmed: the first good offer is bought. Without --max-price each line of stdin
    says its own, after a tab or as JSON. The exit code says how it ended: bookhunt help exit-codes
    """
    terminal.picked(REQUEST_FIELDS)
    if books.count(STDIN) > 1:
        raise InputError("- stands for stdin, once", hint="bookhunt buy - < wishes.txt")
    home = Home.find()
    terms = Terms(
        max_price=max_price,
        currency=currency,
        profile=profile,
        strategy=strategy,
        condition=condition,
        format=book_format,
        country=country,
        sellers=sellers,
        customer=customer,
        deadline=deadline,
        priority=priority,
        note=note,
        dry_run=dry_run,
        again=again,
    )
    several = len(books) > 1 or STDIN in books
    purchases = Purchases(
        home=home,
        client=lambda: connect(terminal, home),
        wait_s=timeout_s(home, timeout) if wait else None,
        told=terminal.notice,
        # A person may want to look at it; of a long list from a program a sample is enough.
        traced=STDIN not in books,
    )
    wishes = Wishes(terms=terms, key=idempotency_key, several=several)
    live = Live(terminal, lambda: connect(terminal, home))
    ends = purchases.run(
        wishes.of(books, _stdin()), idle=lambda: live.show(list(purchases.under_way.values()))
    )
    return _print_all(terminal, purchases, ends, several=several, unordered=unordered)


def _stdin() -> Iterator[bytes]:
    """The lines of stdin, opened when they are asked for.

    Through a file object of our own: a thread that reads the interpreter's may still hold its lock
    when the interpreter ends, and would end it with a crash.
    """
    try:
        stdin = open(0, "rb", closefd=False)  # noqa: SIM115 - a descriptor, left open
    except OSError as error:
        raise InputError(f"stdin cannot be read: {error.strerror}") from error
    yield from stdin


def _print_all(
    terminal: Terminal,
    purchases: Purchases,
    ends: Iterator[Done],
    *,
    several: bool,
    unordered: bool,
) -> int:
    codes = []
    try:
        for end in ends if unordered else _in_order(ends):
            codes.append(end.exit_code)
            _print(terminal, end, several=several)
    except KeyboardInterrupt:
        _say_how_to_look_again(terminal, purchases)
        return exit_codes.INTERRUPTED
    return exit_codes.of_several(codes)


def _in_order(ends: Iterator[Done]) -> Iterator[Done]:
    """Hold back what is done before its turn."""
    early: dict[int, Done] = {}
    turn = 0
    for end in ends:
        early[end.place] = end
        while turn in early:
            yield early.pop(turn)
            turn += 1


def _print(terminal: Terminal, end: Done, *, several: bool) -> None:
    if end.error is not None:
        terminal.error(end.error, about=end.label if several else None)
        return
    assert end.request is not None
    tell_overcharge(end.request, terminal)
    if terminal.wants_objects:
        terminal.thing(end.request, REQUEST_FIELDS)
        return
    for line in outcome_lines(end.request, terminal):
        terminal.line(line)
    tell_why(end.request, terminal)


def _say_how_to_look_again(terminal: Terminal, purchases: Purchases) -> None:
    ids = list(purchases.under_way.values())
    if ids:
        terminal.notice(
            f"stopped waiting; {len(ids)} hunt{'s go' if len(ids) > 1 else ' goes'} on. "
            f"To look again: bookhunt wait {' '.join(ids[:5])}"
            + (" ...; all of them: bookhunt status" if len(ids) > 5 else "")
        )
    if purchases.unanswered:
        terminal.notice(
            "a submission was not answered yet. Type the same command again: "
            "it cannot be bought twice"
        )
    if not ids and not purchases.unanswered:
        terminal.notice("interrupted")
