"""Which codes the cells of a file may hold, as of this moment."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.catalogue import CONDITIONS
from recommender.instruments import Instrument
from recommender.reference import Reference
from service.catalogue.actions import vocabularies_of
from service.catalogue.queries import get_reference
from service.errors import NotFoundError
from service.imports.formats import Format, method_of, read_formats
from service.imports.words import Words, read_words
from service.settings import Settings
from service.tables import ClassMember, Host, PathwayOffer, School, SchoolClass, Student


@dataclass(frozen=True)
class ImportTools:
    """What every import needs besides its file; made once a process."""

    reference: Reference
    formats: dict[str, Format]
    as_of: date | None = None  # the day that the settings take for today; None: the region's own
    retrain_after: int = 500  # so many new outcomes ask for a training
    words: Words | None = None

    @cached_property
    def codes(self) -> dict[str, dict[str, str]]:
        """Codes that the database has no say in."""
        tags = {tag for spo in self.reference.spo.values() for tag in spo.restriction_tags}
        return {
            **vocabularies_of(self.reference),
            "restrictions": {tag: tag for tag in tags},
            "directions": {each.direction_code: each.direction_title_ru for each in self.reference.guidance_minimum},
            "conditions": {condition: condition for condition in CONDITIONS},
        }

    def find_instrument(self, table: str) -> Instrument | None:
        """Instrument of answers_<method> and scores_<method>; None for other tables."""
        code = method_of(table)
        if code is None:
            return None
        if code not in self.reference.instruments:
            raise NotFoundError(f"Методики «{code}» нет в справочнике.", allowed=sorted(self.reference.instruments))
        return self.reference.instruments[code]


@lru_cache(maxsize=1)
def get_tools(settings: Settings) -> ImportTools:
    """Tools of this process."""
    reference, formats = get_reference(settings), read_formats(settings.formats_dir)
    words = read_words(settings.formats_dir / "words", reference)
    return ImportTools(reference, formats, settings.as_of, settings.retrain_after_outcomes, words)


def students_of(school_code: str | None, *, former: bool) -> sa.Select[str]:
    """Students of a school; with `former`, also those who were once in a class of it and moved on."""
    once = sa.select(ClassMember.student_id).join(SchoolClass).where(SchoolClass.school_code == school_code)
    now = Student.school_code == school_code
    return sa.select(Student.student_id).where(sa.or_(now, Student.student_id.in_(once)) if former else now)


def read_vocabularies(
    session: Session, tools: ImportTools, instrument: Instrument | None, students: sa.Select[str]
) -> dict[str, Container[str]]:
    """Codes by vocabulary."""
    schools, hosts = session.scalars(sa.select(School.school_code)), session.scalars(sa.select(Host.host_code))
    programmes = sa.select(PathwayOffer.programme_code).distinct()
    return {
        **tools.codes,
        "items": frozenset(instrument.items) if instrument is not None else frozenset(),
        "scales": frozenset(scale.code for scale in instrument.scales) if instrument is not None else frozenset(),
        "places": {*schools, *hosts},
        "pathways": set(session.scalars(sa.select(PathwayOffer.pathway_code).distinct())),
        "programmes": set(session.scalars(programmes)),
        "students": set(session.scalars(students)),
    }
