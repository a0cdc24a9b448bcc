"""`bookhunt books`: the ISBNs of titles, as resolvers say them and as you do."""

from typing import Annotated, Any

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal
from bookhunt.cli.table import print_table
from bookhunt.cli.things import print_thing
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import BOOK_FIELDS

_Title = Annotated[str, typer.Argument(metavar="TITLE", help="Of the book.")]
_SHOWN = 3  # ISBNs of one title in the list; `show` has all


def list_books(
    terminal: Terminal,
    *,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 100,
) -> None:
    """List the titles whose ISBNs are pinned or were resolved, the newest first."""
    terminal.picked(BOOK_FIELDS)
    found = connect(terminal).books(limit=limit)
    if not found:
        terminal.notice("no title was resolved yet; bookhunt books show TITLE asks for one")
    if terminal.wants_objects:
        for book in found:
            terminal.thing(book, BOOK_FIELDS)
        return
    print_table(terminal, ("title", "isbns", "by", "at"), [_row(book) for book in found])


def show(terminal: Terminal, title: _Title) -> None:
    """Show the ISBNs of a title; resolvers are asked where nothing is known of it.

    What they say is used to ask sellers that take no titles, and proves nothing: an offer is bought
    only where its own title is the one asked for, or its ISBN one that you pinned.
    """
    terminal.picked(BOOK_FIELDS)
    book = connect(terminal).book(title)
    print_thing(terminal, book)
    if book.get("why") and not book.get("pinned"):
        terminal.notice(f"{book['why']}; bookhunt books pin {_quoted(title)} ISBN")


def pin(
    terminal: Terminal,
    title: _Title,
    isbn: Annotated[
        str | None, typer.Argument(metavar="ISBN", help="The edition that the title means.")
    ] = None,
    *,
    remove: Annotated[
        bool, typer.Option("--remove", help="Let it mean any edition again.")
    ] = False,
) -> None:
    """Let a title mean one ISBN from now on, whatever resolvers say.

    Who asks for the title then asks for that edition, at every seller, and gets no other.
    """
    if (isbn is None) != remove:
        raise InputError(
            "say the ISBN, or --remove", hint=f"bookhunt books pin {_quoted(title)} 9780547928227"
        )
    terminal.picked(BOOK_FIELDS)
    book = connect(terminal).pin_book(title, isbn)
    if terminal.wants_objects:
        terminal.thing(book, BOOK_FIELDS)
    elif book.get("pinned"):
        terminal.notice(f"{book['title']} means {book['pinned']} from now on")
    else:
        terminal.notice(f"{book['title']} may be any edition again")


def _row(book: dict[str, Any]) -> list[str]:
    if book.get("pinned"):
        return [str(book["title"]), str(book["pinned"]), "you", "-"]
    isbns = [str(isbn) for isbn in book.get("isbns") or ()]
    more = f" +{len(isbns) - _SHOWN}" if len(isbns) > _SHOWN else ""
    told = " ".join(isbns[:_SHOWN]) + more
    at = str(book.get("resolved_at") or "-")
    return [str(book["title"]), told or "none", str(book.get("resolver") or "-"), at[:10]]


def _quoted(title: str) -> str:
    import shlex

    return shlex.quote(title)
