"""Classes over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from service import audit
from service.access import Actor, Permission
from service.installation import get_today
from service.students import queries
from service.students.schemas import ClassList, ClassStudents
from service.web import AppSettings, Permitted, Reads, Units

router = APIRouter(tags=["students"])

ClassReader = Annotated[Actor, Depends(Permitted(Permission.READ_CLASSES))]


@router.get("/classes")
def list_classes(actor: ClassReader, session: Reads, settings: AppSettings) -> ClassList:
    """Мои классы: кому чего не хватает."""
    return queries.list_classes(session, actor, get_today(session, settings))


@router.get("/classes/{class_id}/students")
def list_students(class_id: str, actor: ClassReader, database: Units, settings: AppSettings) -> ClassStudents:
    """Ученики класса; чтение записывается."""
    with database.reading() as session:
        answer = queries.list_students(session, actor, class_id, get_today(session, settings))
    with database.writing() as session:
        audit.record(session, actor=actor, deed="class.read", subject=class_id)
    return answer
