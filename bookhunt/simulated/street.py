"""A street from outside: start one, talk to its control address, stop it. Standard library only.

```python
street = start(tmp_path, seed=7, latency_scale=0, parent_pid=os.getpid())
street.fault("amberside", "commit", "reset_after")
...
assert len(street.orders()) == 1
street.stop()
```
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from bookhunt.simulated.roster import HAND_MADE, Profile, payment_token, roster, secrets

_OPENS_WITHIN_S = 60.0  # two hundred sellers of thousands of books shelve them first
_STOPS_WITHIN_S = 10.0
_ANSWERS_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.02
STREET_FILE = "street.json"
LOG_FILE = "street.log"


class StreetError(Exception):
    """A street did not open, did not stop, or refused what its control address was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One seller of a running street; `like` is the hand-made seller whose definition fits."""

    id: str
    name: str
    address: str
    dialect: str
    like: str


@dataclass(slots=True, kw_only=True)
class Street:
    """A running street."""

    state_dir: Path
    pid: int
    seed: int
    control_address: str
    sellers: dict[str, Place]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def addresses(self) -> dict[str, str]:
        """Each seller's address: http://127.0.0.1:PORT."""
        return {seller: place.address for seller, place in self.sellers.items()}

    def fault(
        self,
        seller: str,
        operation: str,
        behaviour: str,
        *,
        count: int | None = 1,
        probability: float = 1.0,
        **options: str | int | bool,
    ) -> None:
        """Have a seller ("any": all) misbehave at an operation ("any": all).

        Args:
            seller: a seller's id, or "any".
            operation: quote, cart, price, commit, find, cancel, token, or "any".
            behaviour: a word of `bookhunt.simulated.faults.Behaviour`.
            count: for the next so many requests; None: until cleared.
            probability: of each request that it is met.
            options: ms, status, retry_after_s, location, minor, size, kept, hang.

        Raises:
            StreetError: if the street does not know one of them.
        """
        wanted = {"seller": seller, "operation": operation, "behaviour": behaviour}
        self.control(
            "POST", "/fault", wanted | {"count": count, "probability": probability} | options
        )

    def clear(self, seller: str | None = None) -> None:
        """End the faults of one seller, or all."""
        self.control("POST", "/clear", {"seller": seller})

    def orders(self, seller: str | None = None) -> list[dict[str, Any]]:
        """Every order that was executed, oldest first; a cancelled one says so."""
        return list(self.control("GET", "/orders", {"seller": seller})["orders"])

    def ledger(self, **only: str) -> list[dict[str, Any]]:
        """The lines of the ledger, oldest first; `only`: kind, seller, operation."""
        return list(self.control("GET", "/ledger", dict(only))["lines"])

    def arrivals(self, **only: str) -> list[dict[str, Any]]:
        """Every request that was read, oldest first; `only`: seller, operation."""
        return self.ledger(kind="arrival", **only)

    def counts(self) -> dict[str, dict[str, int]]:
        """How many requests arrived, per seller and operation."""
        return dict(self.control("GET", "/counts")["counts"])

    def offers(self, isbn: str | None = None, seller: str | None = None) -> list[dict[str, Any]]:
        """What there really is to buy: price, shipping and landed total in minor units, stock."""
        return list(self.control("GET", "/offers", {"isbn": isbn, "seller": seller})["offers"])

    def set_offer(self, seller: str, item: str, **changes: str | int) -> dict[str, Any]:
        """Change an offer (price_minor, fee_minor, inventory, condition, currency), or add one.

        A new one needs isbn, price_minor, fee_minor and inventory.
        """
        wanted = {"seller": seller, "item": item, **changes}
        return dict(self.control("POST", "/offer", wanted)["offer"])

    def forget_keys(self, seller: str | None = None) -> None:
        """As if the time for which sellers retain idempotency keys had passed."""
        self.control("POST", "/forget-keys", {"seller": seller})

    def reset(self) -> None:
        """The first day again: no orders, no faults, no counts, the seeded stock."""
        self.control("POST", "/reset", {})

    def cpu_s(self) -> float:
        """The CPU time the street has used since it started, in seconds."""
        return float(self.control("GET", "/health")["cpu_s"])

    def control(self, method: str, path: str, values: dict[str, Any] | None = None) -> Any:
        """Ask the control address; the answer's JSON.

        Raises:
            StreetError: if it refuses, or nobody answers.
        """
        body = None
        if method == "GET":
            asked = {name: value for name, value in (values or {}).items() if value is not None}
            path = f"{path}?{urlencode(asked)}" if asked else path
        else:
            body = json.dumps(values or {})
        parts = urlsplit(self.control_address)
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=_ANSWERS_WITHIN_S
        )
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
            raise StreetError(f"no answer from the street's control address: {error}") from error
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise StreetError(f"{method} {path}: {answer.get('error', response.status)}")
        return answer

    def stop(self) -> None:
        """Stop the street and wait until it is gone; nothing happens if it is gone already.

        Raises:
            StreetError: if it does not end.
        """
        if self._is_gone():
            return
        os.kill(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOPS_WITHIN_S
        while not self._is_gone():
            if time.monotonic() > deadline:
                raise StreetError(f"the street (process {self.pid}) did not stop")
            time.sleep(_LOOK_EVERY_S)

    def _is_gone(self) -> bool:
        if self.process is not None:
            return self.process.poll() is not None
        # An ended process that nobody waited for keeps its id, but a street removes its file.
        found = _read(self.state_dir)
        return found is None or found.pid != self.pid or not is_alive(self.pid)


def start(
    state_dir: Path,
    *,
    seed: int = 1,
    sellers: int = len(HAND_MADE),
    latency_scale: float = 1.0,
    parent_pid: int | None = None,
    count_quotes_only: bool = False,
    made_up_books: int = 0,
    copies: int = 1,
) -> Street:
    """Start a street in a process of its own and wait until all its sellers are open.

    Args:
        state_dir: the ledger and `street.json` are there; with an earlier ledger its orders stand.
        seed: of stock, prices, latencies and chances.
        sellers: 1 to 200; beyond the hand-made ones, variants of them.
        latency_scale: multiplies every latency; 0 answers at once.
        parent_pid: the street ends by itself when this process is gone.
        count_quotes_only: count quotes without a line each in the ledger, for load.
        made_up_books: so many books beyond the catalogue's.
        copies: multiplies every stock.

    Raises:
        StreetError: if it did not open; the message has its own words.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    already = running(state_dir)
    if already is not None:
        raise StreetError(f"a street is open in {state_dir} already (process {already.pid})")
    command = [sys.executable, "-m", "bookhunt.simulated", "--state", str(state_dir)]
    command += ["--seed", str(seed), "--sellers", str(sellers)]
    command += ["--latency-scale", str(latency_scale)]
    if parent_pid is not None:
        command += ["--parent-pid", str(parent_pid)]
    if count_quotes_only:
        command.append("--count-quotes-only")
    command += ["--made-up-books", str(made_up_books), "--copies", str(copies)]
    log = state_dir / LOG_FILE
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    deadline = time.monotonic() + _OPENS_WITHIN_S
    while time.monotonic() < deadline:
        street = _read(state_dir)
        if street is not None and street.pid == process.pid:
            return replace(street, process=process)
        if process.poll() is not None:
            said = log.read_text("utf-8", "replace").strip()
            raise StreetError(said or f"the street ended with code {process.returncode}")
        time.sleep(_LOOK_EVERY_S)
    process.kill()
    process.wait()
    raise StreetError(f"the street did not open within {_OPENS_WITHIN_S:.0f} s")


def running(state_dir: Path) -> Street | None:
    """The street that is open in a directory, or None: what a killed one left does not count."""
    street = _read(state_dir)
    if street is None:
        return None
    try:
        # Asking it is surer than its process id, which another process may have by now.
        answers = street.control("GET", "/health")["pid"] == street.pid
    except StreetError:
        return None
    return street if answers else None


def settings(street: Street) -> dict[str, dict[str, str]]:
    """The configuration's `sellers:` section that points each definition at its seller."""
    return {seller: {"address": address} for seller, address in street.addresses.items()}


def credentials(street: Street) -> dict[str, dict[str, str]]:
    """The secrets each seller accepts, by the names its definition gives them."""
    return {seller: secrets(profile) for seller, profile in _profiles(street).items()}


def payment_tokens(street: Street, customer: str) -> dict[str, str]:
    """The payment token of one customer's profile at each seller that sells."""
    return {
        seller: payment_token(seller, customer)
        for seller, profile in _profiles(street).items()
        if profile.sells
    }


def definitions(street: Street) -> dict[str, str]:
    """The definitions of the variants, as YAML; those of the hand-made are in sellers.d/demo."""
    return {
        place.id: (
            "schema: 1\n"
            f"id: {place.id}\n"
            f'name: "{place.name}"\n'
            f"like: {place.like}\n"
            'base_url: "{settings.address}"\n'
        )
        for place in street.sellers.values()
        if place.like != place.id
    }


def _profiles(street: Street) -> dict[str, Profile]:
    return {profile.id: profile for profile in roster(len(street.sellers))}


def _read(state_dir: Path) -> Street | None:
    try:
        found = json.loads((state_dir / STREET_FILE).read_bytes())
    except FileNotFoundError:
        return None
    return Street(
        state_dir=state_dir,
        pid=found["pid"],
        seed=found["seed"],
        control_address=found["control"],
        sellers={seller: Place(id=seller, **place) for seller, place in found["sellers"].items()},
    )


def is_alive(pid: int) -> bool:
    """Whether there is such a process, whoever it belongs to."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
