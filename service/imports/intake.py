"""A file as a school has it: read in a child, its tables recognised and checked, and taken in by the deeds of our own.

Checking is taking in and undoing it: what is reported is what would happen, tables of one file seeing each other.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from service.access import SCHOOL_ROLES, Actor, Permission, check_permission
from service.db import IMPORT_LOCK, UnitsOfWork, lock_table
from service.documents.reading import read_book
from service.documents.refusals import shown_name
from service.documents.sheet import Book
from service.errors import DeniedError, ImportRefusedError
from service.imports import actions
from service.imports.actions import Mode, Prepared
from service.imports.complaints import COMPLAINTS
from service.imports.formats import ANSWERS, Format, get_format
from service.imports.headings import Kept, Recognised, Recogniser
from service.imports.laying import lay_out, merge_terms
from service.imports.meanings import read_kept
from service.imports.oneroster import KIND, recognise_oneroster
from service.imports.people import keep_absent, name_students, read_roll
from service.imports.plausibility import warn_of_another_instrument, warn_of_odd_rows
from service.imports.reading import ReadTable, check_key, read_laid
from service.imports.reporting import part_of, report_of
from service.imports.schemas import IntakeReport, Taking
from service.imports.storing import Difference
from service.imports.tables_in import StoredChange
from service.imports.translating import translator
from service.imports.vocabularies import ImportTools, read_vocabularies, students_of
from service.imports.withdrawn import find_withdrawn
from service.imports.words import Words, plain_words
from service.installation import today_of

TURN = ("schools", "hosts", "catalogue", "roster")  # what others name comes first
NO_TABLE = "не понять, что это за таблица: выберите её вид или назовите столбцы, как в data/formats"
NOT_YOURS = "такие таблицы загружает не эта роль"
NEEDLESS = frozenset({"№", "№ п/п", "п/п", "n", "номер", "no", "отчество"})
NO_ROWS = "под заголовком нет ни одной строки"
UNCONFIRMED = "столбец «{heading}» похож на «{title}»: подтвердите это или выберите другой"
NOT_READ = "столбец «{heading}» не нужен или не узнан: он не прочитан"


@dataclass(frozen=True)
class Brought:
    """A file somebody brought, and what is wanted of it."""

    name: str
    content: bytes
    mode: Mode = "check"
    taking: Taking = "all"
    table: str | None = None  # None: found by the headings
    school_code: str | None = None

    @property
    def checksum(self) -> str:
        """Digest of the content."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass
class TakenIn:
    """What became of a file in one transaction."""

    report: IntakeReport
    changes: list[StoredChange] = field(default_factory=list)
    revision: int | None = None


def recogniser_of(tools: ImportTools, words: Words, kept: dict[str, Kept]) -> Recogniser:
    """What knows the headings of all tables, and what this school said of its files."""
    return Recogniser(tools.formats, words, tools.reference.instruments, kept)


def read_brought(brought: Brought) -> Book:
    """The sheets of a file; a refusal says what to do."""
    return read_book(brought.content, brought.name)


def mark_intake(database: UnitsOfWork, *, actor: Actor, tools: ImportTools, brought: Brought) -> bytes:
    """A copy of the file in which the bad cells are coloured and commented."""
    from service.imports.marking import marked_copy  # noqa: PLC0415 -- heavy, and not every file needs it

    return marked_copy(read_brought(brought), check_intake(database, actor=actor, tools=tools, brought=brought))


def check_intake(database: UnitsOfWork, *, actor: Actor, tools: ImportTools, brought: Brought) -> IntakeReport:
    """A report; nothing is written: where several tables need each other, they are taken in and rolled back."""
    check_permission(actor, Permission.IMPORT_SCHOOL, Permission.IMPORT_REGION)
    book = read_brought(brought)
    with database.reading() as session:
        recognised = _recognise(session, actor, tools, brought, book)
        if len(_by_table(recognised)) < 2:
            return take_in(session, actor=actor, tools=tools, brought=brought, book=book, keep=False).report
    with database.writing() as session:
        taken = take_in(session, actor=actor, tools=tools, brought=brought, book=book, keep=True)
        session.rollback()
    return taken.report


def take_in(
    session: Session,
    *,
    actor: Actor,
    tools: ImportTools,
    brought: Brought,
    book: Book,
    keep: bool,
) -> TakenIn:
    """Read all tables of a file and, with `keep`, store them, in the caller's transaction."""
    if keep:
        lock_table(session, IMPORT_LOCK)
    recognised = _recognise(session, actor, tools, brought, book)
    taken, parts = TakenIn(report_of(brought, book, recognised, [], tools)), []
    for table, sheets in _by_table(recognised):
        prepared = _prepare(session, actor, tools, brought, table, sheets)
        difference, changes, revision = _store(session, prepared, keep=keep)
        withdrawn = find_withdrawn(session, prepared, difference)
        parts.append(part_of(prepared, difference, withdrawn))
        taken.changes += changes
        taken.revision = revision if revision is not None else taken.revision
    taken.report = report_of(brought, book, recognised, parts, tools)
    return taken


def check_taken(taken: TakenIn) -> None:
    """Refuse a file with faults that is to be taken in whole, or of which nothing can be taken in at all."""
    report = taken.report
    is_empty = not any(part.row_count for part in report.parts)
    if report.parts and not is_empty and (report.taking == "good" or report.fault_count == 0):
        return
    first = next((fault for part in report.parts for fault in part.faults), None)
    where = "" if first is None else f" {_where(first.sheet, first.row, first.letter)}: {first.remedy}."
    said = where or f" {NO_TABLE.capitalize()}."
    message = f"{report.file}: ничего не загружено, ошибок {max(report.fault_count, 1)}.{said}"
    raise ImportRefusedError(message, report=report.model_dump(mode="json"))


def _where(sheet: str, row: int | None, letter: str | None) -> str:
    words = (("лист", f"«{sheet}»" if sheet else ""), ("строка", row), ("столбец", letter))
    return ", ".join(f"{word} {found}" for word, found in words if found) or "файл"


def _recognise(session: Session, actor: Actor, tools: ImportTools, brought: Brought, book: Book) -> list[Recognised]:
    recogniser = recogniser_of(tools, words_of(tools), read_kept(session, _owner(actor, brought)))
    if brought.table is not None:
        get_format(tools.formats, brought.table)
        tools.find_instrument(brought.table)
    if book.kind == KIND:
        return recognise_oneroster(book, words_of(tools))
    own = (sheet for sheet in book.sheets if sheet.title != COMPLAINTS)
    return [recogniser.recognise(sheet, brought.name, brought.table) for sheet in own]


def words_of(tools: ImportTools) -> Words:
    """What schools call things."""
    if tools.words is None:
        raise TypeError("these tools know no words of schools")
    return tools.words


def _owner(actor: Actor, brought: Brought) -> str | None:
    return actor.school_code if actor.role in SCHOOL_ROLES else brought.school_code


def _by_table(recognised: Sequence[Recognised]) -> list[tuple[str, list[Recognised]]]:
    found: dict[str, list[Recognised]] = {}
    for sheet in recognised:
        if sheet.table is not None:
            found.setdefault(sheet.table, []).append(sheet)
    return sorted(found.items(), key=lambda item: TURN.index(item[0]) if item[0] in TURN else len(TURN))


def _prepare(
    session: Session, actor: Actor, tools: ImportTools, brought: Brought, table: str, sheets: Iterable[Recognised]
) -> Prepared:
    """One table of a file, read from all sheets that hold it."""
    shape = get_format(tools.formats, table)
    read = ReadTable(shown_name(brought.name), keeps_good=brought.taking == "good")
    try:
        school = actions.school_of(session, actor, shape, brought.school_code)
    except DeniedError:
        read.blame(None, None, None, NOT_YOURS, "not_your_table")
        school = None
    instrument, today = tools.find_instrument(table), today_of(session, tools.as_of)
    prepared = Prepared(actor, table, shape, school, instrument, read, today, brought.checksum, is_of_school=True)
    if read.is_broken:
        return prepared
    students = students_of(school, former=prepared.is_operators)
    vocabularies = read_vocabularies(session, tools, instrument, students)
    recogniser = recogniser_of(tools, words_of(tools), {})
    translate = translator(session, words_of(tools), shape, instrument, school)
    for found in sheets:
        _blame_headings(read, found, shape)
        if found.missing:
            continue
        for laid in lay_out(found):
            more = recogniser.people_of(shape)
            read_laid(read, laid, shape.relaxed(), vocabularies, today.as_of, translate, more)
    if not read.rows and not read.fault_count:
        read.blame(None, None, None, NO_ROWS, "no_rows")
    _complete(session, prepared)
    return prepared


def _complete(session: Session, prepared: Prepared) -> None:
    """Pseudonyms by names, what a roster leaves open, rows that say a thing twice, what looks odd."""
    read, shape = prepared.read, prepared.shape
    if shape.scope == "school":
        _fill_years(prepared)
    if shape.is_about_students:
        is_roster = shape.table == "roster"
        # a list of classes may bring back whoever left; of anybody else's students no other file is told
        students = students_of(prepared.school_code, former=True) if is_roster else prepared.students
        name_students(read, read_roll(session, students), is_roster=is_roster)
        if is_roster:
            keep_absent(session, read, [column.name for column in shape.columns if column.absent == "kept"])
    if shape.table == "marks":
        merge_terms(read)
    check_key(read, shape)
    warn_of_odd_rows(session, prepared)


def _fill_years(prepared: Prepared) -> None:
    """A file that names no school year is of this one."""
    for row in prepared.read.rows:
        if "school_year" in row.cells and row.cells["school_year"] is None:
            row.cells["school_year"] = prepared.today.school_year  # type: ignore[index] # rows are made as dicts


def _blame_headings(read: ReadTable, found: Recognised, shape: Format) -> None:
    titles = {column.name: column.text_ru for column in shape.columns}
    sheet = found.sheet
    for heading in found.headings:
        read.letters[sheet.title, heading.text] = (sheet.letter(heading.place), heading.text[:200])
    for heading in found.unconfirmed:
        title = titles.get(heading.column or "", heading.column or "")
        said = UNCONFIRMED.format(heading=heading.text[:80], title=title)
        read.blame((sheet.title, None), heading.text, None, said, "heading_unconfirmed")
    if found.missing:
        named = ", ".join(f"«{titles.get(name, name)}»" for name in found.missing)
        at = (sheet.title, sheet.top + found.header_row)
        read.blame_sheet(at, f"нет столбцов: {named}; добавьте их или укажите, как они названы", "missing_column")
    for heading in found.headings:
        if heading.column is None and heading.ground != "kept" and plain_words(heading.text) not in NEEDLESS:
            read.warn((sheet.title, None), heading.text, NOT_READ.format(heading=heading.text[:80]), "column_not_read")


def _store(session: Session, prepared: Prepared, *, keep: bool) -> tuple[Difference, list[StoredChange], int | None]:
    """Store one table, and say what it changed; with faults, nothing."""
    changes: list[StoredChange] = []
    difference = actions.store(session, prepared, keep=keep, changes=changes)
    if prepared.shape.table == ANSWERS:
        warn_of_another_instrument(prepared.read)
    if not keep or prepared.read.is_refused:
        return difference, [], None
    revision = actions.note_store(session, prepared, difference)
    return difference, changes, revision
