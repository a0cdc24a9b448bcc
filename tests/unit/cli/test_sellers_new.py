"""A skeleton is a definition that loads, so that what somebody changes is what breaks."""

import json
from pathlib import Path

import pytest

from bookhunt.cli.output import Terminal
from bookhunt.cli.sellers_new import new, schema
from bookhunt.model.errors import InputError
from bookhunt.sellers.loading import load_file


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOOKHUNT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_skeleton_loads_without_a_mistake(home: Path, capsys: pytest.CaptureFixture) -> None:
    new(Terminal(), "my-shop_2")
    path = home / "sellers.d" / "my-shop_2.yaml"
    assert capsys.readouterr().out == f"{path}\n"
    assert load_file(path).id == "my-shop_2"


def test_a_definition_that_is_there_is_never_overwritten(home: Path) -> None:
    new(Terminal(), "shop")
    path = home / "sellers.d" / "shop.yaml"
    path.write_text("mine")
    with pytest.raises(InputError, match="already"):
        new(Terminal(), "shop")
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["Shop", "../x", "a/b", "", "a b"])
def test_a_name_that_is_no_id_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        new(Terminal(), name)


def test_the_schema_is_printed_for_editors(capsys: pytest.CaptureFixture) -> None:
    schema(Terminal())
    assert "properties" in json.loads(capsys.readouterr().out)
