"""What completes a value: a file, some words, or what the daemon knows of.

A kind is one word for the scripts of three shells: `file`, `words:a b c`, `ask:requests` (one of
what `bookhunt __complete requests` prints), `either:sellers` (one of them or a file),
`list:sellers` (several of them, with commas), `pick:a b c` (several of these words), or empty where
nothing can be suggested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.cli.commands import COMMANDS
from bookhunt.cli.help_topics import TOPICS
from bookhunt.cli.objects import OBJECTS
from bookhunt.model.request import RequestState

if TYPE_CHECKING:
    from bookhunt.cli.commands import Entry

# What `fast_complete` can be asked for.
ASKED = ("books", "requests", "sellers", "profiles", "watches")
_OF_WORD = {
    "BOOK": "ask:books",
    "TITLE": "ask:books",
    "REQ": "ask:requests",
    "STATE": "words:" + " ".join(RequestState),
    "FILE": "file",
    "DIR": "file",
    "PATH": "file",
    "SHELL": "words:bash zsh fish",
    "TOPIC": "help",
}
_OF_FLAG = {"--profile": "ask:profiles", "--sellers": "list:sellers", "--fields": "fields"}
# Words that mean another thing in each group.
_OF_GROUP = {
    ("sellers", "ID"): "ask:sellers",
    ("sellers", "FILE|ID"): "either:sellers",
    ("profile", "NAME"): "ask:profiles",
    ("watch", "ID"): "ask:watches",
    ("watch", "WATCH"): "ask:watches",
}


def kind_of(words: tuple[str, ...], entry: Entry, metavar: str, *, flag: str | None = None) -> str:
    """What completes the value that `metavar` stands for, at this command."""
    word = metavar.strip("[].").replace("...", "").strip("[]")
    kind = _OF_GROUP.get((words[0], word), "")
    if words[-1] == "new":
        return ""  # a name that is not there yet
    if flag in _OF_FLAG and not (flag == "--sellers" and word == "N"):
        kind = _OF_FLAG[flag]
    elif not kind:
        kind = _OF_WORD.get(word, "")
    if kind == "help":
        return f"words:{' '.join((*TOPICS, *COMMANDS))}"
    if kind == "fields":
        fields = OBJECTS[entry.prints][1]
        return f"pick:{' '.join(fields)}" if fields else ""
    if not kind and "|" in word:
        return _alternatives(word)
    return kind


def _alternatives(word: str) -> str:
    """`new|used|any` are words to choose from; of `FILE|-` it is a file."""
    parts = word.split("|")
    if "FILE" in parts:
        return "file"
    fixed = [part for part in parts if not part.isupper()]
    return f"words:{' '.join(fixed)}" if fixed else ""
