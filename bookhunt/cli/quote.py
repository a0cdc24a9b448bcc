"""`bookhunt quote`: what a book costs now, and where."""

from typing import Annotated

import typer

from bookhunt.cli import exit_codes
from bookhunt.cli.connection import connect
from bookhunt.cli.durations import seconds
from bookhunt.cli.output import Terminal
from bookhunt.cli.render import OFFER_HEADERS, OFFER_SPARE, offer_row
from bookhunt.cli.table import print_table
from bookhunt.cli.wishes import price_of, sellers_of
from bookhunt.client import DaemonClient
from bookhunt.wire.contract import OFFER_FIELDS, QuoteRequest

_ABROAD = "wrong_currency"


def quote(
    terminal: Terminal,
    books: Annotated[list[str], typer.Argument(metavar="BOOK...", help="A title or an ISBN.")],
    *,
    max_price: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Mark what costs more.")
    ] = None,
    currency: Annotated[str | None, typer.Option(metavar="CUR", help="Of the prices.")] = None,
    profile: Annotated[str | None, typer.Option(help="Whose country it goes to.")] = None,
    condition: Annotated[str | None, typer.Option(metavar="new|used|any", help="Copies.")] = None,
    book_format: Annotated[
        str | None, typer.Option("--format", metavar="paper|ebook|audio|any", help="Formats.")
    ] = None,
    country: Annotated[str | None, typer.Option(metavar="CC", help="Where it goes.")] = None,
    sellers: Annotated[str | None, typer.Option(metavar="A,B", help="Only these.")] = None,
    deadline: Annotated[str | None, typer.Option(metavar="5s", help="For asking sellers.")] = None,
) -> int:
    """Ask every seller and show the offers, cheapest first; nothing is bought."""
    terminal.picked(OFFER_FIELDS)
    client = connect(terminal)
    codes = []
    for book in books:
        request = QuoteRequest(
            book_name=book,
            max_price=None if max_price is None else price_of(max_price, currency),
            currency=currency and currency.upper(),
            condition=condition,
            format=book_format,
            country=country,
            profile=profile,
            sellers=sellers_of(sellers),
            deadline_ms=None if deadline is None else round(seconds(deadline) * 1000),
        )
        terminal.progress(f"asking sellers for {book} ...")
        offers = client.quote(request)
        fits = any(offer.get("fits") for offer in offers)
        codes.append(exit_codes.DONE if fits else exit_codes.NOT_AVAILABLE)
        if not offers:
            terminal.notice(f"{book}: {_nothing(client)}")
        elif terminal.wants_objects:
            for offer in offers:
                terminal.thing(offer, OFFER_FIELDS)
        else:
            rows = [offer_row(offer) for offer in offers]
            print_table(terminal, OFFER_HEADERS, rows, flexible=7, spare=OFFER_SPARE)
        if offers and all(offer.get("reason") == _ABROAD for offer in offers):
            theirs = offers[0]["price"]["currency"]
            terminal.notice(
                f"{book}: nobody sells it in your currency, and no rate of {theirs} is known; "
                "set fx.source or fx.rates: bookhunt config edit"
            )
    return exit_codes.of_several(codes)


def _nothing(client: DaemonClient) -> str:
    """Why there is no offer: nobody could be asked, or nobody has it."""
    if any(seller["state"] == "ready" for seller in client.sellers()):
        return "no offer; bookhunt sellers list shows who was asked"
    return "no seller can be asked yet; bookhunt sellers list says what each needs"
