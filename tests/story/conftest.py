"""One world for a module where its tests leave each other alone, one for a test where not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.story.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World.open(tmp_path_factory.mktemp("world") / "home")
    yield made
    made.close()


@pytest.fixture
def own_world(tmp_path: Path) -> Iterator[World]:
    made = World.open(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def slow_world(tmp_path: Path) -> Iterator[World]:
    """Sellers here take their time: there is a moment to interrupt."""
    made = World.open(tmp_path / "home", latency_scale=3.0)
    yield made
    made.close()
