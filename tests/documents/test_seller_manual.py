"""The manual of the seller language: its examples work, and its tables are the program's own."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.cli.output import Terminal
from bookhunt.cli.sellers_doctor import try_out
from bookhunt.cli.tree import help_of
from bookhunt.home.paths import Home
from bookhunt.hunt.exchange import ExchangeSettings
from bookhunt.model.reasons import UNPROVEN, Reason
from bookhunt.model.seller import Capability
from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.compiling_setup import Configured, proof_of
from bookhunt.sellers.doctor import examine
from bookhunt.sellers.language import OUTCOME_WORDS, Definition
from bookhunt.sellers.language.blocks import Rates, Resolve
from bookhunt.sellers.language.conditions import ORDER_WORDS, REASON_WORDS, When
from bookhunt.sellers.language.definition import Limits
from bookhunt.sellers.language.examples import Example, Expect, Given, Reply, Then, ThenOffer
from bookhunt.sellers.language.fields import (
    FoundOrderFields,
    OrderFields,
    QuoteFields,
    RateFields,
    ResolveFields,
)
from bookhunt.sellers.language.purchase import FindOrder, Idempotency, Purchase
from bookhunt.sellers.language.requests import Request
from bookhunt.sellers.language.steps import Block, Capture, Pick, Step
from bookhunt.sellers.loading import load_file
from bookhunt.sellers.loading_files import shipped_folder
from bookhunt.sellers.template_filters import FILTERS
from bookhunt.sellers.template_names import DECLARED, NAMES
from tests.documents.seller_schema import definition_schema

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

MANUAL = (shipped_folder() / "README.md").read_text(encoding="utf-8")
PROSE = re.sub(r"```.*?```", "", MANUAL, flags=re.DOTALL)
BLOCKS = re.findall(r"```yaml\n(.*?)```", MANUAL, re.DOTALL)
WORDS = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", MANUAL))


def id_of(text: str) -> str:
    return re.findall(r"^id: (\S+)$", text, re.MULTILINE)[0]


def chapter(title: str) -> str:
    """The text under a heading, up to the next one of any kind."""
    begins = PROSE.index(f"\n{title}\n") + len(title) + 1
    ends = re.search(r"^#+ ", PROSE[begins:], re.MULTILINE)
    return PROSE[begins : begins + ends.start()] if ends else PROSE[begins:]


def rows_of(text: str, first: str = "") -> list[list[str]]:
    """The cells of every row of a text's tables whose header begins with `first`."""
    found: list[list[str]] = []
    for table in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        header, _, *rows = table.splitlines()
        if header.startswith(f"| {first}"):
            found += [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return found


def ticked(cell: str) -> set[str]:
    return set(re.findall(r"`([a-z_0-9]+)", cell))


def named(title: str, first: str = "", cell: int = 0) -> set[str]:
    """What one column of the tables of a chapter names."""
    return {word for row in rows_of(chapter(title), first) for word in ticked(row[cell])}


def keys_of(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every example of the manual as the file it says it is, all in one folder."""
    folder = tmp_path_factory.mktemp("sellers.d")
    for text in BLOCKS:
        (folder / f"{id_of(text)}.yaml").write_text(text, encoding="utf-8")
    return folder


# ----------------------------------------------------------------------------- the examples work
def test_every_example_is_a_file_of_its_own() -> None:
    """Whole definitions, so that each can be copied; from the first quote to three steps."""
    ids = [id_of(text) for text in BLOCKS]
    assert len(ids) == len(set(ids))
    assert ids[0] == "corner"
    assert ids.index("firstorder") < ids.index("keyed") < ids.index("threestep")


@pytest.mark.parametrize("text", BLOCKS, ids=id_of)
def test_every_example_passes(text: str, folder: Path) -> None:
    """Through the real loader, the checks, and every exchange played by the code that asks."""
    lines = examine(folder / f"{id_of(text)}.yaml", user_folder=folder)
    assert [(line.example, line.error) for line in lines if not line.ok] == []
    assert any(line.example for line in lines)


@pytest.mark.parametrize("text", BLOCKS, ids=id_of)
def test_every_example_could_be_asked(text: str, folder: Path) -> None:
    """It compiles into a seller, which is what the daemon takes up."""
    loaded = load_file(folder / f"{id_of(text)}.yaml", user_folder=folder)
    compiled = compile_seller(loaded, configured=Configured(), has_secret=lambda _: True)
    assert compiled.id == id_of(text)
    assert compiled.hosts is not None


def test_the_command_tests_them_too(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`bookhunt sellers test` on copies in a user's own folder ends well."""
    monkeypatch.setenv("BOOKHUNT_HOME", str(tmp_path / "home"))
    home = Home.find()
    home.prepare()
    home.sellers_dir.mkdir()
    ids = [id_of(text) for text in BLOCKS]
    for seller_id in ids:
        copied = (folder / f"{seller_id}.yaml").read_text("utf-8")
        (home.sellers_dir / f"{seller_id}.yaml").write_text(copied, "utf-8")
    assert try_out(Terminal(), ids) == 0


# -------------------------------------------------------------------- the tables are the program's
def test_every_reason_stands_there_with_its_number() -> None:
    """Word, number, and whether it leaves an absence open, for each and for no other."""
    told = {
        row[1].strip("`"): (int(row[0]), row[3] == "yes")
        for row in rows_of(chapter("## Reasons and their numbers"))
    }
    assert told == {r.value: (r.number, r in UNPROVEN) for r in Reason}
    assert all(row[2] for row in rows_of(chapter("## Reasons and their numbers")))


def test_what_a_purchase_may_do_is_shown_by_the_examples(folder: Path) -> None:
    """Each line of the table names an example that has exactly what the line says."""
    rows = rows_of(chapter("### What a purchase may do, by what the seller can prove"))
    shown = {row[2].strip("`"): row[0] for row in rows}
    capabilities = {
        "a key and `find_order`": Capability.KEY_AND_LOOKUP,
        "a key only": Capability.KEY,
        "`find_order` only": Capability.LOOKUP,
        "neither": Capability.NONE,
    }
    assert set(shown.values()) == set(capabilities)
    for seller_id, has in shown.items():
        definition = load_file(folder / f"{seller_id}.yaml", user_folder=folder).definition
        assert proof_of(definition).capability is capabilities[has], seller_id


def test_the_words_of_an_order_are_all_there() -> None:
    assert named("## Words") == ORDER_WORDS
    assert set() == OUTCOME_WORDS - WORDS
    assert named("## Reasons and their numbers", cell=1) >= REASON_WORDS


def test_every_key_of_the_language_is_in_the_manual() -> None:
    schema: Any = definition_schema()
    models = [schema, *schema["$defs"].values()]
    keys = {key for model in models for key in model.get("properties", {})}
    assert "purchase_mode" in keys
    assert keys - WORDS == set()


@pytest.mark.parametrize(
    ("title", "first", "models", "elsewhere"),
    [
        ("## The head", "key", [Definition], set()),
        ("## The head", "`limits`", [Limits], set()),
        ("## Steps", "key of a step", [Step], set()),
        ("## Steps", "key of a block", [Block, Resolve], {"steps"}),
        ("## Steps", "key of a `request`", [Request], set()),
        ("## Steps", "key of `when`", [When], set()),
        ("## `purchase`", "", [Purchase], keys_of(Block) - {"steps"}),
        ("## Examples", "", [Example], set()),
    ],
)
def test_a_table_of_keys_has_exactly_the_keys(
    title: str, first: str, models: list[type[BaseModel]], elsewhere: set[str]
) -> None:
    """None is missing, and none is there that the language does not know."""
    known = {key for model in models for key in keys_of(model)} - elsewhere
    inside = keys_of(Expect) | keys_of(Reply) | {"expect", "answer", "base"}
    assert known - named(title, first) == set()
    assert named(title, first) - known - inside == set()


@pytest.mark.parametrize(
    ("name", "model"), [("given", Given), ("expect", Expect), ("answer", Reply), ("then", Then)]
)
def test_a_part_of_an_example_has_exactly_its_keys(name: str, model: type[BaseModel]) -> None:
    [cell] = [row[1] for row in rows_of(chapter("## Examples")) if row[0] == f"`{name}`"]
    assert keys_of(model) - ticked(cell) == set()
    if name == "then":
        assert keys_of(ThenOffer) - ticked(cell) == set()


def test_the_table_of_captures_and_picks_has_their_keys() -> None:
    captures, picks = (named("## Steps", "key of `capture`", cell) for cell in (0, 2))
    assert captures == keys_of(Capture)
    told = picks | named("## Steps", "key of `capture`", 3)
    assert keys_of(Pick) - told == set()


def test_the_tables_of_fields_have_every_field() -> None:
    assert named("## Fields", "of a quote") == keys_of(QuoteFields)
    told = {row[0]: ticked(row[1]) for row in rows_of(chapter("## Fields"), "of |")}
    assert keys_of(ResolveFields) <= told["`resolve`"]
    assert keys_of(RateFields) <= told["`rates`"]
    assert keys_of(OrderFields) <= told["the commit step"]
    assert keys_of(FoundOrderFields) <= told["`find_order`"] | told["the commit step"]
    assert keys_of(Rates) - keys_of(Block) - {"rows", "where", "fields"} == {"base"}


def test_every_placeholder_and_filter_is_in_its_table() -> None:
    told = {
        group: ticked(row[1])
        for row in rows_of(chapter("## Placeholders"), "group")
        for group in ticked(row[0])
    }
    assert set(told) == set(NAMES) | set(DECLARED)
    for group, names in NAMES.items():
        assert names - told[group] == set(), group
    assert named("## Placeholders", "filter") == FILTERS


def test_the_defaults_are_the_models() -> None:
    told = {row[0].strip("`"): float(row[1]) for row in rows_of(chapter("## The head"), "`limits`")}
    assert told == {name: float(each.default) for name, each in Limits.model_fields.items()}
    assert ExchangeSettings().max_age_s == 3 * 86_400
    assert "older than three days" in " ".join(MANUAL.split())
    assert ExchangeSettings().margin * 100 == 2
    assert "2 % against you" in MANUAL
    assert keys_of(Idempotency) | keys_of(FindOrder) <= WORDS


# ------------------------------------------------------------------------------ links and commands
def test_every_link_within_the_manual_leads_somewhere() -> None:
    """A heading's address is its words in lower case, joined by hyphens."""
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", PROSE, re.MULTILINE)
    }
    links = set(re.findall(r"\]\(#([^)]+)\)", PROSE))
    assert len(links) > 10
    assert links - anchors == set()


@cache
def help_text(words: tuple[str, ...]) -> str | None:
    return help_of(list(words))


def test_every_command_of_the_manual_is_one() -> None:
    """With its options."""
    commands = re.findall(r"(?:`|^)bookhunt ([a-z][^`\n#]*)", MANUAL, re.MULTILINE)
    assert len(commands) > 10
    for command in commands:
        words = command.split()
        names = tuple(words[:2] if words[0] in {"sellers", "config", "books"} else words[:1])
        told = help_text(names)
        assert told is not None, command
        for option in re.findall(r"--[a-z-]+", command):
            assert option in told, command


def test_the_shipped_definitions_that_are_named_are_there() -> None:
    for name in ("woocommerce", "medusa", "magento", "vendure", "jsonld-page", "html-shop", "ecb"):
        assert f"`{name}`" in PROSE or f"source: {name}" in PROSE
        assert (shipped_folder() / f"{name}.yaml").is_file()


def test_sentences_are_short() -> None:
    """Nobody reads a long one twice."""
    plain = re.sub(r"`[^`]*`|\]\([^)]*\)", "x", PROSE.replace("\n- ", ". "))
    plain = "\n".join(line for line in plain.splitlines() if not line.startswith(("|", "#")))
    sentences = re.split(r"[.:;!?]\s", " ".join(plain.split()))
    lengths = sorted(len(sentence.split()) for sentence in sentences if sentence.strip())
    assert lengths[len(lengths) // 2] <= 14
    assert lengths[-1] <= 45, max(sentences, key=lambda each: len(each.split()))
