"""The tree of commands as Typer walks it: a branch is built when it is walked, and only that."""

from importlib import import_module
from typing import Any

from typer.core import TyperCommand, TyperGroup

from bookhunt.cli.command import built, told_examples
from bookhunt.cli.commands import COMMANDS, Entry, Group
from bookhunt.cli.help_topics import TOPICS

ABOUT = (
    "Buys the cheapest available copy of a book from a network of online booksellers.\n\n"
    f"Topics: bookhunt help {' | '.join(TOPICS)}"
)
FIRST_STEPS = (
    "bookhunt demo                                   buy a book in a simulated street",
    "bookhunt profile add home                       where books are sent",
    "bookhunt buy 9781449373320 --max-price 30       buy it, if anybody has it at that price",
    "bookhunt status                                 what became of it",
)


class Tree(TyperGroup):
    """A group that knows its commands by name, and builds one when it is asked for."""

    def __init__(
        self, *, name: str, does: str, table: dict[str, Entry | Group], examples: tuple[str, ...]
    ) -> None:
        super().__init__(name=name, help=does, rich_markup_mode=None, no_args_is_help=False)
        self._table = table
        self._examples = examples

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer's signature
        """The names, in the order of the table."""
        return list(self._table)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:  # noqa: ARG002 - Typer's signature
        """The command of this name, its module imported now; None if there is none."""
        entry = self._table.get(cmd_name)
        return None if entry is None else command_of(cmd_name, entry)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; a mistyped one is answered with those that come near."""
        # Typer compares with `commands`, which stays empty here until something was mistyped.
        if args[0] not in self._table:
            self.commands = dict.fromkeys(self._table, TyperCommand(None))
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Examples first, then the commands."""
        formatter.write(told_examples(self._examples))
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        self.format_options(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Typer's signature
        """The list of commands, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.does) for name, entry in self._table.items()])


def root() -> Tree:
    """The program."""
    return Tree(name="bookhunt", does=ABOUT, table=COMMANDS, examples=FIRST_STEPS)


def help_of(words: list[str]) -> str | None:
    """The help of the command these words name, of the program for none; None: no such command."""
    tree: TyperCommand | TyperGroup = root()
    context: Any = tree.make_context("bookhunt", [], resilient_parsing=True)
    for word in words:
        found = tree.get_command(context, word) if isinstance(tree, Tree) else None
        if found is None:
            return None
        tree = found
        context = tree.make_context(word, [], parent=context, resilient_parsing=True)
    return str(context.get_help())


def command_of(name: str, entry: Entry | Group) -> TyperCommand | Tree:
    """One command, or one group of them."""
    if isinstance(entry, Group):
        examples = tuple(each.examples[0] for each in entry.commands.values())
        return Tree(name=name, does=entry.does, table=dict(entry.commands), examples=examples)
    function = getattr(import_module(entry.module), entry.function)
    return built(function, name=name, examples=entry.examples, short_help=entry.does)
