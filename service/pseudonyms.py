"""What a student is called where rows can never be taken out again: in the audit trail and in the act of an erasure.

The audit knows a student by an alias that stands in one row of `audit_aliases`. Whoever erases the student erases that
row: the trail stays whole, and nothing leads from it to anybody.
"""

import hashlib
import hmac
import secrets

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.db import SEAL_KEY
from service.tables import AuditAlias, Student

ALIAS = "student-"


def subject_of(session: Session, subject: str) -> str:
    """The subject of an audit record: a student's alias, made when it is first needed; anything else is left alone.

    Asked under the lock of the trail, so that nobody gets two aliases.
    """
    query = (
        sa.select(Student.student_id, AuditAlias.alias)
        .outerjoin(AuditAlias, AuditAlias.student_id == Student.student_id)
        .where(Student.student_id == subject)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return subject
    if found.alias is not None:
        return str(found.alias)
    alias = ALIAS + secrets.token_hex(12)
    session.add(AuditAlias(student_id=subject, alias=alias))
    return alias


def find_alias(session: Session, student_id: str) -> str | None:
    """A student's alias; None before the first record."""
    return session.scalar(sa.select(AuditAlias.alias).where(AuditAlias.student_id == student_id))


def digest_of(session: Session, student_id: str) -> str:
    """Keyed digest of a pseudonym: tells whether another is the same, and nothing to whoever lacks the key."""
    return hmac.new(session.info[SEAL_KEY], f"erased {student_id}".encode(), hashlib.sha256).hexdigest()
