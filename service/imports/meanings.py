"""What columns of a school's files mean: said once, kept for that school."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service import audit
from service.access import SCHOOL_ROLES, Actor, Permission, check_permission
from service.clock import now
from service.errors import InvalidInputError, NotFoundError
from service.imports.formats import get_format
from service.imports.headings import Kept, signature_of
from service.imports.schemas import Meaning, MeaningKept
from service.imports.vocabularies import ImportTools
from service.imports.words import plain_words
from service.tables import ColumnMeaning, School

REGION = ""


def read_kept(session: Session, school_code: str | None) -> dict[str, Kept]:
    """What the school said, by the headings of its files."""
    query = sa.select(ColumnMeaning).where(ColumnMeaning.school_code == (school_code or REGION))
    return {row.signature: Kept(row.table_name, row.columns) for row in session.scalars(query)}


def keep_meaning(
    session: Session, *, actor: Actor, tools: ImportTools, meaning: Meaning, school_code: str | None = None
) -> MeaningKept:
    """Keep what a person said about the columns of a kind of file: all of its headings, in any order."""
    check_permission(actor, Permission.IMPORT_SCHOOL, Permission.IMPORT_REGION)
    owner = actor.school_code if actor.role in SCHOOL_ROLES else school_code
    if owner is not None and session.get(School, owner) is None:
        raise NotFoundError("Такой школы нет.")
    shape = get_format(tools.formats, meaning.table)
    tools.find_instrument(meaning.table)
    _check_columns(tools, meaning, {column.name for column in shape.columns})
    signature = signature_of(meaning.columns)
    columns = {plain_words(heading): column for heading, column in meaning.columns.items()}
    key = {"school_code": owner or REGION, "signature": signature}
    row = session.get(ColumnMeaning, key) or ColumnMeaning(**key)
    row.table_name, row.columns, row.decided_by, row.decided_at = meaning.table, columns, actor.actor_id, now()
    session.add(row)
    subject = f"{owner or 'region'}/{meaning.table}"
    audit.record(session, actor=actor, deed="columns.settled", subject=subject, signature=signature[:16])
    return MeaningKept(signature=signature, table=meaning.table, columns=dict(meaning.columns))


def _check_columns(tools: ImportTools, meaning: Meaning, named: set[str]) -> None:
    people = {column.name for column in tools.words.people} if tools.words is not None else set()
    instrument = tools.find_instrument(meaning.table)
    wide = set(tools.reference.subjects)
    if instrument is not None:
        wide = {*instrument.items, *(scale.code for scale in instrument.scales)}
    known: Mapping[str, None] = dict.fromkeys(named | people | wide)
    unknown = sorted({column for column in meaning.columns.values() if column and column not in known})
    if unknown:
        raise InvalidInputError(f"Таких столбцов в таблице нет: {', '.join(unknown)}.", allowed=sorted(named | people))
    chosen = [column for column in meaning.columns.values() if column]
    if not chosen:
        raise InvalidInputError("Не выбран ни один столбец.")
