"""The completion script of zsh: a function for each command, in the words of `_arguments`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bookhunt.cli.surface import Flag, Operand, Page

_HEAD = """\
#compdef bookhunt
# zsh completion of bookhunt; `bookhunt completions install` puts it in place. Generated.

# What the daemon knows of this kind, each with a word about it; nothing where none runs.
_bookhunt_ask() {
    local -a found
    found=("${(@f)$(_call_program bookhunt bookhunt __complete $1 2>/dev/null)}")
    found=("${(@)found:#}")
    (( $#found )) || return 1
    found=("${(@)found//:/\\\\:}")
    found=("${(@)found/$'\\t'/:}")
    _describe -V -t $1 $1 found
}

# Several of them, with commas.
_bookhunt_list() {
    local -a found
    found=("${(@f)$(_call_program bookhunt bookhunt __complete $1 2>/dev/null)}")
    found=("${(@)found%%$'\\t'*}")
    found=("${(@)found:#}")
    (( $#found )) && _values -s , $1 $found
}
"""
_FOOT = """
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _bookhunt "$@"
else
    compdef _bookhunt bookhunt
fi
"""


def zsh_script(pages: Sequence[Page]) -> str:
    """The whole script."""
    return _HEAD + "".join(_function(page) for page in pages) + _FOOT


def _function(page: Page) -> str:
    name = "_".join(("_bookhunt", *page.words)).replace("-", "_")
    body = _group(page, name) if page.is_group else _command(page)
    return f"\n{name}() {{\n{body}}}\n"


def _group(page: Page, name: str) -> str:
    words = "".join(f"        {_quoted(f'{word}:{_brief(does)}')}\n" for word, does in page.below)
    calls = "".join(f"        {w}) {name}_{w.replace('-', '_')} ;;\n" for w, _ in page.below)
    return (
        "    local curcontext=$curcontext state line\n"
        "    local -a below=(\n" + words + "    )\n"
        "    _arguments -C '(- *)--help[Show the help and exit.]' \\\n"
        "        '1: :->word' '*:: :->rest' && return\n"
        "    if [[ $state == word ]]; then\n"
        "        _describe -V -t commands command below\n"
        "        return\n"
        "    fi\n"
        "    case $line[1] in\n" + calls + "    esac\n"
    )


def _command(page: Page) -> str:
    specs = [*_flags(page), *(_operand(n, o) for n, o in enumerate(page.operands, 1))]
    return "    _arguments -s -S \\\n" + " \\\n".join(f"        {s}" for s in specs) + "\n"


def _flags(page: Page) -> Iterator[str]:
    for flag in page.flags:
        alone = "(- *)" if flag.names == ("--help",) else ""
        for name in flag.names:
            others = " ".join(flag.names) if len(flag.names) > 1 and not flag.repeats else ""
            before = alone or ("*" if flag.repeats else f"({others})" if others else "")
            yield _quoted(f"{before}{name}{_value(flag, name)}")


def _value(flag: Flag, name: str) -> str:
    says = f"[{_brief(flag.says)}]"
    if not flag.metavar:
        return says
    sign = "=" if name.startswith("--") else "+"
    return f"{sign}{says}:{_plain(flag.metavar)}:{_action(flag.kind)}"


def _operand(place: int, operand: Operand) -> str:
    where = "*" if operand.repeats else str(place)
    optional = "" if operand.needed or operand.repeats else ":"
    word = _plain(operand.metavar.strip("[]").replace("...", "").strip("[]"))
    return _quoted(f"{where}:{optional}{word}:{_action(operand.kind)}")


def _action(kind: str) -> str:
    how, _, what = kind.partition(":")
    match how:
        case "file":
            return "_files"
        case "words":
            return f"({what})"
        case "ask":
            return f" _bookhunt_ask {what}"  # the space: called with these words alone
        case "either":
            return f"{{_bookhunt_ask {what} || _files}}"
        case "list":
            return f" _bookhunt_list {what}"
        case "pick":
            return f"_values -s , field {what}"
        case _:
            return " "


def _plain(text: str) -> str:
    return text.replace(":", r"\:")


def first_sentence(text: str) -> str:
    """What a menu has room for."""
    return re.split(r"(?<=[.;:])\s", text, maxsplit=1)[0].rstrip(";:.")


def _brief(text: str) -> str:
    """The same, with what `_arguments` reads itself made plain."""
    return re.sub(r"([\[\]:\\])", r"\\\1", first_sentence(text))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
