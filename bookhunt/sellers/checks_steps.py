"""Steps say only what has a meaning in their block, and outcomes can match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.documents import did_you_mean
from bookhunt.sellers.checks_names import blocks_of
from bookhunt.sellers.language import ORDER_WORDS, REASON_WORDS, Purchase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.documents import DocumentPath
    from bookhunt.sellers.checks_faults import Faults
    from bookhunt.sellers.language import Block, Definition, Must, Outcome, Step, When

_ORDERED = frozenset({"bought", "placed", "in_flight", "already_done"})
_ASKING = REASON_WORDS | {"retry_later"}
_BEFORE_COMMIT = (REASON_WORDS | ORDER_WORDS) - _ORDERED


def check_steps(definition: Definition, faults: Faults) -> None:
    """Judge every block's steps and outcomes."""
    for path, block in blocks_of(definition):
        key = str(path[-1]) if path[0] != "auth" else "auth"
        for n, step in enumerate(block.steps):
            _check_keys(key, block, n, (*path, "steps", n), faults)
            own, before = step.outcomes, ()
            _check_outcomes(own, before, (*path, "steps", n, "outcomes"), step, faults)
            _check_words(own, _words(key, block, n), (*path, "steps", n, "outcomes"), faults)
            _check_musts(step.must, _words(key, block, n), (*path, "steps", n, "must"), faults)
            _check_elses(step, _words(key, block, n), (*path, "steps", n), faults)
        _check_outcomes(block.outcomes, (), (*path, "outcomes"), None, faults)
        _check_words(block.outcomes, _block_words(key, block), (*path, "outcomes"), faults)
        _check_musts(block.must, _block_words(key, block), (*path, "must"), faults)
        _check_block_is_read(block, path, faults)


def _words(key: str, block: Block, n: int) -> frozenset[str]:
    """What an outcome may mean in this step."""
    if key in {"quote", "resolve", "rates", "auth"}:
        return _ASKING
    if key == "find_order":
        return ORDER_WORDS | {"none", "not_stocked"} | REASON_WORDS
    if key == "cancel":
        return ORDER_WORDS | REASON_WORDS | {"none"}
    assert isinstance(block, Purchase)
    commit = block.commit_index
    if commit is None or n < commit:
        return _BEFORE_COMMIT
    return ORDER_WORDS if n == commit else ORDER_WORDS | REASON_WORDS


def _block_words(key: str, block: Block) -> frozenset[str]:
    if key in {"quote", "resolve", "rates", "auth"}:
        return _ASKING
    if isinstance(block, Purchase):
        ends_with_commit = block.commit_index in {None, len(block.steps) - 1}
        return _BEFORE_COMMIT if ends_with_commit else ORDER_WORDS | REASON_WORDS
    return ORDER_WORDS | REASON_WORDS | {"none"}


def _check_words(
    outcomes: Sequence[Outcome], known: frozenset[str], path: DocumentPath, faults: Faults
) -> None:
    for n, outcome in enumerate(outcomes):
        if outcome.means not in known:
            _unknown_word((*path, n, "is"), outcome.means, known, faults)


def _check_musts(
    musts: Sequence[Must], known: frozenset[str], path: DocumentPath, faults: Faults
) -> None:
    for n, must in enumerate(musts):
        if must.otherwise not in known:
            _unknown_word((*path, n, "else"), must.otherwise, known, faults)


def _check_elses(step: Step, known: frozenset[str], path: DocumentPath, faults: Faults) -> None:
    """What a missing capture or pick ends the block with; `none` goes on."""
    for section, each in (("capture", step.capture), ("pick", step.pick)):
        for name, one in each.items():
            word = one.otherwise
            if word is not None and word != "none" and word not in known:
                _unknown_word((*path, section, name, "else"), word, known, faults)


def _unknown_word(path: DocumentPath, word: str, known: frozenset[str], faults: Faults) -> None:
    if word in _ORDERED and known == _BEFORE_COMMIT:
        faults.error(path, f"{word}: before the commit step nothing was ordered")
        return
    close = did_you_mean(word, known)
    listed = f"one of: {', '.join(sorted(known))}"
    faults.error(path, f"{word!r} means nothing here", f"{close} {listed}" if close else listed)


# ------------------------------------------------------------------------- what cannot match
def _check_outcomes(
    outcomes: Sequence[Outcome],
    before: Sequence[Outcome],
    path: DocumentPath,
    step: Step | None,
    faults: Faults,
) -> None:
    """Tell each outcome that an earlier one always comes before, or that no answer can have."""
    earlier = list(before)
    for n, outcome in enumerate(outcomes):
        for k, other in enumerate(earlier):
            if _covers(other.when, outcome.when):
                faults.error(
                    (*path, n),
                    f"this outcome can never match: outcome {k + 1} matches first",
                    "put the narrower condition first",
                )
                break
        earlier.append(outcome)
        statuses = outcome.when.status
        if (
            step is not None
            and step.request.follows
            and not step.commit
            and statuses is not None
            and all(_is_redirect(each) for each in statuses)
        ):
            faults.error(
                (*path, n, "when", "status"),
                "this outcome can never match: redirects of a GET are followed",
                "request: {follow: false}",
            )


def _is_redirect(pattern: str) -> bool:
    return pattern in {"301", "302", "303", "307", "308"}


def _covers(first: When, second: When) -> bool:
    """Whether every answer that the second matches is matched by the first."""
    for key in ("json_expr", "xml", "html", "text", "location"):
        wanted = getattr(first, key)
        if wanted is not None and wanted != getattr(second, key):
            return False
    for name, pattern in (first.header or {}).items():
        lowered = {known.lower(): each for known, each in (second.header or {}).items()}
        if lowered.get(name.lower()) != pattern:
            return False
    if first.status is None:
        return True
    if second.status is None:
        return False
    classes = {each for each in first.status if each.endswith("xx")}
    return all(each in first.status or f"{each[0]}xx" in classes for each in second.status)


def _check_block_is_read(block: Block, path: DocumentPath, faults: Faults) -> None:
    """A block's outcomes are read after the step's own, and never at the commit step."""
    for name in ("outcomes", "must"):
        if getattr(block, name) and all(step.commit for step in block.steps):
            faults.error(
                (*path, name),
                f"{name} of the block are never read: the commit step reads its own outcomes alone",
                "move them to the step" if name == "outcomes" else "put them into a step before",
                key=True,
            )
    readers = [step for step in block.steps if not step.commit]
    for n, outcome in enumerate(block.outcomes):
        if readers and all(
            any(_covers(own.when, outcome.when) for own in step.outcomes) for step in readers
        ):
            faults.error(
                (*path, "outcomes", n),
                "this outcome can never match: every step has one that matches first",
            )


# ------------------------------------------------------------------------------ keys of a step
def _check_keys(key: str, block: Block, n: int, path: DocumentPath, faults: Faults) -> None:
    """Keys that mean nothing in this block."""
    step, last = block.steps[n], n == len(block.steps) - 1
    if step.commit and key != "purchase":
        faults.error((*path, "commit"), "only a step of purchase spends", key=True)
    for name, what in (("total", "a landed total"), ("basket", "a basket")):
        if getattr(step, name) is not None and key != "purchase":
            faults.error((*path, name), f"{what} is read in the purchase only", key=True)
    if step.fields is not None and not step.commit:
        hint = "fields of a quote stand beside steps" if key != "purchase" else None
        faults.error((*path, "fields"), "only the commit step has fields", hint, key=True)
    if step.pages is not None and not (key in {"quote", "resolve", "rates"} and last):
        faults.error((*path, "pages"), "only the last step of a quote has pages", key=True)
    if step.keep_s is not None:
        if key not in {"quote", "resolve"}:
            faults.warn((*path, "keep_s"), "captures are kept per book in quotes only", key=True)
        elif last:
            hint = "its answer is what the fields are read from"
            faults.error((*path, "keep_s"), "the last step is always sent", hint, key=True)
        elif not (step.capture or step.pick):
            faults.error((*path, "keep_s"), "keeps nothing: the step captures nothing", key=True)
    if step.again is not None and key in {"quote", "resolve", "rates"}:
        faults.warn((*path, "again"), "a quote is repeated by limits.retries", key=True)
