"""Definitions are found, filled in and read again; one broken file takes no other down."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import pytest

from bookhunt.documents import DocumentMistakes, Mapping, read_file
from bookhunt.sellers import loading
from bookhunt.sellers.loading import DefinitionShelf, hash_of, load_file
from bookhunt.sellers.loading_files import Origin, shipped_folder
from tests.support.definitions import WHOLE_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.documents import Document

PLAIN = """\
schema: 1
id: {id}
name: {name}
base_url: https://api.{id}.example
currency: USD
quote:
  steps: [{{request: {{path: "/b/{{book.isbn13}}"}}}}]
  fields:
    isbn: {{at: isbn}}
    price: {{at: price, unit: minor}}
"""


def write(folder: Path, seller_id: str, text: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{seller_id}.yaml"
    content = text if text is not None else PLAIN.format(id=seller_id, name=seller_id.title())
    path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    folder = tmp_path / "shipped"
    write(folder, "amber")
    write(folder, "birch")
    return folder


@pytest.fixture
def user(tmp_path: Path) -> Path:
    folder = tmp_path / "user"
    folder.mkdir()
    return folder


def test_the_users_file_replaces_the_shipped_one_of_its_id_and_it_is_said(
    user: Path, shipped: Path
) -> None:
    mine = write(user, "amber", PLAIN.format(id="amber", name="Mine"))
    found = DefinitionShelf(user, shipped=shipped).read()
    assert sorted(found.by_id) == ["amber", "birch"]
    assert found.by_id["amber"].definition.name == "Mine"
    assert found.by_id["amber"].file.origin is Origin.USER
    assert found.notices == (f"{mine} replaces {shipped / 'amber.yaml'}",)


def test_a_broken_file_is_told_with_its_places_and_the_others_are_there(
    user: Path, shipped: Path
) -> None:
    broken = PLAIN.format(id="cedar", name="C").replace("base_url", "bse_url")
    path = write(user, "cedar", broken)
    found = DefinitionShelf(user, shipped=shipped).read()
    assert sorted(found.by_id) == ["amber", "birch"]
    told = [(m.file, m.line, m.column, m.path, m.hint) for m in found.mistakes]
    assert (str(path), 4, 1, "bse_url", "did you mean 'base_url'?") in told


def test_a_broken_users_file_does_not_bring_back_the_shipped_one(user: Path, shipped: Path) -> None:
    write(user, "amber", "schema: 1\nid: amber\nname: [\n")
    found = DefinitionShelf(user, shipped=shipped).read()
    assert sorted(found.by_id) == ["birch"]
    assert found.mistakes


def test_a_file_is_called_like_its_id(user: Path, shipped: Path) -> None:
    write(user, "other", PLAIN.format(id="cedar", name="C"))
    (mistake,) = DefinitionShelf(user, shipped=shipped).read().mistakes
    assert (mistake.line, mistake.column, mistake.path) == (2, 5, "id")
    assert "cedar.yaml" in str(mistake.hint)


def test_like_takes_over_the_keys_of_the_top_level_that_are_not_written(
    user: Path, shipped: Path
) -> None:
    path = write(user, "cedar", "id: cedar\nlike: amber\ncurrency: EUR\n")
    loaded = load_file(path, shipped=shipped)
    assert loaded.definition.id == "cedar"
    assert loaded.definition.currency == "EUR"
    assert loaded.definition.name == "Amber"
    assert loaded.definition.quote is not None
    assert DefinitionShelf(user, shipped=shipped).read().by_id["cedar"] == loaded.for_use
    place = loaded.document.place(("quote", "fields", "price"))
    assert (place.file, place.line) == (str(shipped / "amber.yaml"), 10)
    own = loaded.document.place(("currency",))
    assert (own.file, own.line) == (str(user / "cedar.yaml"), 3)


def test_like_does_not_reach_below_the_top_level(user: Path, shipped: Path) -> None:
    write(shipped, "amber", PLAIN.format(id="amber", name="A") + "limits: {batch: 1, retries: 0}\n")
    write(user, "cedar", "id: cedar\nlike: amber\nlimits: {concurrency: 3}\n")
    loaded = DefinitionShelf(user, shipped=shipped).read().by_id["cedar"]
    assert loaded.definition.limits.concurrency == 3
    assert loaded.definition.limits.retries == 1


def test_a_chain_of_likes_is_followed_and_a_ring_is_told(user: Path, shipped: Path) -> None:
    write(user, "cedar", "id: cedar\nlike: amber\n")
    write(user, "daisy", "id: daisy\nname: D\nlike: cedar\n")
    write(user, "elder", "id: elder\nlike: fir\n")
    write(user, "fir", "id: fir\nlike: elder\n")
    found = DefinitionShelf(user, shipped=shipped).read()
    assert found.by_id["daisy"].definition.base_url == "https://api.amber.example"
    assert {"elder", "fir"}.isdisjoint(found.by_id)
    assert all("is like itself" in m.message for m in found.mistakes)


def test_a_users_file_may_be_like_the_shipped_one_that_it_replaces(
    user: Path, shipped: Path
) -> None:
    write(user, "amber", "id: amber\nlike: amber\ntier: 1\n")
    loaded = DefinitionShelf(user, shipped=shipped).read().by_id["amber"]
    assert loaded.definition.tier == "1"
    assert loaded.definition.name == "Amber"


def test_like_nothing_that_is_there_is_told_with_the_near_name(user: Path, shipped: Path) -> None:
    write(user, "cedar", "id: cedar\nlike: ambr\n")
    (mistake,) = DefinitionShelf(user, shipped=shipped).read().mistakes
    assert (mistake.line, mistake.column, mistake.path) == (2, 7, "like")
    assert mistake.hint == "did you mean 'amber'?"


def test_a_mistake_in_what_is_taken_over_is_told_once_in_its_own_file(
    user: Path, shipped: Path
) -> None:
    write(
        shipped, "amber", PLAIN.format(id="amber", name="A").replace("unit: minor", "unit: cents")
    )
    write(user, "cedar", "id: cedar\nlike: amber\n")
    mistakes = DefinitionShelf(user, shipped=shipped).read().mistakes
    places = [(m.file, m.line) for m in mistakes]
    assert places.count((str(shipped / "amber.yaml"), 10)) == 1
    assert (str(user / "cedar.yaml"), 2) in places
    assert len(mistakes) == 2


def test_a_change_is_seen_by_a_look_at_the_files_and_only_then_is_read_again(
    user: Path, shipped: Path
) -> None:
    path = write(user, "cedar")
    shelf = DefinitionShelf(user, shipped=shipped)
    before = shelf.read().by_id
    assert not shelf.changed()
    write(user, "cedar", PLAIN.format(id="cedar", name="Changed"))
    os.utime(path, ns=(1, 1))
    assert shelf.changed()
    after = shelf.read().by_id
    assert after["cedar"].definition.name == "Changed"
    assert after["amber"] is before["amber"]
    assert not shelf.changed()
    path.unlink()
    assert shelf.changed()
    assert "cedar" not in shelf.read().by_id


def test_only_what_changed_is_read_again(
    user: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what it is like, or is like it; the others are judged already."""
    write(user, "cedar", "id: cedar\nname: C\nlike: amber\n")
    for number in range(20):
        write(user, f"other-{number}")
    read: list[str] = []

    def reading(path: Path) -> Document:
        read.append(path.stem)
        return read_file(path)

    monkeypatch.setattr(loading, "read_file", reading)
    shelf = DefinitionShelf(user, shipped=shipped)
    before = shelf.read().by_id
    assert set(read) == before.keys()
    read.clear()
    write(user, "other-3", PLAIN.format(id="other-3", name="Changed"))
    after = shelf.read().by_id
    assert read == ["other-3"]
    assert after["cedar"] is before["cedar"]
    read.clear()
    write(shipped, "amber", PLAIN.format(id="amber", name="Changed"))
    after = shelf.read().by_id
    assert sorted(read) == ["amber", "cedar"]
    assert after["other-4"] is before["other-4"]


def test_no_document_is_kept_once_it_was_judged(user: Path, shipped: Path) -> None:
    """A line and a column for each word: many times what is said."""
    write(user, "cedar", "id: cedar\nname: C\nlike: amber\n")
    shelf = DefinitionShelf(user, shipped=shipped)
    shelf.read()
    gc.collect()
    files = {str(user / "cedar.yaml"), str(shipped / "amber.yaml")}
    assert not [
        each for each in gc.get_objects() if isinstance(each, Mapping) and each.place.file in files
    ]


def test_a_seller_goes_on_as_before_while_its_file_has_mistakes(user: Path, shipped: Path) -> None:
    write(user, "cedar")
    shelf = DefinitionShelf(user, shipped=shipped)
    shelf.read()
    path = write(user, "cedar", PLAIN.format(id="cedar", name="C") + "colour: red\n")
    found = shelf.read()
    assert found.by_id["cedar"].stale
    assert [m.path for m in found.mistakes] == ["colour"]
    assert found.notices == (f"{path} has mistakes: cedar goes on as before",)


def test_what_a_definition_is_like_is_read_again_when_it_changes(user: Path, shipped: Path) -> None:
    write(user, "cedar", "id: cedar\nname: C\nlike: amber\n")
    shelf = DefinitionShelf(user, shipped=shipped)
    first = shelf.read().by_id["cedar"]
    write(shipped, "amber", PLAIN.format(id="amber", name="A") + "region: AU\n")
    second = shelf.read().by_id["cedar"]
    assert second.definition.region == "AU"
    assert second.hash != first.hash


def test_the_hash_is_of_what_is_said_and_not_of_how(user: Path, shipped: Path) -> None:
    text = PLAIN.format(id="cedar", name="C")
    first = load_file(write(user, "cedar", text), shipped=shipped)
    again = load_file(write(user, "cedar", "# a comment\n" + text), shipped=shipped)
    other = load_file(
        write(user, "cedar", text.replace("unit: minor", "unit: major")), shipped=shipped
    )
    assert first.hash == again.hash == hash_of(first.definition)
    assert other.hash != first.hash


def test_demo_sellers_are_there_only_when_asked_for(user: Path, shipped: Path) -> None:
    write(shipped / "demo", "street")
    assert "street" not in DefinitionShelf(user, shipped=shipped).read().by_id
    assert "street" in DefinitionShelf(user, shipped=shipped, demo=True).read().by_id


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path, shipped: Path) -> None:
    found = DefinitionShelf(tmp_path / "nowhere", shipped=shipped).read()
    assert sorted(found.by_id) == ["amber", "birch"]


def test_a_single_file_is_read_with_what_it_is_like_beside_it(user: Path, shipped: Path) -> None:
    write(user, "base")
    path = write(user, "cedar", "id: cedar\nlike: base\n")
    assert load_file(path, shipped=shipped).definition.name == "Base"


def test_a_file_that_is_not_there_says_so(tmp_path: Path, shipped: Path) -> None:
    with pytest.raises(DocumentMistakes) as caught:
        load_file(tmp_path / "none.yaml", shipped=shipped)
    assert "cannot be read" in caught.value.message


def test_the_whole_definition_of_the_page_is_loaded() -> None:
    assert load_file(WHOLE_FILE).definition.name == "Booktopia"


def test_shipped_definitions_lie_beside_the_package_or_in_it() -> None:
    assert shipped_folder().name == "sellers.d"
