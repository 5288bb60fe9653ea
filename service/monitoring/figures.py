"""The figures of one observation and their alarms. Reaches scipy: workers and the command line import it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recommender.catalogue import KINDS
from recommender.congestion import FEW_STUDENTS
from recommender.drift import InputChange, InputReference, compare_inputs
from recommender.pipeline import SURE, Recommendations
from recommender.reliability import (
    FIGURES_RATE,
    FLATTENED,
    MIN_DECIDED,
    MIN_GOOD,
    OVERRULED,
    Figure,
    Verdict,
    calibration_slope,
    first_places,
    has_risen,
    is_above,
    is_below,
    share_of,
)
from recommender.student_inputs import input_values
from service.monitoring.records import Decided, ShownOutcomes
from service.recommendations.shelf import Serving

Lines = dict[str, dict[str, Any]]

EACH_RATE = FIGURES_RATE / (2 * len(KINDS) + 2)  # two figures of every kind of list, overruled, calibration
ASKED = 300  # students whose lists are weighed for certainty, which takes long
FAMILIES = {
    "grade": "inputs.grades",
    "interest": "inputs.interests",
    "mark": "inputs.marks",
    "knowledge": "inputs.knowledge",
    "exam_points": "inputs.knowledge",
    "has": "inputs.coverage",
}


def input_lines(serving: Serving, made: Recommendations) -> tuple[Lines, Lines]:
    """A line for each family of inputs, by its worst input; and every input apart. Nothing for versions of before."""
    reference = serving.model.manifest.get("inputs")
    if reference is None:
        return {}, {}
    facts = made.facts
    known = {name: InputReference.from_data(data) for name, data in reference["of"].items()}
    codes = serving.catalogue.school_codes
    schools = {codes[place] for place in np.unique(facts.school_of).tolist() if place >= 0}
    changes = compare_inputs(
        known,
        input_values(facts, made.vectors, serving.model.interest_model),
        facts.school_of,
        facts.grades,
        same_schools=schools == set(reference["schools"]),
    )
    families: dict[str, dict[str, InputChange]] = {}
    for name, change in changes.items():
        families.setdefault(FAMILIES[name.partition(".")[0]], {})[name] = change
    lines = {code: _family_line(families[code]) for code in dict.fromkeys(FAMILIES.values()) if code in families}
    return lines, {name: _input_line(change) for name, change in changes.items()}


def list_lines(serving: Serving, made: Recommendations, before: Mapping[str, Mapping[str, Any]]) -> Lines:
    """Shares of "not enough data" and concentration of first places, against the version's first observation."""
    unsure_lines: Lines = {}
    lines: Lines = {}
    facts, pathways = made.facts, serving.catalogue.pathways
    asked = np.unique(np.linspace(0, len(facts) - 1, min(ASKED, len(facts))).astype(np.int64))
    sureness = np.array([serving.recommender.sureness(made, student) for student in asked.tolist()])
    programme_of = np.array([*(pathway.programme_code for pathway in pathways), ""], dtype=np.str_)
    for row, kind in enumerate(KINDS):
        listed = np.isfinite(sureness[:, row])
        unsure = share_of(sureness[listed, row] < SURE, facts.school_of[asked[listed]])
        _compare(unsure_lines, f"not_enough_data.{kind}", unsure, before)
        offered = np.array([pathway.programme_code for pathway in pathways if pathway.kind == kind], dtype=np.str_)
        found = first_places(programme_of[made.listed.pathways[:, row, 0]], facts.school_of, offered)
        titles = (pathway.title_ru for pathway in pathways if pathway.programme_code == found.programme)
        about = {"title_ru": next(titles, ""), "gini": _number(found.inequality)}
        _compare(lines, f"first_place.{kind}", found.leader, before, about)
    return unsure_lines | lines


def decision_lines(decided: Decided) -> Lines:
    """How often counsellors decline what stands first."""
    found = share_of(decided.is_declined, np.unique(decided.schools, return_inverse=True)[1])
    return {"overruled": _line(found, is_above(found, OVERRULED, EACH_RATE, MIN_DECIDED))}


def outcome_lines(shown: ShownOutcomes) -> Lines:
    """Whether a higher fit still means more good outcomes."""
    kinds, schools = (np.unique(codes, return_inverse=True)[1] for codes in (shown.kinds, shown.schools))
    found = calibration_slope(shown.fit, shown.is_good, kinds, schools)
    return {"calibration": _line(found, is_below(found, FLATTENED, EACH_RATE, MIN_GOOD))}


def _compare(
    lines: Lines,
    code: str,
    found: Figure,
    before: Mapping[str, Mapping[str, Any]],
    about: Mapping[str, Any] | None = None,
) -> None:
    """A line of a share that may rise; the version's first observation is what the later ones are compared with."""
    if not found.count:
        return
    verdict = Verdict(float("nan"), None)
    first = before.get(code)
    if first is not None and first["value"] is not None:
        then = Figure(first["value"], first["deviation"], first["count"], first["school_count"])
        verdict = has_risen(then, found, EACH_RATE)
    lines[code] = _line(found, verdict) | dict(about or {})


def _line(found: Figure, verdict: Verdict) -> dict[str, Any]:
    is_few = found.count < FEW_STUDENTS
    low, high = found.interval
    return {
        "value": None if is_few else _number(found.value),
        "interval": None if is_few or not np.isfinite(low + high) else [low, high],
        "deviation": None if is_few else _number(found.deviation),
        "count": 0 if is_few else found.count,
        "school_count": found.school_count,
        "limit": _number(verdict.limit),
        "is_alarm": verdict.is_alarm,
    }


def _input_line(change: InputChange) -> dict[str, Any]:
    is_few = change.student_count < FEW_STUDENTS
    return {
        "value": _number(change.psi),
        "interval": None if is_few else list(change.interval),
        "count": 0 if is_few else change.student_count,
        "limit": _number(change.limit),
        "is_alarm": change.is_alarm,
    }


def _family_line(own: Mapping[str, InputChange]) -> dict[str, Any]:
    """The input that is nearest to its limit or furthest beyond it stands for its family."""
    told = {name: change for name, change in own.items() if change.is_alarm is not None}
    measure = {name: change.psi / change.limit for name, change in told.items()} or {
        name: np.nan_to_num(change.psi) for name, change in own.items()
    }
    worst = max(measure, key=lambda name: (measure[name], name))
    alarmed = sorted(name for name, change in told.items() if change.is_alarm)
    return _input_line(own[worst]) | {"worst": worst, "alarmed": alarmed, "told": len(told), "of": len(own)}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
