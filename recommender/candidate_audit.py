"""What a candidate must show before it may serve: no twin's list changed, no gap between groups beyond its limit.

Sex comes in beside the history, as the audit alone may know it; nothing of it reaches features or model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recommender.catalogue import catalogue_of_year
from recommender.demand import edition_in_force
from recommender.demand_weights import demand_weights
from recommender.evidence import UsualFacts
from recommender.fairness import Audited, Person, TwinAudit, is_of_village, twin_audit
from recommender.features import FeatureSpace
from recommender.groups import LIMITS, GroupFigure, group_figures
from recommender.interests import InterestModel
from recommender.judging import TRAINED, Judgement
from recommender.peers import Peers
from recommender.pipeline import Recommender
from recommender.scoring import ServedRanker
from recommender.splitting import History
from recommender.students import StudentRow
from recommender.training import Training
from recommender.uncertainty import Doubt

AUDITED_STUDENTS = 400


@dataclass(frozen=True)
class CandidateAudit:
    """Twins of a candidate, and its figures by group."""

    twins: TwinAudit
    figures: tuple[GroupFigure, ...]

    def as_data(self) -> dict[str, Any]:
        """JSON-ready: figures with their limits."""
        return {
            "twins": {
                flip: {"count": count, "changed": self.twins.changed_counts[flip], "limit": 0}
                for flip, count in self.twins.twin_counts.items()
            },
            "groups": [
                {
                    "attribute": figure.attribute,
                    "group": figure.group,
                    "measure": figure.measure,
                    "value": figure.value,
                    "interval": list(figure.interval),
                    "gap": figure.gap,
                    "gap_interval": list(figure.gap_interval),
                    "student_count": figure.student_count,
                    "limit": figure.limit,
                    "is_too_wide": figure.is_too_wide,
                }
                for figure in self.figures
            ],
        }

    def refusals(self) -> list[str]:
        """Codes of what speaks against the candidate: "twins.school", "gap.sex.f.ndcg5"; empty = nothing."""
        twins = [f"twins.{flip}" for flip, changed in self.twins.changed_counts.items() if changed]
        gaps = [f"gap.{f.attribute}.{f.group}.{f.measure}" for f in self.figures if f.is_too_wide]
        return twins + gaps


def audit_candidate(
    history: History, training: Training, sexes: Mapping[str, str], gap_limits: Mapping[str, float] = LIMITS
) -> CandidateAudit:
    """Audit a training before it becomes a version.

    Parameters
    ----------
    history : History
        What it was trained on.
    training : Training
    sexes : mapping of student_id to "f" or "m"
        Only of students whose sex is known; may be empty.
    gap_limits : mapping of measure to float

    Returns
    -------
    CandidateAudit
        Twins of at most AUDITED_STUDENTS students of the newest year; groups on the held-back year.
    """
    judged = judgements_of(training)
    return CandidateAudit(
        twin_audit(newest_year(history, training, sexes)),
        group_figures(judged, groups_of(history, training, sexes), gap_limits),
    )


def newest_year(history: History, training: Training, sexes: Mapping[str, str]) -> Audited:
    """The candidate laid out for the newest year, and students of that year, evenly drawn."""
    served = training.served, training.model, training.peers
    recommender = laid_out(history, *served, doubts=training.doubts, usual=training.usual)
    students = drawn_students(history, AUDITED_STUDENTS)
    people = tuple(Person(student, sexes.get(student.student_id, "")) for student in students)
    rows = history.rows_of(student.student_id for student in students)
    return Audited(recommender, people, rows, history.as_of)


def laid_out(
    history: History,
    ranker: ServedRanker,
    interests: InterestModel,
    peers: Peers,
    *,
    doubts: tuple[Doubt | None, ...],
    usual: UsualFacts,
) -> Recommender:
    """A ranker laid out for the catalogue of the newest year and the list in force, as it would serve."""
    catalogue = catalogue_of_year(history.pathways, history.places, max(history.students, default=""))
    edition, earlier = edition_in_force(history.editions, history.as_of)
    return Recommender(
        FeatureSpace(history.reference, catalogue, interests, peers),
        ranker,
        history.rules,
        demand_weights(catalogue, history.reference, edition, earlier),
        doubts=doubts,
        usual=usual,
    )


def drawn_students(history: History, count: int) -> list[StudentRow]:
    """At most so many students of the newest year, evenly drawn."""
    students = history.students.get(max(history.students, default=""), ())
    ordered = sorted(students, key=lambda student: student.student_id)
    return ordered[:: max(1, -(-len(ordered) // count))]


def groups_of(history: History, training: Training, sexes: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Groups the audit knows: sex; of the held-back year town or village, school, whether conditions are needed."""
    students: Sequence[StudentRow] = history.students.get(training.held_back or "", ())
    return {
        "sex": dict(sexes),
        "place": {
            student.student_id: "village" if is_of_village(history.places[student.school_code]) else "town"
            for student in students
            if student.school_code in history.places
        },
        "school": {student.student_id: student.school_code for student in students},
        "needs": {student.student_id: "some" if student.conditions_needed else "none" for student in students},
    }


def judgements_of(training: Training) -> list[Judgement]:
    """Judgements of the candidate itself, one a kind."""
    return [judged for judgements in training.judgements.values() for judged in judgements if judged.name == TRAINED]
