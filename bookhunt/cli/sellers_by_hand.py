"""`bookhunt sellers pin | enable | disable | block | reset`: what a person says of sellers."""

from typing import Annotated, Any

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import SELLER_FIELDS

_Id = Annotated[str, typer.Argument(metavar="ID", help="Of the seller.")]
_TIERS = {"1": 1, "2": 2, "3": 3, "auto": None}


def pin(
    terminal: Terminal,
    seller_id: _Id,
    tier: Annotated[str, typer.Argument(metavar="1|2|3|auto", help="auto: by its figures.")],
) -> None:
    """Put a seller into a tier, whatever its figures and its definition say.

    Kept in the file that `bookhunt config path` calls overrides, which goes before config.yaml and
    the definitions; `bookhunt config show --origin` shows it. In force for the next request.
    """
    if tier not in _TIERS:
        raise InputError(
            f"a tier is 1, 2, 3 or auto, not {tier!r}", hint=f"bookhunt sellers pin {seller_id} 1"
        )
    terminal.picked(SELLER_FIELDS)
    seller = connect(terminal).pin_seller(seller_id, _TIERS[tier])
    how = "pinned to" if seller["pinned"] else "by its figures in"
    _tell(terminal, seller, f"{how} tier {seller['tier']}")


def enable(terminal: Terminal, seller_id: _Id) -> None:
    """Ask a seller again that was disabled or blocked, whoever did that.

    Kept, where that takes a word, in the file that `bookhunt config path` calls overrides, which
    goes before config.yaml and the definitions.
    """
    _switch(terminal, seller_id, "enable")


def disable(terminal: Terminal, seller_id: _Id) -> None:
    """Ask a seller no more. What is under way there is brought to its end.

    Kept in the file that `bookhunt config path` calls overrides, which goes before config.yaml and
    the definitions.
    """
    _switch(terminal, seller_id, "disable")


def block(terminal: Terminal, seller_id: _Id) -> None:
    """Never ask a seller, even where a request names it; `status --why` says so.

    Kept in the file that `bookhunt config path` calls overrides, which goes before config.yaml and
    the definitions.
    """
    _switch(terminal, seller_id, "block")


def reset(terminal: Terminal, seller_id: _Id) -> None:
    """Forget the failures of a seller: it is called again at once.

    What is known of its prices, stock and speed stays, and so does what was set by hand.
    """
    terminal.picked(SELLER_FIELDS)
    seller = connect(terminal).reset_seller(seller_id)
    _tell(terminal, seller, _state(seller))


def _switch(terminal: Terminal, seller_id: str, switch: str) -> None:
    terminal.picked(SELLER_FIELDS)
    seller = connect(terminal).switch_seller(seller_id, switch)
    _tell(terminal, seller, _state(seller))


def _state(seller: dict[str, Any]) -> str:
    cause = seller["cause"]
    return f"{seller['state']}: {cause}" if cause else str(seller["state"])


def _tell(terminal: Terminal, seller: dict[str, Any], what: str) -> None:
    if terminal.wants_objects:
        terminal.thing(seller, SELLER_FIELDS)
    else:
        terminal.notice(f"{seller['id']} is {what}")
