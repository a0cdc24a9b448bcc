"""A home of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.home.paths import Home

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty, prepared home."""
    there = Home.at(tmp_path / "home")
    there.prepare()
    return there
