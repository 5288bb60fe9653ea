"""Classes over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from service.access import Actor, Permission
from service.installation import get_today
from service.students import queries
from service.students.schemas import ClassList, ClassStudents
from service.web import AppSettings, Permitted, Reads

router = APIRouter(tags=["students"])

ClassReader = Annotated[Actor, Depends(Permitted(Permission.READ_CLASSES))]


@router.get("/classes")
def list_classes(actor: ClassReader, session: Reads, settings: AppSettings) -> ClassList:
    """Мои классы: кому чего не хватает."""
    return queries.list_classes(session, actor, get_today(session, settings))


@router.get("/classes/{class_id}/students")
def list_students(class_id: str, actor: ClassReader, session: Reads, settings: AppSettings) -> ClassStudents:
    """Ученики класса."""
    return queries.list_students(session, actor, class_id, get_today(session, settings))
