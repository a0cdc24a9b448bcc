"""What the scenes need of a shop system, whichever it is, and how one is installed from npm."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_HEADERS = Path("/usr/include/node/node.h")
_HERE = Path(__file__).parent
_PINS = ("package.json", "package-lock.json")
_NEEDS = "Debian: apt-get install nodejs npm"
_TO_COMPILE = "Debian: apt-get install build-essential python3 libnode-dev"


class ShopMissing(Exception):
    """The shop cannot be run here; the message says what to install."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopOrder:
    """An order as the shop itself has it; carts that nobody paid are orders there, too."""

    code: str
    state: str
    placed: bool
    currency: str
    total_minor: int
    lines: str | None  # "9781402894626 x1"
    paid_minor: int
    payments: int
    reference: str | None  # bookhunt's, beside the payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is to be known of an open shop: for a customer, and for who stands in between."""

    address: str
    settings: dict[str, str]  # of its definition
    paid_by: str  # the setting that says how it is paid
    secrets: dict[str, str]  # beside the payment token
    path: str  # of every request
    commit: bytes  # stands in the one request that spends, and in no other
    on_the_shelf: str  # the price of PLENTY as a quote has it
    landed: str  # and at the till, with the cheapest delivery and tax
    declines: bool  # whether there is a card that it declines


class Shop(Protocol):
    """A shop that is open, with its own database for a ledger."""

    facts: Facts

    def orders(self) -> list[ShopOrder]:
        """Every order and every cart that counts as one, oldest first."""

    def close(self) -> None:
        """Close it; its database may go."""


def installed(cache: Path, system: str) -> Path:
    """The folder of an installed shop system; what is installed there already is used again.

    Raises:
        ShopMissing: there is no Node.js or no npm, or they failed.
    """
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        raise ShopMissing(f"a real shop needs {' and '.join(missing)}; {_NEEDS}")
    source = _HERE / system
    pins = [source / name for name in _PINS if (source / name).is_file()]
    digest = hashlib.sha256(b"".join(pin.read_bytes() for pin in pins)).hexdigest()[:12]
    folder = cache / f"{system}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "installed"
    own = [each for each in source.iterdir() if each.is_file() and each.name not in _PINS]
    for file in own if done.exists() else [*own, *pins]:
        shutil.copyfile(file, folder / file.name)
    if not done.exists():
        _install(folder, "ci" if len(pins) == len(_PINS) else "install")
        done.touch()
    return folder


def _install(folder: Path, how: str) -> None:
    environment = dict(os.environ)
    if _HEADERS.exists():  # bindings are compiled where no built ones are to be had
        environment["npm_config_nodedir"] = str(_HEADERS.parents[2])
    made = subprocess.run(
        ["npm", how, "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        told = f"npm {how} failed; to compile bindings it needs a compiler and Node's headers"
        raise ShopMissing(f"{told} ({_TO_COMPILE})\n{made.stderr}")
