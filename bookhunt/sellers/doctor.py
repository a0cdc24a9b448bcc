"""`bookhunt sellers test`: a definition, its checks, and its examples played through the real code.

Nothing is contacted. A line of the report is one thing that was tried: the definition as a whole,
a warning, or an example. On a failure `details` shows what was sent, the part of the answer, what
was read of it, and what was expected.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bookhunt.documents import DocumentMistakes, Mistake
from bookhunt.model.errors import BookhuntError
from bookhunt.sellers.checks import check
from bookhunt.sellers.checks_examples import body_path
from bookhunt.sellers.compiled import CompiledAuth, CompiledSeller
from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.compiling_setup import Configured
from bookhunt.sellers.doctor_asking import Stage, quote, rates, resolve
from bookhunt.sellers.doctor_explain import explained
from bookhunt.sellers.doctor_ordering import buy
from bookhunt.sellers.doctor_script import ExampleClock, Script
from bookhunt.sellers.loading import load_file
from bookhunt.sellers.template import Context, compile_template
from bookhunt.sellers.transport import FailureKind

if TYPE_CHECKING:
    from bookhunt.sellers.language import Definition, Example
    from bookhunt.sellers.loading import Loaded, LoadedFile

_PLAY = {"quote": quote, "resolve": resolve, "rates": rates, "buy": buy}
_LONGEST_EXAMPLE_S = 30.0
_SETTING = re.compile(r"^\{settings\.\w+\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TestLine:
    """One thing that was tried; the JSON contract's fields, and `details` for people."""

    __test__ = False  # for pytest: this is no suite

    file: str
    operation: str  # check, or the example's
    example: str | None
    ok: bool
    error: str | None = None
    line: int | None = None
    column: int | None = None
    warning: bool = False  # it is an error only with --strict
    details: tuple[str, ...] = ()

    def json_fields(self) -> dict[str, Any]:
        """As the command's `--json` prints it."""
        return {
            "file": self.file,
            "operation": self.operation,
            "example": self.example,
            "ok": self.ok,
            "error": self.error,
            "line": self.line,
            "column": self.column,
        }


def examine(
    path: Path,
    *,
    user_folder: Path | None = None,
    shipped: Path | None = None,
    strict: bool = False,
) -> list[TestLine]:
    """Try one definition offline. Blocking; it starts a loop of its own.

    `strict`: warnings are failures. Mistakes of the definition come as lines, never as exceptions.
    """
    return asyncio.run(examined(path, user_folder=user_folder, shipped=shipped, strict=strict))


async def examined(
    path: Path,
    *,
    user_folder: Path | None = None,
    shipped: Path | None = None,
    strict: bool = False,
) -> list[TestLine]:
    """As `examine`, inside a running loop."""
    try:
        loaded = load_file(path, user_folder=user_folder, shipped=shipped)
    except DocumentMistakes as bad:
        return [_mistaken(each) for each in bad.mistakes]
    found = check(loaded.definition, loaded.document)
    warnings = [_mistaken(each, ok=not strict, warning=True) for each in found.warnings]
    if found.errors:
        return [*(_mistaken(each) for each in found.errors), *warnings]
    whole = TestLine(file=str(path), operation="check", example=None, ok=True)
    played = [
        await _played(loaded, example, n) for n, example in enumerate(loaded.definition.examples)
    ]
    return [whole, *warnings, *played]


def _mistaken(mistake: Mistake, *, ok: bool = False, warning: bool = False) -> TestLine:
    where = f"{mistake.path}: " if mistake.path else ""
    hint = f" ({mistake.hint})" if mistake.hint else ""
    return TestLine(
        file=mistake.file,
        operation="check",
        example=None,
        ok=ok,
        error=f"{where}{mistake.message}{hint}",
        line=mistake.line,
        column=mistake.column,
        warning=warning,
    )


# ------------------------------------------------------------------------------------- examples
async def _played(loaded: LoadedFile, example: Example, n: int) -> TestLine:
    place = loaded.document.place(("examples", n))
    line = TestLine(
        file=place.file,
        operation=example.operation,
        example=example.name,
        ok=True,
        line=place.line,
        column=place.column,
    )
    try:
        seller = ready_seller(loaded, example)
        if place.file != loaded.document.file:
            seller = _placed_like(load_file(Path(place.file)).definition, seller)
        stage = Stage(
            seller=seller,
            example=example,
            script=_script(loaded, example, n),
            clock=ExampleClock(),
        )
        async with asyncio.timeout(_LONGEST_EXAMPLE_S):
            found = await _PLAY[example.operation](stage)
    except (BookhuntError, TimeoutError) as bad:
        said = bad.message if isinstance(bad, BookhuntError) else "it does not end"
        return replace(line, ok=False, error=said)
    problems = [*stage.script.problems, *found]
    if stage.script.left and not stage.script.problems:
        problems.append(f"{stage.script.left} of its exchanges were never asked for")
    if not problems:
        return line
    details = (*problems, *explained(stage))
    return replace(line, ok=False, error=problems[0], details=details)


def _script(loaded: LoadedFile, example: Example, n: int) -> Script:
    files = {}
    for k, exchange in enumerate(example.exchanges):
        name = exchange.reply.body_file
        if name is not None:
            path = ("examples", n, "exchanges", k, "answer", "body_file")
            files[name] = body_path(loaded.document.place(path).file, name)
    timed_out = any(then.reason == "timed_out" for then in example.thens)
    return Script(
        exchanges=example.exchanges,
        body_files=files,
        lost_as=FailureKind.TIMED_OUT if timed_out else FailureKind.UNREACHABLE,
    )


def ready_seller(loaded: Loaded, example: Example | None = None) -> CompiledSeller:
    """The seller as it would be once it is set up, whatever this machine's settings are."""
    definition = loaded.definition
    given = example.givens[0].settings if example is not None else {}
    configured = Configured(settings={**_example_settings(definition), **given})
    seller = compile_seller(loaded, configured=configured)
    return replace(
        seller, auth=tuple(made for each in seller.auth for made in _without_calls(each, seller))
    )


def _placed_like(pattern: Definition, seller: CompiledSeller) -> CompiledSeller:
    """The seller with the pattern's path behind its own host.

    An example that was taken over with `like:` says the paths of the pattern, which are right
    wherever a shop of its kind lies.
    """
    if seller.base_url is None:
        return seller
    parts = urlsplit(seller.base_url)
    path = urlsplit(_SETTING.sub("https://shop.example", pattern.base_url)).path
    return replace(seller, base_url=f"{parts.scheme}://{parts.netloc}{path}")


def _example_settings(definition: Definition) -> dict[str, str]:
    """A value for each setting that has none: an address where one is needed."""
    made: dict[str, str] = {}
    for name, setting in definition.settings.items():
        if setting.default is not None:
            continue
        begins = definition.base_url.startswith(f"{{settings.{name}}}")
        values = {"integer": "1", "number": "1", "boolean": "true", "url": "https://shop.example"}
        made[name] = "https://shop.example" if begins else values.get(setting.type, "example")
    return made


def _without_calls(auth: CompiledAuth, seller: CompiledSeller) -> tuple[CompiledAuth, ...]:
    """Requests of auth are no exchanges: a token is there, a login was made."""
    if auth.kind == "oauth2_client_credentials":
        token = compile_template("example-access-token", Context.HEADER)
        return (CompiledAuth(kind="bearer", host=auth.host, value=token),)
    if auth.kind != "session":
        return (auth,)
    made = []
    for name, template in auth.headers:
        scope = {
            "settings": seller.settings,
            "secrets": {each: f"example-{each}" for each in seller.secrets},
            "captured": {slot.name[1]: f"example-{slot.name[1]}" for slot in template.slots},
        }
        text = str(template.render(scope)).replace("{", "{{").replace("}", "}}")
        value = compile_template(text, Context.HEADER)
        made.append(CompiledAuth(kind="header", host=auth.host, name=name, value=value))
    return tuple(made)
