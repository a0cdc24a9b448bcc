"""How a command is put together: its own options, those that all share, and help by example.

A command is a plain function whose first parameter is the `Terminal` and whose other parameters are
Typer's; what it returns is the exit code, None for 0. `built` gives it the shared options. Help is
plain text: rendering it with rich costs as much as the rest of the command.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from bookhunt.cli.output import Terminal
from bookhunt.model.errors import InputError

_SHARED_HELP = "Shared by all commands"


def _shared(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON Lines: one object per thing.")
    ] = False,
    fields: Annotated[
        str | None,
        typer.Option(
            metavar="A,B", help="Only these fields; an unknown one lists them.", show_default=False
        ),
    ] = None,
    color: Annotated[str, typer.Option(metavar="auto|always|never", help="Colour.")] = "auto",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No notices and no progress; errors only.")
    ] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask anything.")] = False,
    no_autostart: Annotated[
        bool, typer.Option("--no-autostart", help="Do not start the daemon.")
    ] = False,
) -> None:
    """The options that every command has."""


_SHARED = tuple(inspect.signature(_shared).parameters.values())
SHARED_NAMES = frozenset(parameter.name for parameter in _SHARED)


def _terminal(given: dict[str, Any]) -> Terminal:
    """Take the shared options out of what was given."""
    values = {parameter.name: given.pop(parameter.name) for parameter in _SHARED}
    if values["color"] not in {"auto", "always", "never"}:
        raise InputError(
            f"--color is auto, always or never, not {values['color']!r}", hint="--color auto"
        )
    fields = values["fields"]
    picked = None
    if fields is not None:
        picked = tuple(name.strip() for name in fields.split(",") if name.strip())
    return Terminal(
        json=values["as_json"],
        fields=picked,
        color=values["color"],
        quiet=values["quiet"],
        no_input=values["no_input"],
        no_autostart=values["no_autostart"],
    )


class Command(TyperCommand):
    """A command whose help opens with examples."""

    examples: tuple[str, ...] = ()

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The pieces of the usage line; our own metavars already say what is optional."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Examples, usage, what it does, its options."""
        formatter.write(told_examples(self.examples))
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        self.format_options(ctx, formatter)


def told_examples(examples: Sequence[str]) -> str:
    """The first paragraph of a help text."""
    return "Examples:\n" + "".join(f"  {example}\n" for example in examples) + "\n"


def built(
    function: Callable[..., int | None], *, name: str, examples: Sequence[str], short_help: str
) -> TyperCommand:
    """The command that a function is, with the shared options added."""

    def run(**given: Any) -> int:
        return function(_terminal(given), **given) or 0

    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    every = [p.replace(kind=p.KEYWORD_ONLY) for p in (*own, *_SHARED)]
    run.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in every}
    run.__doc__ = function.__doc__
    kind = type("Command", (Command,), {"examples": tuple(examples)})
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, cls=kind, short_help=short_help)(run)
    made = typer.main.get_command(app)
    assert isinstance(made, TyperCommand)
    for parameter in made.params:
        _name_value(parameter)
    return made


def _name_value(parameter: Any) -> None:
    """Give the value of an option a word, where it was given none: its own name, or N."""
    if parameter.param_type_name == "option" and not parameter.is_flag and not parameter.metavar:
        is_number = "int" in str(parameter.type).lower()
        parameter.metavar = "N" if is_number else str(parameter.name).upper().replace("_", "-")
