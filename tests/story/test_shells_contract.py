"""Every command as a script runs it: its objects, its errors, its exit code, what it imports.

Each command of the table is run as its first example says, or as the line below says where an
example needs something that is not there. A command that is added is run here from then on.
"""

import json
import re
import shlex
import subprocess
import sys
from functools import cache

import pytest

from bookhunt.cli.entries import Entry
from bookhunt.cli.objects import OBJECTS, codes_of
from bookhunt.cli.surface import leaves
from bookhunt.wire.contract import SCHEMA_VERSION
from tests.story.world import World

pytestmark = pytest.mark.story

_ADDRESS = json.dumps(
    {"name": "Ada", "street": "1 Main St", "city": "Troy", "postcode": "12180", "country": "US"}
)
# Where the first example would not do: what to type instead, and stdin.
_TYPED = {
    "buy": ("buy 9781449373320 --max-price 60 --again", ""),
    "sellers test": ("sellers test amberside", ""),
    "sellers login": ("sellers login brightwater --stdin", "payment=tok-1\n"),
    "sellers logout": ("sellers logout brightwater", ""),
    "profile add": ("profile add office --from -", _ADDRESS),
    "profile show": ("profile show office", ""),
    "profile remove": ("profile remove office", ""),
    "db snapshot": ("db snapshot {home}/copy.db", ""),
}
# What is not run here, and where it is.
_ELSEWHERE = {
    "demo": "test_demo: it opens a street of its own",
    "daemon run": "it stays until it is interrupted; every daemon here is started by it",
    "daemon install": "unit/cli/test_units: here it would change this account's services",
    "daemon uninstall": "as install",
    "sandbox stop": "test_sandbox: the street here is still needed",
}
_WATCH = "3f9a"  # of the examples; the one that `watch add` made stands for it
_IMPORTED = re.compile(r"^import time: +\d+ \| +\d+ \| +(\S+)$")
# What any command may import that is not Python's own: Typer's part.
_LIGHT = {"bookhunt", "typer", "shellingham", "annotated_doc"}
# What Python itself looks for: `copy` for Jython's classes, `site` for an administrator's modules.
_INTERPRETER = {"org", "sitecustomize", "usercustomize"}
_TALKS = {"cli", "client", "home", "model", "telemetry", "wire"}  # packages of ours
_FILES = {"bookhunt.sellers", "bookhunt.sellers.loading_files"}  # where shipped files lie
# Work that is done here and not by the daemon, and what of others it takes.
_NOTHING: set[str] = set()
_DOCUMENTS = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "yaml"}
_DOCUMENTS |= {"typing_inspection"}
_ANSWERS = {"orjson", "jmespath", "lxml", "selectolax", "re2", "stdnum", "rnc2rng"}
_ANSWERS |= {"httptools", "httpx", "idna", "brotli", "brotlicffi", "zstandard"}
_ANSWERS |= {"click", "rich", "pygments"}  # httpx looks for its own command line
_HEAVY = {
    "config show": _DOCUMENTS,
    "config check": _DOCUMENTS,
    "config edit": _DOCUMENTS,
    "daemon install": _DOCUMENTS,
    "sellers test": _DOCUMENTS | _ANSWERS,
    "doctor": _DOCUMENTS,
    # Made from every command, so they import what those import.
    "completions install": _DOCUMENTS,
    "completions show": _DOCUMENTS,
}
_STREET = {"sandbox start", "sandbox ledger"}  # theirs is the street


def _run(
    world: World, words: tuple[str, ...], entry: Entry
) -> tuple[int, str, list[str], set[str]]:
    line, stdin = _TYPED.get(" ".join(words), (entry.examples[0], ""))
    if _WATCH in line:
        line = line.replace(_WATCH, world.object("watch", "list")["id"])
    line = re.split(r" [<>|] ?", line)[0].partition("bookhunt ")[2] or line
    shown = world.run(
        *shlex.split(line.replace("{home}", str(world.root))),
        "--json",
        stdin=stdin,
        PYTHONPROFILEIMPORTTIME="1",
        XDG_DATA_HOME=str(world.root / "share"),
        EDITOR="true",
    )
    said, imported = [], set()
    for each in shown.stderr.splitlines():
        found = _IMPORTED.match(each)
        if found:
            imported.add(found[1])
        elif not each.startswith("import time:"):
            said.append(each)
    return shown.returncode, shown.stdout, said, imported


@pytest.mark.parametrize(
    ("words", "entry"),
    [each for each in leaves() if " ".join(each[0]) not in _ELSEWHERE],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_keeps_its_contract(words: tuple[str, ...], entry: Entry, world: World) -> None:
    """Objects of the fields that its man page names, errors as objects, a code that it names."""
    code, out, said, imported = _run(world, words, entry)
    assert code in codes_of(entry), said
    _, fields = OBJECTS[entry.prints]
    if entry.prints not in {"text", "log"}:
        for line in out.splitlines():
            told = json.loads(line)
            assert told["schema_version"] == SCHEMA_VERSION
            assert not fields or set(told) == set(fields), set(told) ^ set(fields)
    if entry.prints == "nothing" or (code and not out):
        assert out == ""
    if code and not out:
        error = json.loads(said[-1])["error"]
        assert error["code"]
        assert error["message"]
        assert "hint" in error
    _is_light(words, imported)


@cache
def _of_the_machine() -> frozenset[str]:
    """What this machine's Python imports by itself, for its administrator."""
    bare = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "pass"],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    names = (_IMPORTED.match(line) for line in bare.stderr.splitlines())
    return frozenset(name[1].partition(".")[0] for name in names if name)


def _is_light(words: tuple[str, ...], imported: set[str]) -> None:
    """What was imported is what this kind of command may: each more is felt at every start."""
    heavy = _HEAVY.get(" ".join(words), _NOTHING)
    packages = {name.partition(".")[0] for name in imported if not name.startswith("_")}
    foreign = packages - sys.stdlib_module_names - _INTERPRETER - _of_the_machine()
    assert foreign <= _LIGHT | heavy, foreign - _LIGHT - heavy
    assert heavy or not packages & {"asyncio", "sqlite3"}
    ours = {name for name in imported if name.startswith("bookhunt.")}
    own = {name.split(".")[1] for name in ours - _FILES}
    assert heavy or " ".join(words) in _STREET or own <= _TALKS, own - _TALKS


def test_no_command_is_left_out_without_a_reason() -> None:
    assert set(_ELSEWHERE) <= {" ".join(words) for words, _ in leaves()}
