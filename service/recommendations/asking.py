"""What a student is advised at this moment: kept or made now; whatever is shown is written down."""

from service.access import Actor
from service.clock import now
from service.db import Database
from service.recommendations import actions
from service.recommendations.district_keeper import DistrictKeeper
from service.recommendations.kept import Asked, KeptAnswer, KeptAnswers, MadeFrom
from service.recommendations.shelf import Shelf, with_edition
from service.recommendations.showings import record_showings
from service.students.revisions import get_revision


def look_up(
    asked: Asked, actor: Actor, database: Database, shelf: Shelf, districts: DistrictKeeper, answers: KeptAnswers
) -> KeptAnswer:
    """The answer from the database's present state: kept or made now; what is shown is written down."""
    commits, outside, day = database.commit_count(), shelf.outside(), now().date()
    with database.reading() as session:
        revision = get_revision(session, actor, asked.student_id)  # before the facts: never newer than it says
        serving = shelf.take(session)
        crowding = districts.crowding(serving)
        kept = answers.take(
            asked,
            MadeFrom(serving, crowding, revision),
            lambda: actions.recommend_student(
                session,
                serving if asked.edition is None else with_edition(session, serving, asked.edition),
                actor=actor,
                student_id=asked.student_id,
                k=asked.k,
                demand_strength=asked.demand_strength,
                discovery=asked.discovery,
                crowding=crowding,
            ),
        )
    if kept.shown is not None and not answers.is_recorded(actor.actor_id, asked.student_id, kept, day):
        with database.writing() as session:
            record_showings(session, actor=actor, shown=[kept.shown])
        answers.note_recorded(actor.actor_id, asked.student_id, kept, day)
    answers.note_standing(actor.actor_id, asked, outside, commits, kept)
    return kept
