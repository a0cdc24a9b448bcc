"""A home for each test of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.home.paths import Home

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.at(tmp_path / "home")
    home.prepare()
    return home
