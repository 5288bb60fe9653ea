"""What goes into the ranking of a student, one number an input: what drift is looked for in."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import catalogue_of_year
from recommender.drift import reference_inputs
from recommender.features import FeatureSpace, StudentVectors
from recommender.interests import DIMENSIONS, InterestModel
from recommender.splitting import History
from recommender.students import FACT_TABLES, Facts, StudentFacts, student_facts

Floats = NDArray[np.float64]


def input_values(facts: StudentFacts, vectors: StudentVectors, model: InterestModel) -> dict[str, Floats]:
    """Inputs of a group of students, one number a student; chosen so that a passing day moves none of them.

    Strengths that fade with age are not among them, nor means that settle as marks come in: newest marks are.

    Parameters
    ----------
    facts, vectors
        Of the same students.
    model : InterestModel
        Its instruments are what a student may have been measured by.

    Returns
    -------
    dict of str to ndarray (n_students,)
        `grade`; `interest.<dimension>`, NaN = not measured; `mark.<subject>`, the newest, 2-5, NaN = none; `knowledge`
        and `exam_points`, mean of the newest, NaN = none; `has.<instrument or table>`, 0 or 1.
    """
    measured = vectors.profile.reading_count > 0
    found = {"grade": facts.grades.astype(float)}
    for column, dimension in enumerate(DIMENSIONS):
        found[f"interest.{dimension}"] = np.where(measured, vectors.profile.mean[:, column], np.nan)
    subjects, marks = _newest(facts.tables["marks"], len(facts))
    found |= {f"mark.{subject}": marks[:, column] for column, subject in enumerate(subjects)}
    for name in ("knowledge", "exam_points"):
        found[name] = _row_means(_newest(facts.tables[name], len(facts))[1])
    for position, (method, _) in enumerate(model.methods):
        own = facts.sheets.student[facts.sheets.method == position]
        found[f"has.{method}"] = np.isin(np.arange(len(facts)), own).astype(float)
    for table in FACT_TABLES:
        found[f"has.{table}"] = np.isin(np.arange(len(facts)), facts.tables[table].student).astype(float)
    return found


def _newest(facts: Facts, count: int) -> tuple[Sequence[str], Floats]:
    """Codes, and the newest value of each student and code, (n_students, n_codes); NaN = none."""
    codes = sorted(set(facts.codes))
    newest = np.full((count, len(codes)), np.nan)
    index = {code: column for column, code in enumerate(codes)}
    newest[facts.student, facts.positions(index)] = facts.values  # of one student and code, the newest comes last
    return codes, newest


def _row_means(values: Floats) -> Floats:
    known = np.isfinite(values)
    counts = known.sum(axis=1)
    sums = np.where(known, values, 0.0).sum(axis=1)
    means: Floats = np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0)
    return means


def reference_of(history: History, model: InterestModel) -> dict[str, Any]:
    """How the inputs of the newest year's students are spread: what later windows are compared with.

    Parameters
    ----------
    history : History
        Students who may be learned from.
    model : InterestModel

    Returns
    -------
    dict, JSON-ready
        `school_year`; `schools`, those of the students; `of`, `InputReference.as_data` by input. Aggregates only.
    """
    year = max(history.students, default="")
    catalogue = catalogue_of_year(history.pathways, history.places, year)
    students = sorted(history.students.get(year, ()), key=lambda row: row.student_id)
    facts = student_facts(students, history.rows, as_of=history.as_of, catalogue=catalogue, model=model)
    values = input_values(facts, FeatureSpace(history.reference, catalogue, model).student_vectors(facts), model)
    return {
        "school_year": year,
        "schools": sorted({student.school_code for student in students}),
        "of": {
            name: found.as_data() for name, found in reference_inputs(values, facts.school_of, facts.grades).items()
        },
    }
