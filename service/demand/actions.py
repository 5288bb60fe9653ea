"""A new edition enters, once and for ever."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.demand import DemandEdition as ReadEdition
from recommender.demand import split_edition_code
from recommender.edition_gate import Finding, check_edition
from recommender.reference import Reference
from service import audit
from service.access import Actor, Permission, Role, check_permission
from service.catalogue.queries import read_catalogue
from service.clock import now
from service.db import lock_table
from service.demand.queries import codes_in_turn, compare_editions, edition_row, find_code_in_force, read_lists
from service.demand.schemas import EditionAdded
from service.demand.sentences import said_of_finding
from service.demand.understanding import read_own
from service.errors import ConflictError, InvalidInputError
from service.events.announcing import EDITION_PUBLISHED, announce
from service.installation import get_today
from service.retraining import enqueue_training
from service.settings import Settings
from service.tables import DemandEdition, DemandEntry

LOCK_KEY = 0x0A0D1A


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
    heading_region: str | None = None,
) -> EditionAdded:
    """Store an edition and have the model trained on it, in one transaction.

    The same file again changes nothing; the same code with other content is refused. A list that looks suspicious needs
    the reason of the operator (`although`), or a second person: `first_person` asked for it, the actor agrees.
    """
    check_permission(actor, Permission.PUBLISH_DEMAND)
    read = read_own(content, reference)
    check_region(read.region, settings)
    lock_table(session, LOCK_KEY)  # two people at once: the second finds what the first has published
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
        _check_revision(session, read, settings)
        findings = suspicions(session, read, reference, settings, heading_region)
        if findings and first_person is None:
            _check_may_publish(actor, findings, although)
        row = _add(session, actor, read, content, source, first_person, settings)
        facts = {"findings": [finding.code for finding in findings], "although": although}
        _record(session, actor, row, len(read.entries), facts)
        enqueue_training(session, actor=actor, cause=f"edition {read.code}")
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


def suspicions(
    session: Session, read: ReadEdition, reference: Reference, settings: Settings, heading_region: str | None = None
) -> tuple[Finding, ...]:
    """What is out of the ordinary beside the lists it follows, or, of a correction, beside what it corrects as well.

    A correction is held against the list's first revision and the half-year before too: many small ones must not add
    up to a list that nobody else has seen.
    """
    as_of = get_today(session, settings).as_of
    turn = codes_in_turn(session, settings.demand_region, max(as_of, read.published_on))
    followed = [code for code in turn if split_edition_code(code)[0] != read.list_code]
    corrected = [code for code in turn if split_edition_code(code)[0] == read.list_code]
    if corrected:
        first = [read.list_code] if session.get(DemandEdition, read.list_code) is not None else []
        before = [*corrected, *first, *followed[-1:]]
    else:
        before = turn[-1:]
    found: dict[str, Finding] = {}
    for number, code in enumerate(dict.fromkeys(before)):
        for finding in check_edition(read, read_lists(session, code)[0], reference):
            if number == 0 or finding.code != "nothing_changed":
                found.setdefault(finding.code, finding)
    if not before:
        found = {finding.code: finding for finding in check_edition(read, None, reference)}
    if heading_region is not None and not is_same_region(heading_region, settings.demand_region):
        found["another_region"] = Finding("another_region", 1, 0, (heading_region,))
    return tuple(found.values())


def is_same_region(one: str, other: str) -> bool:
    """Whether two names mean one region, in whatever case they are written."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def check_region(region: str, settings: Settings) -> None:
    """A list of another region would never come into force, and would take its code for ever."""
    if not is_same_region(region, settings.demand_region):
        raise InvalidInputError(
            f"Это перечень другого региона: «{region}», а здесь — «{settings.demand_region}» (ORIENTIR_DEMAND_REGION).",
            region=region,
        )


def _check_revision(session: Session, read: ReadEdition, settings: Settings) -> None:
    """Corrections follow each other in number and day; the first one is of a list that is there."""
    known = [
        (row.published_on, split_edition_code(row.edition_code)[1])
        for row in session.scalars(sa.select(DemandEdition).where(DemandEdition.region == settings.demand_region))
        if split_edition_code(row.edition_code)[0] == read.list_code
    ]
    newest = max((revision for _, revision in known), default=0)
    if read.revision != newest + 1:
        wanted = read.list_code if newest == 0 else f"{read.list_code}.{newest + 1}"
        raise ConflictError(f"Следующая редакция этого перечня — «{wanted}».", edition_code=read.code)
    latest = max((day for day, _ in known), default=read.published_on)
    if read.published_on < latest:
        raise ConflictError(
            f"Исправление не может быть раньше того, что исправляет: поставьте день не раньше {latest:%d.%m.%Y}.",
            edition_code=read.code,
        )


def _check_may_publish(actor: Actor, findings: tuple[Finding, ...], although: str | None) -> None:
    """The operator gives a reason; anybody else needs a second person."""
    if actor.role is Role.OPERATOR and although:
        return
    said = " ".join(said_of_finding(finding) for finding in findings)
    way = (
        "Если всё верно, назовите причину: --although."
        if actor.role is Role.OPERATOR
        else "Если всё верно, загрузите файл на экране «Перечень профессий»: публикацию подтвердит второй человек."
    )
    raise ConflictError(
        f"Перечень выглядит необычно и не опубликован. {said} {way}", findings=[finding.code for finding in findings]
    )


def _unknown_codes(read: ReadEdition, reference: Reference) -> list[str]:
    """Codes of the edition that no list of SPO codes has, new or old."""
    named = {code for entry in read.entries for code in entry.spo_codes}
    return sorted(code for code in named if code not in reference.spo and code not in reference.former_spo)


def _add(
    session: Session, actor: Actor, read: ReadEdition, content: bytes, source: Source | None, first_person: str | None,
    settings: Settings,
) -> DemandEdition:  # fmt: skip
    turn = codes_in_turn(session, settings.demand_region, read.published_on)
    row = DemandEdition(
        edition_code=read.code,
        region=settings.demand_region,
        published_on=read.published_on,
        checksum=read.checksum,
        illustrative=read.illustrative,
        content=content,
        added_at=now(),
        follows=tuple(code for code in turn if split_edition_code(code)[0] != read.list_code),
        published_by=first_person or actor.actor_id,
        approved_by=actor.actor_id if first_person is not None else None,
        source_name=source.name if source else None,
        source_checksum=source.checksum if source else read.checksum,
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
    """The record of the deed, and the event that schools are told of."""
    told: dict[str, object] = {name: value for name, value in facts.items() if value}
    if row.approved_by is not None:
        told["first_person"] = row.published_by
    told["source_checksum"] = row.source_checksum
    day = row.published_on.isoformat()
    number = audit.record(
        session, actor=actor, deed="demand.published", subject=row.edition_code, checksum=row.checksum,
        entries=entry_count, published_on=day, **told,
    )  # fmt: skip
    data = {"demand_edition": row.edition_code, "published_on": day, "entry_count": entry_count}
    announce(session, number=number, event_type=EDITION_PUBLISHED, subject=row.edition_code, data=data)
