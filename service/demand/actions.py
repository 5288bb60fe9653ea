"""A new edition enters, once and for ever."""

from sqlalchemy.orm import Session

from recommender.demand import DemandEdition as ReadEdition
from recommender.demand import read_edition
from recommender.errors import RecommenderError
from recommender.reference import Reference
from service import audit
from service.access import Actor, Permission, check_permission
from service.catalogue.queries import read_catalogue
from service.clock import now
from service.demand.queries import compare_editions, edition_row, find_code_in_force, get_edition
from service.demand.schemas import EditionAdded
from service.errors import ConflictError, InvalidInputError
from service.installation import get_today
from service.settings import Settings
from service.tables import DemandEdition, DemandEntry

MAX_REGION, MAX_TITLE, MAX_HORIZON, MAX_CODE = 200, 500, 24, 64
MAX_WHOLE = 2**31 - 1


def publish_edition(
    session: Session, *, actor: Actor, content: bytes, reference: Reference, settings: Settings
) -> EditionAdded:
    """Store an edition. The same file again changes nothing; the same code with other content is refused."""
    check_permission(actor, Permission.PUBLISH_DEMAND)
    read = _read(content)
    today = get_today(session, settings)
    before = find_code_in_force(session, settings, today.as_of)
    present = session.get(DemandEdition, read.code)
    if present is not None and present.checksum != read.checksum:
        raise ConflictError(
            f"Редакция «{read.code}» уже опубликована и не меняется. Дайте исправленной редакции новый код.",
            edition_code=read.code,
        )
    row = present or _add(session, actor, read, content)
    in_force = find_code_in_force(session, settings, today.as_of)
    change = None
    if present is None and before is not None and before != read.code:
        catalogue = read_catalogue(session, today.school_year)
        change = compare_editions(get_edition(session, before), row, reference, catalogue)
    return EditionAdded(
        edition=edition_row(row, len(read.entries), in_force),
        already_known=present is not None,
        unknown_spo_codes=_unknown_codes(read, reference),
        change=change,
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


def _add(session: Session, actor: Actor, read: ReadEdition, content: bytes) -> DemandEdition:
    row = DemandEdition(
        edition_code=read.code,
        region=read.region,
        published_on=read.published_on,
        checksum=read.checksum,
        illustrative=read.illustrative,
        content=content,
        added_at=now(),
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
        )
        for entry in read.entries
    )
    facts = {"checksum": read.checksum, "entries": len(read.entries), "published_on": read.published_on.isoformat()}
    audit.record(session, actor=actor, deed="demand.published", subject=read.code, **facts)
    return row
