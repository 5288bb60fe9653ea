"""A new edition enters, once and for ever."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from recommender.demand import DemandEdition as ReadEdition
from recommender.demand import read_edition, split_edition_code
from recommender.edition_gate import Finding, check_edition
from recommender.errors import RecommenderError
from recommender.reference import Reference
from service import audit
from service.access import Actor, Permission, Role, check_permission
from service.catalogue.queries import read_catalogue
from service.clock import now
from service.demand.queries import codes_in_turn, compare_editions, edition_row, find_code_in_force, read_lists
from service.demand.schemas import EditionAdded
from service.demand.sentences import said_of_finding
from service.errors import ConflictError, InvalidInputError
from service.installation import get_today
from service.jobs import TRAINING, enqueue_job
from service.settings import Settings
from service.tables import DemandEdition, DemandEntry

MAX_REGION, MAX_TITLE, MAX_HORIZON, MAX_CODE = 200, 500, 24, 64
MAX_WHOLE = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Source:
    """The document a list was read from."""

    name: str
    checksum: str
    content: bytes


def publish_edition(
    session: Session,
    *,
    actor: Actor,
    content: bytes,
    reference: Reference,
    settings: Settings,
    although: str | None = None,
    source: Source | None = None,
    first_person: str | None = None,
) -> EditionAdded:
    """Store an edition and have the model trained on it, in one transaction.

    The same file again changes nothing; the same code with other content is refused. A list that looks suspicious needs
    the reason of the operator (`although`), or a second person: `first_person` asked for it, the actor agrees.
    """
    check_permission(actor, Permission.PUBLISH_DEMAND)
    read = _read(content)
    today = get_today(session, settings)
    before = find_code_in_force(session, settings, today.as_of)
    present = session.get(DemandEdition, read.code)
    if present is not None and present.checksum != read.checksum:
        list_code, revision = split_edition_code(read.code)
        raise ConflictError(
            f"Редакция «{read.code}» уже опубликована и не меняется. "
            f"Исправление публикуют следующей редакцией: «{list_code}.{revision + 1}».",
            edition_code=read.code,
        )
    if present is None:
        findings = suspicions(session, read, reference)
        if findings and first_person is None:
            _check_may_publish(actor, findings, although)
        row = _add(session, actor, read, content, source, first_person)
        facts = {"findings": [finding.code for finding in findings], "although": although}
        _record(session, actor, row, len(read.entries), facts)
        enqueue_job(session, actor=actor, kind=TRAINING, unique_key="region", cause=f"edition {read.code}")
    else:
        row = present
    in_force = find_code_in_force(session, settings, today.as_of)
    change = None
    if present is None and before is not None and before != read.code:
        catalogue = read_catalogue(session, today.school_year)
        change = compare_editions(session, before, read.code, reference, catalogue)
    return EditionAdded(
        edition=edition_row(row, len(read.entries), in_force, today.as_of),
        already_known=present is not None,
        unknown_spo_codes=_unknown_codes(read, reference),
        change=change,
    )


def suspicions(session: Session, read: ReadEdition, reference: Reference) -> tuple[Finding, ...]:
    """What is out of the ordinary beside the list in force on the day of publishing."""
    turn = codes_in_turn(session, read.region, read.published_on)
    previous, _ = read_lists(session, turn[-1] if turn else None)
    return check_edition(read, previous, reference)


def _check_may_publish(actor: Actor, findings: tuple[Finding, ...], although: str | None) -> None:
    """The operator gives a reason; anybody else needs a second person."""
    if actor.role is Role.OPERATOR and although:
        return
    said = " ".join(said_of_finding(finding) for finding in findings)
    way = (
        "Если всё верно, назовите причину: --although."
        if actor.role is Role.OPERATOR
        else "Если всё верно, загрузите файл на экране «Перечень»: публикацию подтвердит второй человек."
    )
    raise ConflictError(
        f"Перечень выглядит необычно и не опубликован. {said} {way}", findings=[finding.code for finding in findings]
    )


def _unknown_codes(read: ReadEdition, reference: Reference) -> list[str]:
    """Codes of the edition that no list of SPO codes has, new or old."""
    named = {code for entry in read.entries for code in entry.spo_codes}
    return sorted(code for code in named if code not in reference.spo and code not in reference.former_spo)


def _read(content: bytes) -> ReadEdition:
    try:
        read = read_edition(content)
    except RecommenderError as error:
        facts = {name: value for name, value in error.facts.items() if name in ("row", "column", "columns")}
        raise InvalidInputError(f"Перечень не принят: {_in_russian(error)}", **facts) from error
    positions = [entry.position for entry in read.entries]
    if len(set(positions)) != len(positions):
        raise InvalidInputError("Перечень не принят: место (position) в одной редакции не повторяется.")
    _check_bounds(read)
    return read


def _check_bounds(read: ReadEdition) -> None:
    """What no database could keep: numbers and texts too long, control characters."""
    texts = [(read.region, MAX_REGION)]
    numbers: list[int | None] = []
    for entry in read.entries:
        texts += [(entry.title, MAX_TITLE), (entry.horizon or "", MAX_HORIZON)]
        texts += [(code, MAX_CODE) for code in entry.spo_codes]
        numbers += [entry.position, entry.level, entry.vacancies]
    if any(len(text) > longest or not text.isprintable() for text, longest in texts):
        raise InvalidInputError("Перечень не принят: есть слишком длинный текст или служебные знаки в ячейке.")
    if any(abs(number) > MAX_WHOLE for number in numbers if number is not None):
        raise InvalidInputError("Перечень не принят: есть слишком большое число.")


def _in_russian(error: RecommenderError) -> str:
    row, column = error.facts.get("row"), error.facts.get("column")
    if "columns" in error.facts:
        columns = error.facts["columns"]
        named = ", ".join(map(str, columns)) if isinstance(columns, list | tuple) else str(columns)
        return f"нет столбцов {named}; формат описан в data/formats/demand.toml."
    place = ", ".join(part for part in (f"строка {row}" if row else "", f"столбец {column}" if column else "") if part)
    return f"{place or 'файл'} — проверьте по описанию data/formats/demand.toml (CSV в UTF-8)."


def _add(
    session: Session, actor: Actor, read: ReadEdition, content: bytes, source: Source | None, first_person: str | None
) -> DemandEdition:
    turn = codes_in_turn(session, read.region, read.published_on)
    row = DemandEdition(
        edition_code=read.code,
        region=read.region,
        published_on=read.published_on,
        checksum=read.checksum,
        illustrative=read.illustrative,
        content=content,
        added_at=now(),
        follows=tuple(code for code in turn if split_edition_code(code)[0] != read.list_code),
        published_by=first_person or actor.actor_id,
        approved_by=actor.actor_id if first_person is not None else None,
        source_name=source.name if source else None,
        source_checksum=source.checksum if source else None,
        source=source.content if source else None,
    )
    session.add(row)
    session.flush()
    session.add_all(
        DemandEntry(
            edition_code=read.code,
            position=entry.position,
            title=entry.title,
            spo_codes=entry.spo_codes,
            level=entry.level,
            horizon=entry.horizon or None,
            vacancies=entry.vacancies,
            section=entry.section,
            profiles=entry.profiles,
        )
        for entry in read.entries
    )
    return row


def _record(session: Session, actor: Actor, row: DemandEdition, entry_count: int, facts: Mapping[str, object]) -> None:
    told = {name: value for name, value in facts.items() if value}
    if row.approved_by is not None:
        told["first_person"] = row.published_by
    if row.source_checksum is not None:
        told["source_checksum"] = row.source_checksum
    day = row.published_on.isoformat()
    audit.record(
        session, actor=actor, deed="demand.published", subject=row.edition_code, checksum=row.checksum,
        entries=entry_count, published_on=day, **told,
    )  # fmt: skip
