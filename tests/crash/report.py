"""What a run found, as a table for people and as JSON for machines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.crash.cases import BY_NAME, CAPABILITIES, MISDEEDS
from tests.crash.oracle import FAULTS

POWER_FAULTS = ("lost orders", "lost outcomes", "lost requests", "damaged", "false alarms")
LEVELS = ("calm", "single", "double", "cancel", "error", "clock", "random", "shops", "power")


@dataclass(slots=True)
class Report:
    """Every case that was run, and how many there had to be of each level."""

    seed: int
    promised: dict[str, int]
    cases: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)  # workers that ended before their work did
    power: dict[str, Any] | None = None  # what `tests.crash.power` found

    def of(self, level: str) -> list[dict[str, Any]]:
        return [case for case in self.cases if case["level"] == level]

    def counted(self, level: str) -> int:
        """Cases; of the random level, kills; of the power, cuts."""
        if level == "power":
            return 0 if self.power is None else int(self.power["points"])
        if level == "random":
            return sum(case["deaths"] for case in self.of(level))
        return len(self.of(level))

    @property
    def bad(self) -> list[dict[str, Any]]:
        return [case for case in self.cases if any(case["faults"].values())]

    @property
    def missing(self) -> list[str]:
        return [
            f"{level}: {self.counted(level)} of {most}"
            for level, most in self.promised.items()
            if self.counted(level) < most
        ]

    @property
    def is_clean(self) -> bool:
        power = self.power is None or (self.power["clean"] and self.power["sees"])
        return power and not (self.bad or self.missing or self.broken)

    def total(self, fault: str, level: str) -> int:
        return sum(case["faults"][fault] for case in self.of(level))

    def recovery_s(self) -> tuple[float, float]:
        """Median and 99th percentile of the last life's way to the rest."""
        found = sorted(c["recovery_s"] for c in self.cases if c["recovery_s"] is not None)
        if not found:
            return 0.0, 0.0
        return found[len(found) // 2], found[min(len(found) - 1, int(len(found) * 0.99))]

    def attention(self) -> dict[str, tuple[int, int, int]]:
        """By capability: cases, those that wait for a person, and those that had no need to."""
        rates = {}
        for capability in CAPABILITIES:
            own = [case for case in self.cases if case["capability"] == capability]
            waiting = [case for case in own if "NEEDS_ATTENTION" in case["states"]]
            rates[capability] = (
                len(own),
                len(waiting),
                sum(not case["person"] for case in waiting),
            )
        return rates

    # ------------------------------------------------------------------------------ as it is told
    def lines(self) -> list[str]:
        told = [f"{'level':8}{'cases':>7}" + "".join(f"{fault:>14}" for fault in FAULTS)]
        for level in LEVELS:
            cases = self.counted(level)
            if cases and level != "power":
                row = "".join(f"{self.total(fault, level):>14}" for fault in FAULTS)
                told.append(f"{level:8}{cases:>7}{row}")
        told += [
            "",
            *self._told_definitions(),
            *self._told_power(),
            *self._told_attention(),
            *self._told_rest(),
        ]
        for case in self.bad:
            told += [f"FAULT {repeat(case)}", *(f"      {note}" for note in case["notes"])]
        told += [f"MISSING {each}" for each in (*self.missing, *self.broken)]
        return told

    def definitions(self) -> dict[str, dict[str, int]]:
        """By definition of a shop system: cases, faults, and those that wait for a person."""
        told: dict[str, dict[str, int]] = {}
        for case in self.of("shops"):
            row = told.setdefault(case["scene"].partition("/")[0], Counter())
            waits = "NEEDS_ATTENTION" in case["states"]
            row.update(cases=1, killed=case["deaths"], **case["faults"])
            row.update(attention=waits and not case["person"], person=waits and case["person"])
        return told

    def _told_definitions(self) -> list[str]:
        found = self.definitions()
        if not found:
            return []
        columns = ("cases", "killed", *FAULTS, "attention", "person")
        told = [f"{'definition':12}" + "".join(f"{each:>13}" for each in columns)]
        for name, row in found.items():
            told.append(f"{name:12}" + "".join(f"{row[each]:>13}" for each in columns))
        return [
            *told,
            "attention: it could have been proven; person: the shop system itself cannot say, or a",
            "key alone could, and nobody trusts its age after a jump of the clock",
            "",
        ]

    def _told_power(self) -> list[str]:
        if self.power is None:
            return []
        told = []
        for name, means in (("FULL", "as it is"), ("NORMAL", "it would lose, as it must")):
            found = {word: n for word, n in self.power[name].items() if word in POWER_FAULTS}
            counts = ", ".join(f"{n} {word}" for word, n in found.items())
            told.append(f"power, {name:6} ({means}): {self.power['points']} cuts, {counts}")
        if not self.power["clean"]:
            told.append("FAULT something that was told is not on disk after a power cut")
        if not self.power["sees"]:
            told.append("FAULT without waiting for the disk nothing is lost: the test is blind")
        return told

    def _told_attention(self) -> list[str]:
        told = []
        for capability, (cases, waiting, needless) in self.attention().items():
            if cases:
                rate = waiting / cases
                allowed = waiting - needless
                told.append(
                    f"waits for a person, {capability:11}: {waiting:5} of {cases:5} ({rate:6.2%}), "
                    f"{allowed} where nothing else is possible"
                )
        return told

    def _told_rest(self) -> list[str]:
        p50, p99 = self.recovery_s()
        ends = Counter(state for case in self.cases for state in case["states"])
        points = {name for case in self.cases for name in case["killed_at"]}
        scenes = {case["scene"] for case in self.cases if case["level"] != "random"}
        of_street = {case["scene"] for case in self.cases if case["level"] != "shops"}
        played = {scene.partition("/")[2] for scene in of_street} & BY_NAME.keys()
        misdeeds = f"{len(played)} of {len(MISDEEDS)} of the street's"
        return [
            f"recovery: p50 {p50:.2f} s, p99 {p99:.2f} s of real time (the clock runs faster)",
            f"killed at {len(points)} different points; {len(scenes)} scenes, {misdeeds} misdeeds",
            "ends: " + ", ".join(f"{state} {n}" for state, n in ends.most_common()),
            f"seed {self.seed}, {self.seconds:.0f} s",
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "clean": self.is_clean,
            "levels": {
                level: {"cases": self.counted(level)}
                | {fault: self.total(fault, level) for fault in FAULTS}
                for level in LEVELS
                if self.counted(level) and level != "power"
            },
            "definitions": {name: dict(row) for name, row in self.definitions().items()},
            "power": self.power,
            "attention": {
                capability: {"cases": cases, "waiting": waiting, "needless": needless}
                for capability, (cases, waiting, needless) in self.attention().items()
            },
            "recovery_s": dict(zip(("p50", "p99"), self.recovery_s(), strict=True)),
            "missing": self.missing + self.broken,
            "bad": self.bad,
        }


def repeat(case: dict[str, Any]) -> str:
    """The command that runs one case again."""
    ordeal = case["ordeal"]
    if case["level"] == "random":
        crowd = case["scene"].partition("/")[2]
        return f"python -m tests.crash --crowd {crowd} --kills {ordeal['kills']}"
    told = f"python -m tests.crash --case {case['scene']}"
    if ordeal["kills"]:
        told += f" --kills {','.join(map(str, ordeal['kills']))}"
    for option, name in (("cancel", "cancel_at"), ("break", "break_at"), ("leap", "leap_s")):
        if ordeal[name]:
            told += f" --{option}='{ordeal[name]}'"
    return told
