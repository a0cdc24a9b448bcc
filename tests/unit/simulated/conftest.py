"""One street for a module, emptied before each test: the process is real, its start is slow."""

import os
from collections.abc import Iterator

import pytest

from bookhunt.simulated import Street, start
from tests.unit.simulated.shopper import Shopper


@pytest.fixture(scope="module")
def open_street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    directory = tmp_path_factory.mktemp("street")
    street = start(directory, seed=7, latency_scale=0, parent_pid=os.getpid())
    yield street
    street.stop()


@pytest.fixture
def street(open_street: Street) -> Street:
    open_street.reset()
    return open_street


@pytest.fixture
def shopper(street: Street) -> Shopper:
    return Shopper(street)
