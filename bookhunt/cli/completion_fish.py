"""The completion script of fish: a line for each word and option, under the condition it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.cli.completion_zsh import first_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bookhunt.cli.surface import Flag, Operand, Page

_HEAD = """\
# fish completion of bookhunt; `bookhunt completions install` puts it in place. Generated.

# The words of the line so far that are no options.
function __bookhunt_words
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; or echo $word
    end
end

# Whether the command of these words is being typed, whatever follows it.
function __bookhunt_at
    set -l words (__bookhunt_words)
    test (count $words) -ge (count $argv); and test "$words[1..$(count $argv)]" = "$argv"
end

# Whether these words stand there and nothing else: the next one is a command.
function __bookhunt_after
    set -l words (__bookhunt_words)
    test "$words" = "$argv"
end

# Whether operand number $argv[1] of the command of the other words is next.
function __bookhunt_nth
    set -l path $argv[2..-1]
    __bookhunt_at $path; and test (count (__bookhunt_words)) -eq (math (count $path) + $argv[1] - 1)
end

# What the daemon knows of a kind, each with a word about it after a tab.
function __bookhunt_ask
    bookhunt __complete $argv[1] 2>/dev/null
end

# Several of such words, with commas.
function __bookhunt_list
    set -l value (commandline -ct | string replace -r '^--[^=]*=' '')
    set -l before (string replace -r '[^,]*$' '' -- $value)
    for each in $argv
        echo $before$each
    end
end

complete -c bookhunt -f
"""


def fish_script(pages: Sequence[Page]) -> str:
    """The whole script."""
    return _HEAD + "".join(line + "\n" for page in pages for line in _lines(page))


def _lines(page: Page) -> Iterator[str]:
    path = " ".join(page.words)
    yield f"\n# bookhunt {path}".rstrip()
    for word, does in page.below:
        yield f"{_start(f'__bookhunt_after {path}')} -a {word} -d {_quoted(first_sentence(does))}"
    if page.words:
        after = f"__bookhunt_after {path}" if page.is_group else f"__bookhunt_at {path}"
        for flag in page.flags:
            yield from _flag(after, flag)
    for place, operand in enumerate(page.operands, 1):
        yield from _operand(path, place, operand)


def _flag(condition: str, flag: Flag) -> Iterator[str]:
    says = _quoted(first_sentence(flag.says))
    for name in flag.names:
        how = f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
        value = f" {_values(flag.kind, needed=True)}" if flag.metavar else ""
        yield f"{_start(condition)} {how}{value} -d {says}"


def _operand(path: str, place: int, operand: Operand) -> Iterator[str]:
    values = _values(operand.kind, needed=False)
    if values:
        where = f"__bookhunt_at {path}" if operand.repeats else f"__bookhunt_nth {place} {path}"
        yield f"{_start(where)} {values}"


def _values(kind: str, *, needed: bool) -> str:
    how, _, what = kind.partition(":")
    match how:
        case "file":
            return "-r -F" if needed else "-F"
        case "words":
            given = f"-a {_quoted(what)}"
        case "either":
            return f"-F -k -a {_quoted(f'(__bookhunt_ask {what})')}"
        case "ask":
            given = f"-k -a {_quoted(f'(__bookhunt_ask {what})')}"
        case "list":
            # The words about each are left out: a tab would end the list.
            asked = f"(__bookhunt_list (__bookhunt_ask {what} | string replace -r '\\t.*' ''))"
            given = f"-a {_quoted(asked)}"
        case "pick":
            given = f"-a {_quoted(f'(__bookhunt_list {what})')}"
        case _:
            return "-x" if needed else ""
    return f"-x {given}" if needed else given


def _start(condition: str) -> str:
    return f"complete -c bookhunt -n {_quoted(condition.strip())}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
