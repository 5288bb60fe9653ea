"""Ranking a chunk of students into columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from recommender.catalogue import KINDS
from recommender.scoring_layout import Listed
from service.access import OPERATOR, rankable_students
from service.recommendations.facts import read_facts
from service.recommendations.shelf import Serving
from service.tables import Batch, ClassMember, Student

CHUNK = 1000
Changed = tuple[str, int]  # a pseudonym, and the revision it is at
KIND_CODES = tuple(kind.value for kind in KINDS)


@dataclass(frozen=True, slots=True)
class Places:
    """Places of lists, one a row: by student, kind and rank; `student`, `pathway` and `kind` are positions."""

    student_ids: tuple[str, ...]
    student: NDArray[np.int32]
    kind: NDArray[np.int8]
    rank: NDArray[np.int16]
    pathway: NDArray[np.int32]
    fit: NDArray[np.float64]
    final: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.student)


def students_of(session: Session, batch: Batch, school_year: str) -> list[Changed]:
    """Students of a batch by pseudonym: those in its scope who may be ranked and of whom something changed."""
    query = rankable_students(OPERATOR, school_year).with_only_columns(Student.student_id, Student.revision)
    if batch.school_code is not None:
        query = query.where(Student.school_code == batch.school_code)
    members = sa.select(ClassMember.student_id).where(ClassMember.school_year == school_year)
    if batch.class_id is not None:
        members = members.where(ClassMember.class_id == batch.class_id)
    query = query.where(Student.student_id.in_(members), Student.revision > batch.since_revision)
    rows = session.execute(query.order_by(Student.student_id))
    return [(student_id, revision) for student_id, revision in rows]


def rank_places(
    session: Session, serving: Serving, student_ids: Sequence[str], k: int, demand_strength: float
) -> Places:
    """Lists of some students, sorted by pseudonym; each student's are the same bits as on a card."""
    of = sa.select(Student.student_id).where(Student.student_id.in_(list(student_ids)))
    facts = read_facts(session, serving, of)
    made = serving.recommender.recommend(facts, k=k, demand_strength=demand_strength)
    return places_of(made.listed, facts.student_ids)


def places_of(listed: Listed, student_ids: Sequence[str]) -> Places:
    """Lists as columns, empty places left out."""
    student, kind, rank = np.nonzero(listed.pathways >= 0)
    where = (student, kind, rank)
    return Places(
        tuple(student_ids),
        student.astype(np.int32),
        kind.astype(np.int8),
        (rank + 1).astype(np.int16),
        listed.pathways[where].astype(np.int32),
        listed.fit[where],
        listed.final[where],
    )
