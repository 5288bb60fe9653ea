"""Why a pathway stands where it stands: contributions as reasons, codes and facts; sentences are made elsewhere.

A contribution is what a term adds to the score; all of them sum to it. What makes a reason is the advantage: the
contribution compared with the mean over the district's pathways of the same kind for the same student (ten kilometres
are a reason only where others are nearer). Advantages sum to the score's distance from the typical score.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import Pathway
from recommender.features import FACT_TERMS, FeatureSpace, StudentVectors
from recommender.interests import DIMENSIONS
from recommender.scoring import CONTRIBUTIONS
from recommender.students import Facts, StudentFacts

Floats = NDArray[np.float64]

NAMED_INTERESTS = NAMED_FACTS = 3
UNUSED_INTEREST = 0.3  # standard deviations above the average student
MIN_ADVANTAGE = 0.08  # log-odds; weaker differences are not told as reasons


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for or against.

    Attributes
    ----------
    code : str
        Stable code of the sentence: the term and "_for" or "_against".
    term : str
        One of scoring.CONTRIBUTIONS.
    contribution : float, log-odds
        What the term adds to the score.
    advantage : float, log-odds
        The same, compared with the mean over the catalogue's pathways of this kind for this student.
    facts : dict
        The student's own facts that the sentence quotes.
    """

    code: str
    term: str
    contribution: float
    advantage: float
    facts: dict[str, object] = field(default_factory=dict)


def reasons_of(
    space: FeatureSpace,
    facts: StudentFacts,
    vectors: StudentVectors,
    student: int,
    pathway: int,
    contributions: Floats,
    typical: Floats,
) -> tuple[Reason, ...]:
    """Reasons of one listed pathway, strongest first.

    Parameters
    ----------
    space : FeatureSpace
    facts, vectors
        The student's group; `student` and `pathway` are positions.
    contributions, typical : ndarray of shape (n_contributions,)
        Of this pathway, and the mean over the catalogue's pathways of its kind, for this student.

    Returns
    -------
    tuple of Reason
        Only advantages of at least MIN_ADVANTAGE.
    """
    advantages = contributions - typical
    reasons = []
    for column in np.argsort(-np.abs(advantages), kind="stable"):
        advantage = float(advantages[column])
        if abs(advantage) < MIN_ADVANTAGE:
            break
        term = CONTRIBUTIONS[column]
        if term == "proximity" and vectors.school_of[student] == _school_of(space, pathway):
            continue  # "your school" has said it
        code = f"{term}_{'for' if advantage > 0 else 'against'}"
        quoted = quoted_facts(space, facts, vectors, student, pathway, term, is_for=advantage > 0)
        if advantage > 0 and _says_nothing(quoted):
            continue  # others do worse, but the absence of evidence is no praise
        reasons.append(Reason(code, term, float(contributions[column]), advantage, quoted))
    return tuple(reasons)


def quoted_facts(
    space: FeatureSpace,
    facts: StudentFacts,
    vectors: StudentVectors,
    student: int,
    pathway: int,
    term: str,
    *,
    is_for: bool,
) -> dict[str, object]:
    """The student's own facts behind one term, for or against a pathway.

    Parameters
    ----------
    space : FeatureSpace
    facts, vectors
        The student's group; `student` and `pathway` are positions.
    term : str
        One of scoring.CONTRIBUTIONS.
    is_for : bool

    Returns
    -------
    dict
        What the sentence of this term quotes.
    """
    return _QUOTES[term](_Case(space, facts, vectors, student, pathway, is_for))


def _says_nothing(quoted: dict[str, object]) -> bool:
    """Whether a quotation has places for the student's facts and none is filled."""
    evidence = [
        quoted[name] for name in ("subjects", "wishes", "trials", "titles", "facts", "methods") if name in quoted
    ]
    return bool(evidence) and not any(evidence)


def _school_of(space: FeatureSpace, pathway: int) -> int:
    """Position of the school that hosts a pathway; -2 = another sort of host."""
    host = space.catalogue.pathways[pathway].host_code
    return space.catalogue.school_codes.index(host) if host in space.catalogue.school_codes else -2


@dataclass(frozen=True, slots=True)
class _Case:
    """What a quotation may look at."""

    space: FeatureSpace
    facts: StudentFacts
    vectors: StudentVectors
    student: int
    row: int
    is_for: bool

    @property
    def pathway(self) -> Pathway:
        return self.space.catalogue.pathways[self.row]

    @property
    def known_groups(self) -> dict[str, Floats]:
        return self.space.known_groups

    def weights(self, term: str) -> Floats:
        """Share of each column of a term in what the pathway asks, (width,)."""
        return self.space.pathway_blocks[term][self.row]


def _interests(case: _Case) -> dict[str, object]:
    """Interests that both share, that the pathway asks and the student lacks, and that it leaves unused."""
    own, asked = case.vectors.blocks["interest_match"][case.student], case.weights("interest_match")
    groups = {
        "shared": (own > 0) & (asked > 0),
        "lacking": (own < 0) & (asked > 0),
        "unused": (own > UNUSED_INTEREST) & (asked < 0),
    }
    order = np.argsort(-np.abs(own * asked), kind="stable")
    named: dict[str, object] = {
        group: [DIMENSIONS[i] for i in order if belongs[i]][:NAMED_INTERESTS] for group, belongs in groups.items()
    }
    return {**named, "is_measured": int(case.vectors.profile.reading_count[case.student]) > 0}


def _mean_by_subject(facts: Facts, student: int) -> dict[str, float]:
    rows = facts.rows_of(student)
    if not rows:
        return {}
    own = slice(rows.start, rows.stop)
    codes = facts.codes[own]
    starts = [row for row, code in enumerate(codes) if row == 0 or code != codes[row - 1]]  # sorted by code
    weight = 0.5 ** facts.age_years[own]
    summed, total = np.add.reduceat(weight * facts.values[own], starts), np.add.reduceat(weight, starts)
    return {codes[start]: float(s / t) for start, s, t in zip(starts, summed, total, strict=True) if t > 0}


def mean_marks(facts: StudentFacts, student: int) -> dict[str, float]:
    """Mean mark by subject, newer terms weighing more; the figure that the ranking itself uses.

    Parameters
    ----------
    facts : StudentFacts
    student : int
        Position.

    Returns
    -------
    dict of str to float, 2-5
    """
    return _mean_by_subject(facts.tables["marks"], student)


def _marks(case: _Case) -> dict[str, object]:
    marks = mean_marks(case.facts, case.student)
    asked = case.weights("subject_strength")
    own_mean = sum(marks.values()) / max(len(marks), 1)
    subjects = [
        {"subject_code": code, "mark": round(marks[code], 1)}
        for code, column in case.space.subject_index.items()
        if asked[column] > 0 and code in marks
    ]
    return {"subjects": subjects, "own_mean": round(own_mean, 1)}


def _exam_points(case: _Case) -> dict[str, object]:
    facts, asked = case.facts.tables["exam_points"], case.weights("exam_margin")
    subjects = []
    for row in facts.rows_of(case.student):
        code = facts.codes[row]
        subject = case.space.reference.subjects[code]
        if asked[case.space.subject_index[code]] > 0 and subject.oge_profile_class_min:
            found = {"subject_code": code, "points": float(facts.values[row]), "minimum": subject.oge_profile_class_min}
            subjects.append(found)
    return {"subjects": subjects}


def _knowledge(case: _Case) -> dict[str, object]:
    shares = _mean_by_subject(case.facts.tables["knowledge"], case.student)
    asked = case.weights("knowledge")
    index = case.space.subject_index
    subjects = [{"subject_code": c, "share": round(s, 2)} for c, s in shares.items() if asked[index[c]] > 0]
    return {"subjects": subjects}


def _wished(case: _Case, table: str, matches: Callable[[str], bool]) -> dict[str, object]:
    facts = case.facts.tables[table]
    rows = [row for row in facts.rows_of(case.student) if matches(facts.codes[row])]
    if not rows:
        return {"wishes": [], "is_surveyed": len(facts.rows_of(case.student)) > 0}
    latest = max(rows, key=lambda row: (facts.known_on[row], -facts.values[row]))
    same_day = [row for row in rows if facts.known_on[row] == facts.known_on[latest]]
    wishes = [{"code": facts.codes[row], "rank": int(facts.values[row])} for row in same_day]
    return {"wishes": wishes, "surveyed_on": facts.known_on[latest].isoformat(), "is_surveyed": True}


def _profile_wish(case: _Case) -> dict[str, object]:
    member, index = case.weights("profile_wish"), case.space.profile_index
    return _wished(case, "profile_wishes", lambda code: code in index and member[index[code]] > 0)


def _exam_wish(case: _Case) -> dict[str, object]:
    asked, index = case.weights("exam_wish"), case.space.subject_index
    return _wished(case, "exam_wishes", lambda code: code in index and asked[index[code]] > 0)


def _elective_wish(case: _Case) -> dict[str, object]:
    return _wished(case, "elective_wishes", lambda code: code == case.pathway.programme_code)


def _profession_wish(case: _Case) -> dict[str, object]:
    leads, index = case.weights("profession_wish"), case.space.group_index
    return _wished(case, "profession_wishes", lambda code: code[:2] in index and leads[index[code[:2]]] > 0)


def _trials(case: _Case) -> dict[str, object]:
    facts, leads = case.facts.tables["trials"], case.weights("trial_experience")
    seen = []
    for row in facts.rows_of(case.student):
        groups = case.known_groups.get(facts.codes[row])
        if groups is not None and np.isfinite(facts.values[row]) and groups @ leads > 0:
            title = case.space.catalogue.known[facts.codes[row]].title_ru
            seen.append({"title": title, "rating": float(facts.values[row]), "on": facts.known_on[row].isoformat()})
    return {"trials": seen}


def _electives(case: _Case) -> dict[str, object]:
    facts, member = case.facts.tables["enrolments"], case.weights("elective_experience")
    taken = []
    for row in facts.rows_of(case.student):
        profiles = case.space.known_profiles.get(facts.codes[row])
        if profiles is not None and profiles @ member > 0:
            taken.append(case.space.catalogue.known[facts.codes[row]].title_ru)
    return {"titles": sorted(set(taken))}


def _peer_facts(case: _Case) -> dict[str, object]:
    """The student's facts that lean most to the pathway's field, or most away from it."""
    known = np.concatenate([case.vectors.blocks[term][case.student] for term in FACT_TERMS])
    leaning = known * (case.space.peers.fact_weights @ case.weights("peer_facts"))
    order = np.argsort(-leaning if case.is_for else leaning, kind="stable")[:NAMED_FACTS]
    told = [case.space.fact_codes[i] for i in order if (leaning[i] > 0) == case.is_for and leaning[i] != 0]
    return {"facts": [{"term": term, "code": code} for term, code in told]}


def _peer_answers(case: _Case) -> dict[str, object]:
    """Instruments whose single answers were compared."""
    methods = tuple(case.space.reference.instruments)
    own = case.facts.sheets.method[case.facts.sheets.student == case.student]
    places = case.space.question_places
    return {"methods": [methods[i] for i in sorted(set(own.tolist())) if (places[:, 0] == i).any()]}


def _host(case: _Case) -> dict[str, object]:
    place = case.space.catalogue.places.get(case.pathway.host_code)
    return {"host_code": case.pathway.host_code, "host_title": place.title_ru if place else case.pathway.host_code}


def _distance(case: _Case) -> dict[str, object]:
    school = int(case.vectors.school_of[case.student])
    if school < 0:
        return {"distance_km": None}
    distances, kind = case.space.distance_km[school], case.pathway.kind
    same_kind = np.array([pathway.kind == kind for pathway in case.space.catalogue.pathways])
    typical = np.expm1(np.log1p(distances[same_kind]).mean())  # the mean that the term itself compares with
    return {"distance_km": round(float(distances[case.row]), 1), "typical_km": round(float(typical), 1)}


def _programme(case: _Case) -> dict[str, object]:
    return {"programme_code": case.pathway.programme_code}


_QUOTES: dict[str, Callable[[_Case], dict[str, object]]] = {
    "interest_match": _interests,
    "subject_strength": _marks,
    "subject_level": _marks,
    "exam_margin": _exam_points,
    "knowledge": _knowledge,
    "profile_wish": _profile_wish,
    "exam_wish": _exam_wish,
    "elective_wish": _elective_wish,
    "profession_wish": _profession_wish,
    "trial_experience": _trials,
    "elective_experience": _electives,
    "peer_facts": _peer_facts,
    "peer_answers": _peer_answers,
    "own_school": _host,
    "proximity": _distance,
    "programme_bias": _programme,
    "host_bias": _host,
}
