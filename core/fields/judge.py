"""What a comparison of versions comes to, in sentences with numbers.

The rules, for each of half the time step, the other stencil and the finer grid:

does not depend
    The cells differ by less than :data:`CELLS` of the contrast.
its figures do not depend
    The cells differ, but no figure by more than :data:`TOLERANCES`: what has only moved, or stands elsewhere, as in a
    pattern that is chaotic, is the same pattern.
depends a little, depends
    A figure differs by more than its tolerance, by more than twice as much.
cannot be told
    A figure differs by more than its tolerance, but by no more than twice what it changes by itself: in the last tenth
    of the time, or after a push of 0.1 %. Or the run has hardly changed in this time, or there is no pattern yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from nnfd.core.fields.trust import OTHER, Way
from nnfd.core.fields.verdict import NOTHING, Look
from nnfd.core.params import show_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnfd.core.fields.trust import Comparison, Version

CELLS = 0.05
"""Of the contrast."""
TOLERANCES = {"mean": 0.05, "contrast": 0.05, "wavelength": 0.05, "spots": 0.2, "alignment": 0.1}
"""In parts of the figure; of the mean in parts of the contrast where that is larger; of the alignment as it is.

Besides, spots may differ by one, and a wavelength by half of what lies between two waves that fit into the grid."""
AS_FAR = 2.0
"""What the run does by itself counts so many times."""
MOST_TOLD = 2
"""Figures in a sentence."""
AT_REST = {Look.STEADY, Look.UNIFORM, Look.EXTINCT}
NOT_YET = {Look.NOISE, Look.SEEDS}
WORDS = {
    "mean": "the mean",
    "contrast": "the contrast",
    "wavelength": "the wavelength",
    "spots": "the number of spots",
    "alignment": "the alignment with the grid",
}


class Grade(IntEnum):
    """How far a pattern depends on a thing."""

    NOT = 0
    NOT_ITS_FIGURES = 1
    UNKNOWN = 2
    LITTLE = 3
    CLEARLY = 4


@dataclass(frozen=True, slots=True)
class Judgement:
    """How far it depends on one thing."""

    way: Way
    grade: Grade | None
    """None if there is nothing to compare."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be said."""

    head: str
    """What was compared, and for how long."""
    conclusion: str
    judgements: tuple[Judgement, ...]

    @property
    def sentences(self) -> list[str]:
        """All of it."""
        return [self.head, self.conclusion, *(each.sentence for each in self.judgements)]


THINGS = {Way.STEP: "time step", Way.STENCIL: "stencil", Way.GRID: "grid"}


def judge(found: Comparison) -> Report:
    """Judge the versions by what they have come to."""
    time = found.done * found.params.dt
    head = (
        f"Field {found.name} from step {found.begin:,} for {found.done:,} steps (time {time:g}): "
        f"then it is {found.look}."
    )
    if failed := found.versions[Way.AS_IS].failed:
        healthy = not found.versions[Way.STEP].failed
        remedy = f" With dt/2 it does not: try dt = {show_value(found.params.dt / 2)}." if healthy else ""
        return Report(head, f"As it is, it goes no further: {failed}.{remedy}", ())
    if found.look in NOT_YET:
        return Report(head, "Nothing can be told before there is a pattern.", ())
    judgements = tuple(_judged(found, way) for way in THINGS)
    return Report(head, _conclusion(found, judgements), judgements)


def names_of(found: Comparison) -> dict[Way, str]:
    """Return what the versions are called."""
    grid = "h/2" if found.parts <= 1 else f"h/2 dt/{found.parts}"
    return {Way.AS_IS: str(Way.AS_IS), Way.STEP: "dt/2", Way.STENCIL: OTHER[found.params.stencil], Way.GRID: grid}


def table(found: Comparison) -> list[list[str]]:
    """Return all numbers as rows of words, the head first."""
    rows = [["", "apart", *TOLERANCES]]
    for way, name in names_of(found).items():
        version = found.versions[way]
        known = version.figures.known()
        figures = [_written(figure, known[figure]) if figure in known else "" for figure in TOLERANCES]
        apart = "" if way is Way.AS_IS else f"{version.apart:.1%}"
        rows.append([name, *(["failed"] + [""] * len(figures) if version.failed else [apart, *figures])])
    return rows


def _written(figure: str, value: float) -> str:
    return f"{value:+.2f}" if figure == "alignment" else f"{value:.3g}"


def _judged(found: Comparison, way: Way) -> Judgement:
    version, thing = found.versions[way], THINGS[way]
    how = {Way.STENCIL: f"the {OTHER[found.params.stencil]} stencil", Way.GRID: "cells half as wide"}.get(way, "dt/2")
    if version.failed:
        return Judgement(way, None, f"How it depends on the {thing} cannot be told: {version.failed}.")
    grades = _grades(found, version)
    worst = max(grades.values())
    figures = [figure for figure, grade in grades.items() if grade is worst]
    said = f"with {how} {_changes(found, version, figures)}"
    if worst >= Grade.LITTLE:
        return _of_corners(found, way, figures, said) or Judgement(way, worst, _depends(found, way, worst, said))
    if found.look not in AT_REST and found.moved < CELLS:
        words = f"Whether it depends on the {thing} cannot be told: it has hardly changed in this time."
        return Judgement(way, Grade.UNKNOWN, words)
    cells = f"with {how} the cells differ by {_share(version.apart)} of the contrast"
    if version.apart < CELLS:
        return Judgement(way, Grade.NOT, f"It does not depend on the {thing}: {cells}.")
    if worst is Grade.NOT:
        words = f"Its figures do not depend on the {thing}: {cells}, but it is the same pattern."
        return Judgement(way, Grade.NOT_ITS_FIGURES, words)
    words = f"Whether it depends on the {thing} cannot be told: {said}, but by itself it changes about as much."
    return Judgement(way, Grade.UNKNOWN, words)


def _grades(found: Comparison, version: Version) -> dict[str, Grade]:
    """Return how far each figure depends on what is other in a version."""
    theirs, grades = version.figures.known(), {}
    for figure, value in found.versions[Way.AS_IS].figures.known().items():
        allowed = _allowed(found, figure)
        off = abs(theirs[figure] - value) if figure in theirs else 0.0
        by_itself = max(
            abs(known.get(figure, value) - value)
            for known in (found.before.known(), found.versions[Way.PUSHED].figures.known())
        )
        if off <= allowed:
            grades[figure] = Grade.NOT
        elif off <= AS_FAR * by_itself:
            grades[figure] = Grade.UNKNOWN
        else:
            grades[figure] = Grade.LITTLE if off <= 2 * allowed else Grade.CLEARLY
    return grades


def _allowed(found: Comparison, figure: str) -> float:
    """Return by how much a figure may differ."""
    own, tolerance = found.versions[Way.AS_IS].figures, TOLERANCES[figure]
    value = own.known()[figure]
    match figure:
        case "alignment":
            return tolerance
        case "spots":
            return tolerance * value + 1
        case "wavelength":
            return tolerance * value + value**2 / (2 * max(found.params.width, found.params.height))
        case "contrast" if found.look is not Look.UNIFORM:
            return tolerance * max(value, NOTHING)
        case _:
            return tolerance * max(abs(own.mean), own.contrast, NOTHING)


def _changes(found: Comparison, version: Version, figures: Sequence[str]) -> str:
    own, theirs = found.versions[Way.AS_IS].figures.known(), version.figures.known()
    return " and ".join(
        f"{WORDS[figure]} is {_written(figure, theirs[figure])} instead of {_written(figure, own[figure])}"
        for figure in figures[:MOST_TOLD]
        if figure in theirs
    )


def _of_corners(found: Comparison, way: Way, figures: Sequence[str], said: str) -> Judgement | None:
    """Say that the grid shows in the shape, and where; None if it is not that which differs."""
    if "alignment" not in figures or way is Way.STEP:
        return None
    own, theirs = found.versions[Way.AS_IS].figures.alignment, found.versions[way].figures.alignment
    if abs(own) > abs(theirs):
        cure = " Take the 9-point stencil." if (way, found.params.stencil) == (Way.STENCIL, "5-point") else ""
        return Judgement(way, Grade.CLEARLY, f"The corners are the grid's: {said}.{cure}")
    if way is Way.STENCIL and found.params.stencil == "9-point" and len(figures) == 1:
        words = f"The 5-point stencil would give it corners, the 9-point stencil of this run does not: {said}."
        return Judgement(way, Grade.NOT_ITS_FIGURES, words)
    return None


def _depends(found: Comparison, way: Way, grade: Grade, said: str) -> str:
    if grade is Grade.LITTLE:
        return f"It depends a little on the {THINGS[way]}: {said}."
    match way:
        case Way.STEP:
            return f"The time step is too long: {said}. Try dt = {show_value(found.params.dt / 2)}."
        case Way.GRID:
            return f"The grid is too coarse: {said}. Four times the diffusion constants make all of it twice as wide."
        case _:
            return f"It depends on the {THINGS[way]}: {said}."


def _conclusion(found: Comparison, judgements: Sequence[Judgement]) -> str:
    this = "state" if found.look in {Look.UNIFORM, Look.EXTINCT} else "pattern"
    things: dict[Grade, list[str]] = {}
    for each in judgements:
        if each.grade is not None:
            things.setdefault(each.grade, []).append(f"the {THINGS[each.way]}")
    if not things:
        return "There is nothing to compare."
    worst = max(things)
    named = _listed(things[worst], "and" if worst >= Grade.LITTLE else "or")
    match worst:
        case Grade.NOT:
            words = f"This {this} does not depend on {named}."
        case Grade.NOT_ITS_FIGURES:
            named = _listed([*things.get(Grade.NOT, ()), *things[worst]], "or")
            words = f"The figures of this {this} do not depend on {named}."
        case Grade.UNKNOWN:
            words = f"Whether this {this} depends on {named} cannot be told."
        case Grade.LITTLE:
            words = f"This {this} depends a little on {named}."
        case Grade.CLEARLY:
            words = f"This {this} depends on how it is computed: on {named}."
    done = f"{100 * found.done / found.steps:.0f} %"
    return words if found.done == found.steps else f"So far ({done}): {words[0].lower()}{words[1:]}"


def _listed(things: Sequence[str], last: str) -> str:
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} {last} {things[-1]}"


def _share(part: float) -> str:
    return "less than 0.1 %" if part < 0.001 else f"{100 * part:.2g} %"
