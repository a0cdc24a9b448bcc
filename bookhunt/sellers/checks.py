"""What the models cannot see: whether the parts of a definition fit each other.

One module per part; all of them run, so that every mistake is told at once. Errors keep a seller
off; warnings are told by `sellers test`, where `--strict` makes them errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.sellers.checks_examples import check_examples
from bookhunt.sellers.checks_faults import Faults
from bookhunt.sellers.checks_hosts import check_hosts
from bookhunt.sellers.checks_names import check_names
from bookhunt.sellers.checks_purchase import check_purchase
from bookhunt.sellers.checks_steps import check_steps
from bookhunt.sellers.checks_values import check_values

if TYPE_CHECKING:
    from bookhunt.documents import Document, Mistake
    from bookhunt.sellers.language import Definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found, in reading order."""

    errors: tuple[Mistake, ...]
    warnings: tuple[Mistake, ...]


def check(definition: Definition, document: Document, *, examples: bool = True) -> Checked:
    """Judge a definition; `document` is what it was read from, `like:` merged in.

    `examples`: the examples too. A seller is used whatever its examples say of it; they are
    `sellers test`'s concern.
    """
    faults = Faults(document)
    slots = check_names(definition, faults)
    check_steps(definition, faults)
    check_values(definition, faults)
    check_purchase(definition, slots, faults)
    check_hosts(definition, faults)
    if examples:
        check_examples(definition, faults)
    return Checked(errors=_ordered(faults.errors), warnings=_ordered(faults.warnings))


def _ordered(mistakes: list[Mistake]) -> tuple[Mistake, ...]:
    return tuple(sorted(mistakes, key=lambda each: (each.file, each.line, each.column)))
