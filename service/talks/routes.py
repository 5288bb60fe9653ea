"""The queue of talks over HTTP; reading it is recorded, as it tells of many students at once."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.orm import Session

from service import audit
from service.access import Actor, Permission
from service.demand.queries import Lists, get_edition, read_lists
from service.recommendations.shelf import Serving
from service.students.queries import get_class
from service.talks.queue import NEWS, queue_of
from service.talks.roadmap import due_in
from service.talks.schemas import TalkQueue
from service.web import AppSettings, Permitted, Units

router = APIRouter(tags=["students"])

Counsellor = Annotated[Actor, Depends(Permitted(Permission.RANK_STUDENTS))]
ClassCode = Annotated[str | None, Query(max_length=64, description="Только этот класс", examples=["sch01-2024-25-9a"])]
Limit = Annotated[int, Query(ge=1, le=500, description="Сколько учеников показать")]


@router.get("/talks")
def get_talks(
    actor: Counsellor,
    database: Units,
    settings: AppSettings,
    request: Request,
    class_id: ClassCode = None,
    limit: Limit = 50,
) -> TalkQueue:
    """С кем поговорить и почему, самое срочное первым; что по дорожной карте в этом месяце."""
    with database.reading() as session:
        if class_id is not None:
            get_class(session, actor, class_id)
        serving = request.app.state.shelf.take(session)
        crowding, before = request.app.state.districts.crowding(serving), _before(session, serving)
        talks = queue_of(session, serving, actor=actor, class_id=class_id, crowding=crowding, before=before)
    with database.writing() as session:
        subject = class_id or actor.school_code or "region"
        audit.record(session, actor=actor, deed="talks.read", subject=subject, student_count=len(talks[:limit]))
    as_of = serving.today.as_of
    return TalkQueue(as_of=as_of, talks=talks[:limit], waiting_count=len(talks), due=due_in(settings, as_of))


def _before(session: Session, serving: Serving) -> Lists | None:
    """The lists that the edition in force followed, while that is news."""
    edition = serving.edition
    if edition is None or serving.today.as_of - edition.published_on > NEWS:
        return None
    follows = get_edition(session, edition.code).follows  # the earliest first
    return read_lists(session, follows[-1]) if follows else None
