"""Drafts as they are shown."""

from collections import Counter

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.reference import Reference
from service.access import Actor
from service.demand.draft_schemas import (
    Candidate,
    Draft,
    DraftLine,
    DraftRow,
    IgnoredRow,
    MeaningChoices,
    ProfileChoice,
    SpoChoice,
)
from service.demand.drafts import LEFT_OUT, OPEN, SIGNED, UNSETTLED, draft_suspicions, get_draft, lines_of
from service.demand.schemas import Suspicion
from service.demand.sentences import said_of_doubt, said_of_finding, said_of_ground
from service.settings import Settings
from service.tables import DemandDraft, DemandDraftLine


def list_drafts(session: Session) -> list[DraftRow]:
    """Drafts not closed yet, newest first."""
    of = sa.select(DemandDraft).where(DemandDraft.state.in_((OPEN, SIGNED)))
    return [_row(session, draft) for draft in session.scalars(of.order_by(DemandDraft.draft_id.desc()))]


def _row(session: Session, draft: DemandDraft) -> DraftRow:
    of = sa.select(DemandDraftLine.status).where(DemandDraftLine.draft_id == draft.draft_id)
    statuses = Counter(session.scalars(of))
    return DraftRow(
        draft_id=draft.draft_id,
        state=draft.state,
        edition_code=draft.edition_code,
        region=draft.region,
        published_on=draft.published_on,
        source_name=draft.source_name,
        read_by=draft.read_by,
        read_at=draft.read_at,
        signed_by=draft.signed_by,
        revision=draft.revision,
        line_count=statuses.total() - statuses[LEFT_OUT],
        unsettled_count=sum(statuses[status] for status in UNSETTLED),
    )


def show_draft(session: Session, draft_id: int, reference: Reference, settings: Settings, actor: Actor) -> Draft:
    """A draft whole, with what is out of the ordinary about it."""
    draft = get_draft(session, draft_id)
    lines = lines_of(session, draft)
    findings = draft_suspicions(session, draft, reference, settings)
    return Draft(
        **_row(session, draft).model_dump(),
        counts=dict(Counter(line.status for line in lines)),
        lines=[_line(line, reference) for line in lines],
        ignored=[IgnoredRow(place=row["place"], text=row["text"], why=row["why"]) for row in draft.ignored],
        suspicions=[
            Suspicion(
                code=finding.code,
                text=said_of_finding(finding),
                figure=finding.figure,
                limit=finding.limit,
                examples=list(finding.examples),
            )
            for finding in findings
        ],
        needs_second_person=bool(findings),
        signed_by_me=draft.signed_by == actor.actor_id,
    )


def _line(line: DemandDraftLine, reference: Reference) -> DraftLine:
    return DraftLine(
        position=line.position,
        title=line.title,
        section=line.section,
        source_cell=line.source_cell,
        horizon=line.horizon,
        level=line.level,
        vacancies=line.vacancies,
        written_codes=list(line.written_codes),
        spo_codes=list(line.spo_codes),
        spo_titles=[reference.spo[code].title_ru for code in line.spo_codes if code in reference.spo],
        profiles=list(line.profiles),
        profile_titles=[reference.profiles[code].title_ru for code in line.profiles if code in reference.profiles],
        status=line.status,
        confidence=line.confidence,
        ground=line.ground,
        ground_text=said_of_ground(line.ground),
        doubt_text=said_of_doubt(line.doubt, line.doubtful_codes, reference),
        candidates=[Candidate(**candidate) for candidate in line.candidates],
    )


def meaning_choices(reference: Reference) -> MeaningChoices:
    """Specialties in force and profile classes, by title."""
    in_force = [spo for code, spo in reference.spo.items() if reference.is_in_force(code)]
    profiles = sorted(reference.profiles.values(), key=lambda profile: profile.title_ru)
    return MeaningChoices(
        spo=[
            SpoChoice(spo_code=spo.code, title_ru=spo.title_ru)
            for spo in sorted(in_force, key=lambda spo: spo.title_ru)
        ],
        profiles=[ProfileChoice(profile=profile.code, title_ru=profile.title_ru) for profile in profiles],
    )
