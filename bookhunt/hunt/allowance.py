"""Customers: how often each may submit, and which class it is of.

The rate is GCRA (ITU-T I.371) with a minute's worth as its burst: ten a minute may come all at
once, the eleventh six seconds after them.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bookhunt.hunt.settings import HuntSettings

MINUTE_S = 60.0
_MOST_CUSTOMERS = 10_000  # remembered; of the others it is as if they had been quiet


@dataclass(frozen=True, slots=True)
class CustomerClass:
    """What weighs a customer's requests while they wait."""

    name: str
    weight: float


_ALL_ALIKE = CustomerClass("", 1.0)


def class_of(customer: str, settings: HuntSettings) -> CustomerClass:
    """The class the configuration puts a customer into.

    One it does not name is of the class with the lowest weight, the owner of the daemon of that
    with the highest.
    """
    classes = [CustomerClass(name, float(weight)) for name, weight in settings.classes.items()]
    if not classes:
        return _ALL_ALIKE
    named = settings.customers.get(customer)
    for each in classes:
        if each.name == named:
            return each
    choose = max if customer == settings.owner else min
    return choose(classes, key=lambda each: each.weight)


def per_minute(customer: str, settings: HuntSettings) -> int | None:
    """How many requests a minute a customer may submit; None: as many as it likes."""
    if customer == settings.owner:
        return settings.owner_per_min
    return settings.per_customer_per_min


class Allowances:
    """Who submitted how much lately. Times are monotonic seconds."""

    def __init__(self) -> None:
        # When the next request of each would be due if its requests came evenly.
        self._due: OrderedDict[str, float] = OrderedDict()

    def wait_s(self, customer: str, most: int | None, now: float) -> float:
        """How long until one more request fits; nought: it fits now."""
        if most is None:
            return 0.0
        burst_s = MINUTE_S - MINUTE_S / most
        return max(0.0, self._due.get(customer, 0.0) - burst_s - now)

    def take(self, customer: str, most: int | None, now: float) -> None:
        """One request is submitted now."""
        if most is None:
            return
        self._due[customer] = max(self._due.pop(customer, 0.0), now) + MINUTE_S / most
        if len(self._due) > _MOST_CUSTOMERS:
            self._due.popitem(last=False)

    def give_back(self, customer: str, most: int | None) -> None:
        """The last one was no request of its own: it had come before."""
        if most is not None and customer in self._due:
            self._due[customer] -= MINUTE_S / most
