"""A draft list: read from a document, settled line by line, published or discarded. Decisions are remembered."""

import hashlib
import re
from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.demand import (
    EDITION_CODE,
    DemandEdition,
    DemandEntry,
    read_edition,
    split_edition_code,
    write_edition,
)
from recommender.edition_gate import Finding
from recommender.reference import Reference
from service import audit
from service.access import Actor, Permission, check_permission
from service.clock import now
from service.db import lock_table
from service.demand.actions import LOCK_KEY, Source, check_region, publish_edition, suspicions
from service.demand.queries import Lists, codes_in_turn, read_lists
from service.demand.schemas import EditionAdded
from service.demand.understanding import Understood, matcher_of, plain
from service.errors import ConflictError, InvalidInputError, NotFoundError
from service.installation import get_today
from service.seen import Seen, check_seen
from service.settings import Settings
from service.tables import DemandDraft, DemandDraftLine, TitleDecision
from service.tables import DemandEdition as EditionRow

OPEN, SIGNED, PUBLISHED, DISCARDED = "open", "signed", "published", "discarded"
UNSETTLED = ("confirm", "unknown")
DECIDED, LEFT_OUT = "decided", "left_out"  # by a person
MAX_NAME = 200
NAMELESS = "без названия"
MAX_DRAFTS = 50
HALF_YEAR = re.compile(r"20[0-9]{2}H[12]\Z")


def open_draft(
    session: Session, *, actor: Actor, understood: Understood, content: bytes, name: str, settings: Settings
) -> DemandDraft:
    """Keep what was understood of a document; nothing of it is in force."""
    check_permission(actor, Permission.PUBLISH_DEMAND)
    lock_table(session, LOCK_KEY)  # before the audit's lock, as publishing takes them
    if understood.edition_code is not None:
        check_region(understood.region or "", settings)
    _check_room(session)
    today = get_today(session, settings)
    draft = DemandDraft(
        state=OPEN,
        edition_code=understood.edition_code or next_code(session, settings, understood, today.as_of),
        region=settings.demand_region,
        published_on=understood.published_on or today.as_of,
        illustrative=understood.illustrative,
        source_name=plain(name)[-MAX_NAME:],
        source_checksum=_checksum(content),
        source=content,
        heading_region=plain(understood.region) if understood.region else None,
        ignored=[{"place": plain(row.place), "text": plain(row.text), "why": row.why} for row in understood.ignored],
        read_by=actor.actor_id,
        read_at=now(),
    )
    session.add(draft)
    session.flush()
    session.add_all(_lines(draft.draft_id, understood))
    session.flush()
    draft.revision = audit.record(
        session, actor=actor, deed="demand.read", subject=str(draft.draft_id),
        source_checksum=draft.source_checksum, lines=len(understood.lines),
    )  # fmt: skip
    return draft


def _lines(draft_id: int, understood: Understood) -> list[DemandDraftLine]:
    return [
        DemandDraftLine(
            draft_id=draft_id,
            position=title.position,
            title=title.title,
            section=title.section or "",
            source_cell=title.source_cell,
            horizon=title.horizon,
            level=title.level,
            vacancies=title.vacancies,
            written_codes=title.written_codes,
            spo_codes=match.spo_codes,
            profiles=match.profiles,
            status=match.status,
            confidence=match.confidence,
            ground=match.ground,
            doubt=match.doubt,
            doubtful_codes=match.doubtful_codes,
            candidates=[
                {"spo_code": each.spo_code, "title_ru": each.title_ru, "confidence": each.confidence}
                for each in match.candidates
            ],
        )
        for title, match in understood.lines
    ]


def _check_room(session: Session) -> None:
    """Drafts hold whole documents: what nobody needs is given up first."""
    open_count = session.scalar(sa.select(sa.func.count()).where(DemandDraft.state.in_((OPEN, SIGNED)))) or 0
    if open_count >= MAX_DRAFTS:
        raise ConflictError(f"Незакрытых черновиков уже {open_count}: удалите ненужные.")


def next_code(session: Session, settings: Settings, understood: Understood, as_of: date) -> str:
    """Code of the next list in the manner of the last one; a half-year that is there already gets its next revision."""
    taken = codes_in_turn(session, settings.demand_region, date.max)
    stem = HALF_YEAR.sub("", split_edition_code(taken[-1])[0]) if taken else ""
    half_year = (understood.half_year or f"{as_of.year}-H{1 if as_of.month <= 6 else 2}").replace("-", "")
    list_code = f"{stem or 'region-'}{half_year}"
    if not EDITION_CODE.fullmatch(f"{list_code}.999"):  # the last one was named in a manner that leaves no room
        list_code = f"region-{half_year}"
    revisions = [split_edition_code(code)[1] for code in taken if split_edition_code(code)[0] == list_code]
    return f"{list_code}.{max(revisions) + 1}" if revisions else list_code


def get_draft(session: Session, draft_id: int, *, for_change: bool = False, seen: Seen = None) -> DemandDraft:
    """A draft; for a change one that is still open, held until the end of the transaction."""
    query = sa.select(DemandDraft).where(DemandDraft.draft_id == draft_id)
    draft = session.scalars(query.with_for_update() if for_change else query).one_or_none()
    if draft is None:
        raise NotFoundError("Такого черновика нет.", draft_id=draft_id)
    if for_change and draft.state not in (OPEN, SIGNED):
        word = "опубликован" if draft.state == PUBLISHED else "удалён"
        raise ConflictError(f"Черновик уже {word} и не меняется.", draft_id=draft_id)
    check_seen(session, seen, draft.revision)
    return draft


def lines_of(session: Session, draft: DemandDraft) -> Sequence[DemandDraftLine]:
    """Lines in the order of the document."""
    of = sa.select(DemandDraftLine).where(DemandDraftLine.draft_id == draft.draft_id)
    return session.scalars(of.order_by(DemandDraftLine.position)).all()


def settle_title(
    session: Session, *, actor: Actor, draft_id: int, position: int, spo_codes: Sequence[str],
    profiles: Sequence[str], reference: Reference, is_listed: bool = True, seen: Seen = None,
) -> int:  # fmt: skip
    """A person says what a title means, or that it is none of the list; how many lines: all in doubt about the same."""
    check_permission(actor, Permission.PUBLISH_DEMAND)
    draft = get_draft(session, draft_id, for_change=True, seen=seen)
    codes, classes = tuple(dict.fromkeys(spo_codes)), tuple(dict.fromkeys(profiles))
    _check_codes(codes, classes, reference)
    if not is_listed and (codes or classes):
        raise InvalidInputError("Строка, которой в перечне нет, ничего не означает: коды и классы оставьте пустыми.")
    line = session.get(DemandDraftLine, (draft_id, position))
    if line is None:
        raise NotFoundError("Такой строки в черновике нет.", draft_id=draft_id, position=position)
    key = matcher_of(None, reference).memory_key
    lines = lines_of(session, draft)
    same = [
        each
        for each in lines
        if each is line
        or (
            each.status in UNSETTLED
            and each.written_codes == line.written_codes
            and key(each.title) == key(line.title) != ""
        )
    ]
    if not is_listed and all(each in same for each in lines if each.status != LEFT_OUT):
        raise ConflictError("Это последняя строка перечня: без неё публиковать нечего. Удалите черновик.")
    for each in same:
        _settle(each, actor, codes, classes, DECIDED if is_listed else LEFT_OUT)
    _unsign(draft)
    draft.revision = audit.record(
        session, actor=actor, deed="demand.title_settled", subject=str(draft_id), position=position,
        spo_codes=list(codes), profiles=list(classes), is_listed=is_listed,
    )  # fmt: skip
    return len(same)


def settle_rest(session: Session, *, actor: Actor, draft_id: int, seen: Seen = None) -> int:
    """Leave all titles that nothing like them was found for without codes; how many."""
    check_permission(actor, Permission.PUBLISH_DEMAND)
    draft = get_draft(session, draft_id, for_change=True, seen=seen)
    rest = [line for line in lines_of(session, draft) if line.status == "unknown"]
    for line in rest:
        _settle(line, None, (), (), DECIDED)
    if rest:
        _unsign(draft)
        draft.revision = audit.record(
            session, actor=actor, deed="demand.rest_settled", subject=str(draft_id), lines=len(rest)
        )
    return len(rest)


def _settle(
    line: DemandDraftLine, actor: Actor | None, spo_codes: tuple[str, ...], profiles: tuple[str, ...], status: str
) -> None:
    """`actor` is who looked at the title itself: only that is remembered."""
    line.spo_codes, line.profiles, line.status = spo_codes, profiles, status
    line.decided_by, line.decided_at = (actor.actor_id if actor is not None else None), now()


def _remember(session: Session, draft: DemandDraft, reference: Reference) -> None:
    """Keep what people decided about titles alone, once the list is published; not where codes stood beside them."""
    key_of = matcher_of(None, reference).memory_key
    for line in lines_of(session, draft):
        key = key_of(line.title)
        if line.decided_by is None or line.status == LEFT_OUT or line.written_codes or not key:
            continue
        decision = session.get(TitleDecision, key)
        if decision is None:
            decision = TitleDecision(title_key=key)
            session.add(decision)
        decision.title, decision.spo_codes, decision.profiles = line.title, line.spo_codes, line.profiles
        decision.decided_by, decision.decided_at = line.decided_by, line.decided_at or now()
        session.flush()


def _check_codes(spo_codes: Sequence[str], profiles: Sequence[str], reference: Reference) -> None:
    for code in spo_codes:
        if not reference.is_in_force(code):
            raise InvalidInputError(f"Кода {code} нет среди действующих: выберите из списка.", spo_code=code)
    for profile in profiles:
        if profile not in reference.profiles:
            raise InvalidInputError(f"Профильного класса {profile} нет: выберите из списка.", profile=profile)


def _unsign(draft: DemandDraft) -> None:
    """What the first person asked to publish has changed: somebody must ask again."""
    draft.state, draft.signed_by, draft.signed_at = OPEN, None, None


def change_head(
    session: Session, *, actor: Actor, draft_id: int, edition_code: str, published_on: date, seen: Seen = None
) -> None:
    """Code and day of the edition to be."""
    check_permission(actor, Permission.PUBLISH_DEMAND)
    draft = get_draft(session, draft_id, for_change=True, seen=seen)
    if not EDITION_CODE.fullmatch(edition_code):
        raise InvalidInputError("Код редакции — латинские буквы, цифры, точка и дефис: krasnodar-2024H1.")
    if edition_code != draft.edition_code and session.get(EditionRow, edition_code) is not None:
        raise ConflictError(
            f"Перечень «{edition_code}» уже издан. Исправлению дайте следующий номер, например .2 в конце.",
            edition_code=edition_code,
        )
    if (edition_code, published_on) != (draft.edition_code, draft.published_on):
        draft.edition_code, draft.published_on = edition_code, published_on
        _unsign(draft)
        day = published_on.isoformat()
        draft.revision = audit.record(
            session, actor=actor, deed="demand.head_changed", subject=str(draft_id), edition=edition_code, on=day
        )


def discard_draft(session: Session, *, actor: Actor, draft_id: int, seen: Seen = None) -> None:
    """Give a draft up, its document with it."""
    check_permission(actor, Permission.PUBLISH_DEMAND)
    draft = get_draft(session, draft_id, for_change=True, seen=seen)
    draft.state, draft.closed_at, draft.source = DISCARDED, now(), b""
    draft.revision = audit.record(session, actor=actor, deed="demand.discarded", subject=str(draft_id))


def content_of(session: Session, draft: DemandDraft) -> bytes:
    """The edition that the draft would become."""
    entries = [
        DemandEntry(
            line.position,
            _shown(line),
            line.spo_codes,
            line.level,
            line.horizon,
            line.vacancies,
            line.section,
            line.profiles,
        )
        for line in lines_of(session, draft)
        if line.status != LEFT_OUT
    ]
    return write_edition(draft.edition_code, draft.region, draft.published_on, entries, illustrative=draft.illustrative)


def _shown(line: DemandDraftLine) -> str:
    return line.title or ", ".join(line.spo_codes or line.written_codes) or NAMELESS


def edition_of(session: Session, draft: DemandDraft) -> DemandEdition:
    """The same, read back."""
    return read_edition(content_of(session, draft))


def lists_as_read(session: Session, understood: Understood, settings: Settings) -> Lists:
    """A document as the edition it would become by what is sure in it, and the lists it would follow."""
    today = get_today(session, settings)
    entries = [
        DemandEntry(
            title.position, title.title or ", ".join(match.spo_codes) or NAMELESS,
            match.spo_codes if match.status == "accepted" else (), title.level, title.horizon, title.vacancies,
            title.section or "", match.profiles,
        )
        for title, match in understood.lines
    ]  # fmt: skip
    code = understood.edition_code or next_code(session, settings, understood, today.as_of)
    content = write_edition(code, settings.demand_region, understood.published_on or today.as_of, entries)
    return with_followed(session, read_edition(content))


def with_followed(session: Session, edition: DemandEdition) -> Lists:
    """An edition that is not published yet, and the lists it would follow."""
    turn = codes_in_turn(session, edition.region, edition.published_on)
    found = (read_lists(session, code)[0] for code in turn)
    return edition, [before for before in found if before is not None and before.list_code != edition.list_code]


def publish_draft(
    session: Session, *, actor: Actor, draft_id: int, reference: Reference, settings: Settings, seen: Seen = None
) -> EditionAdded | None:
    """Publish, or sign for the second person if the list looks suspicious (None). The same document twice is once."""
    check_permission(actor, Permission.PUBLISH_DEMAND)
    draft = get_draft(session, draft_id, for_change=True, seen=seen)
    content = _settled_content(session, draft)
    is_new = session.scalar(sa.select(EditionRow.checksum).where(EditionRow.checksum == _checksum(content))) is None
    findings = draft_suspicions(session, draft, reference, settings) if is_new else ()
    if findings and draft.signed_by in (None, actor.actor_id):
        _sign(session, actor, draft, content, findings)
        return None
    first = draft.signed_by if findings else None
    return _publish(session, actor, draft, content, reference, settings, first_person=first)


def publish_at_once(
    session: Session, *, actor: Actor, draft: DemandDraft, reference: Reference, settings: Settings,
    although: str | None,
) -> EditionAdded:  # fmt: skip
    """Publish what the operator reads from a file; a suspicious list needs a reason."""
    content = _settled_content(session, draft)
    return _publish(session, actor, draft, content, reference, settings, although=although)


def _publish(
    session: Session, actor: Actor, draft: DemandDraft, content: bytes, reference: Reference, settings: Settings,
    *, first_person: str | None = None, although: str | None = None,
) -> EditionAdded:  # fmt: skip
    source = Source(draft.source_name, draft.source_checksum, draft.source)
    added = publish_edition(
        session, actor=actor, content=content, reference=reference, settings=settings, although=although,
        source=source, first_person=first_person, heading_region=draft.heading_region,
    )  # fmt: skip
    _remember(session, draft, reference)
    draft.state, draft.closed_at, draft.source = PUBLISHED, now(), b""  # the edition keeps the document
    draft.revision, _ = audit.find_end(session) or audit.BEGINNING  # published with it, or by what was known before
    return added


def draft_suspicions(
    session: Session, draft: DemandDraft, reference: Reference, settings: Settings
) -> tuple[Finding, ...]:
    """What is out of the ordinary about the edition to be."""
    return suspicions(session, edition_of(session, draft), reference, settings, draft.heading_region)


def _settled_content(session: Session, draft: DemandDraft) -> bytes:
    """The edition to be, once every title is settled; that of the same document and lines if it is there already."""
    unsettled = [line for line in lines_of(session, draft) if line.status in UNSETTLED]
    if unsettled:
        named = "; ".join(
            f"«{line.title or ', '.join(line.written_codes)}» ({line.source_cell})" for line in unsettled[:5]
        )
        raise ConflictError(
            f"Сначала решите, что означают названия: осталось {len(unsettled)}. {named}. "
            "Загрузите документ на экране «Перечень профессий» или впишите коды в сам документ.",
            positions=[line.position for line in unsettled[:50]],
        )
    of = sa.select(EditionRow).where(EditionRow.source_checksum == draft.source_checksum)
    entries = edition_of(session, draft).entries
    known = (row.content for row in session.scalars(of.order_by(EditionRow.added_at)))
    wanted = split_edition_code(draft.edition_code)[0]
    for content in known:
        read = read_edition(content)
        if read.entries == entries and read.list_code == wanted:
            return content
    return content_of(session, draft)


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _sign(session: Session, actor: Actor, draft: DemandDraft, content: bytes, findings: tuple[Finding, ...]) -> None:
    if draft.signed_by is not None:
        raise ConflictError("Вы уже просили опубликовать этот перечень: подтвердить должен другой человек.")
    draft.state, draft.signed_by, draft.signed_at = SIGNED, actor.actor_id, now()
    codes = [finding.code for finding in findings]
    draft.revision = audit.record(
        session, actor=actor, deed="demand.signed", subject=str(draft.draft_id), checksum=_checksum(content),
        findings=codes,
    )  # fmt: skip
