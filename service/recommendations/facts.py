"""What is known of students, as the ranker takes it."""

from sqlalchemy.orm import Session

from recommender.students import StudentFacts, student_facts
from service.recommendations.shelf import Serving
from service.students.facts import Ids, read_fact_rows, read_student_rows


def read_facts(session: Session, serving: Serving, of: Ids) -> StudentFacts:
    """Facts of these students as of today; of those who are in no class of this year there are none."""
    year = serving.today.school_year
    students = read_student_rows(session, of).get(year, [])
    rows = read_fact_rows(session, of, serving.reference, year)
    model = serving.model.interest_model
    return student_facts(students, rows, as_of=serving.today.as_of, catalogue=serving.catalogue, model=model)
