"""Classes over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from service import audit
from service.access import Actor, Permission
from service.cursors import read_cursor, sign_cursor
from service.declared import DeclaringRoute, SomeFields
from service.installation import get_today
from service.parameters import ClassId
from service.students import queries
from service.students.schemas import ClassList, ClassStudents, SchoolStudents, StudentPage
from service.web import AppSettings, Permitted, Reads, Units

router = APIRouter(tags=["students"], route_class=DeclaringRoute)

StudentReader = Annotated[Actor, Depends(Permitted(Permission.READ_STUDENTS))]
ClassReader = Annotated[Actor, Depends(Permitted(Permission.READ_CLASSES))]


@router.get("/classes", dependencies=[Depends(SomeFields(ClassList))])
def list_classes(actor: ClassReader, session: Reads, settings: AppSettings) -> ClassList:
    """Мои классы: кому чего не хватает."""
    return queries.list_classes(session, actor, get_today(session, settings))


@router.get("/classes/{class_id}/students", dependencies=[Depends(SomeFields(ClassStudents))])
def list_students(class_id: ClassId, actor: ClassReader, database: Units, settings: AppSettings) -> ClassStudents:
    """Ученики класса; чтение записывается."""
    with database.reading() as session:
        answer = queries.list_students(session, actor, class_id, get_today(session, settings))
    with database.writing() as session:
        audit.record(session, actor=actor, deed="class.read", subject=class_id)
    return answer


@router.get("/school-students", dependencies=[Depends(SomeFields(SchoolStudents))])
def list_school(actor: ClassReader, database: Units, settings: AppSettings) -> SchoolStudents:
    """Ученики моей школы по классам, с тем, кому чего не хватает; чтение записывается."""
    with database.reading() as session:
        answer = queries.list_school(session, actor, get_today(session, settings))
    with database.writing() as session:
        subject = actor.school_code or ""
        audit.record(session, actor=actor, deed="school.read", subject=subject, student_count=len(answer.students))
    return answer


@router.get("/students", dependencies=[Depends(SomeFields(StudentPage))])
def list_changed(
    actor: StudentReader,
    session: Reads,
    settings: AppSettings,
    request: Request,
    changed_since: Annotated[int, Query(ge=0, le=2**53, description="Ревизия прошлой страницы или выгрузки")] = 0,
    cursor: Annotated[str | None, Query(max_length=200, description="next_cursor прошлой страницы")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> StudentPage:
    """Ученики по псевдонимам, изменившиеся раньше — первыми: для ночной сверки."""
    key, purpose = request.app.state.secret_key, f"students {actor.actor_id} {changed_since}"
    number, student_id = (0, "") if cursor is None else read_cursor(key, purpose, cursor)
    found = queries.list_changed(
        session,
        actor,
        since=changed_since,
        after=(int(number), str(student_id)),
        limit=limit + 1,
        today=get_today(session, settings),
    )
    page, has_more = found[:limit], len(found) > limit
    last = page[-1] if page else None
    return StudentPage(
        students=page,
        next_cursor=sign_cursor(key, purpose, last.revision, last.student_id) if has_more and last else None,
        revision=last.revision if last is not None else changed_since,
    )
