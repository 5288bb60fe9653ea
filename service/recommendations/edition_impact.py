"""What another edition does to the district's lists, of five students at least, and to those of one class."""

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.catalogue import KINDS
from recommender.congestion import CROWDED, FEW_STUDENTS
from recommender.demand import DemandEdition
from recommender.demand_weights import demand_weights
from recommender.impact import FIRST, Impact, find_gaps, impact
from service.access import Actor, rankable_students
from service.aggregates import in_fives
from service.catalogue.queries import host_title
from service.demand.queries import Lists
from service.recommendations.district import District
from service.recommendations.facts import read_facts
from service.recommendations.impact_schemas import (
    ChangedStudent,
    ClassEditionChange,
    EditionImpact,
    FilledPathway,
    GapRow,
    KindImpact,
    MovedPathway,
    PathwayName,
)
from service.recommendations.shelf import Serving
from service.students.queries import get_class
from service.tables import ClassMember, Student

MOST_MOVED = 15
SEEN_CHANGE = 0.1  # applicants a seat: less is no news


def impact_of(serving: Serving, district: District, lists: Lists) -> EditionImpact:
    """The edition in force beside another one, for everybody who has lists."""
    edition, follows = lists
    demand = demand_weights(serving.catalogue, serving.reference, edition, follows)
    found = impact(serving.recommender, district.facts, demand, district.usual_choices, vectors=district.vectors)
    gaps = find_gaps(edition, serving.catalogue, serving.reference) if edition is not None else ()
    return EditionImpact(
        from_code=serving.edition.code if serving.edition is not None else None,
        to_code=edition.code if edition is not None else None,
        model_version=serving.model.version,
        demand_strength=serving.recommender.demand_strength,
        student_count=in_fives(len(district.facts)),
        kinds=[_kind(found, row) for row in range(len(KINDS)) if found.student_counts[row] >= FEW_STUDENTS],
        gaining=_moved(serving, found, 1),
        losing=_moved(serving, found, -1),
        filling=_filling(serving, found),
        gaps=[
            GapRow(
                title=gap.entry.title,
                position=gap.entry.position,
                level=gap.entry.level,
                spo_codes=list(gap.entry.spo_codes),
                lacking=[kind.value for kind in gap.lacking],
            )
            for gap in gaps
        ],
    )


def _told(count: int, of: int) -> int | None:
    """A count in steps of five; None where it, or those left over, are one to four."""
    hidden = 0 < count < FEW_STUDENTS or 0 < of - count < FEW_STUDENTS
    return None if hidden else in_fives(count)


def _kind(found: Impact, row: int) -> KindImpact:
    students = int(found.student_counts[row])
    counts = [_told(int(changed[row]), students) for changed in (found.changed_first, found.changed_listed)]
    can_tell = all(count is not None for count in counts)
    return KindImpact(
        kind=KINDS[row].value,
        student_count=in_fives(students),
        changed_first_three=counts[0],
        changed_first_five=counts[1],
        price_before=round(float(found.price_before[row]), 3),
        price_after=round(float(found.price_after[row]), 3) if can_tell else None,
    )


def _moved(serving: Serving, found: Impact, sign: int) -> list[MovedPathway]:
    """Pathways that more (or fewer) students have among the first three; counts in steps of five, none under five."""
    pathways = serving.catalogue.pathways
    change = (found.after - found.before) * sign
    can_tell = (found.before >= FEW_STUDENTS) & (found.after >= FEW_STUDENTS) & (abs(change) >= FEW_STUDENTS)
    rows = np.flatnonzero(can_tell & (change > 0)).tolist()
    rows.sort(key=lambda row: (-change[row], pathways[row].pathway_code))
    told = [
        MovedPathway(
            **_name(serving, row).model_dump(),
            before=in_fives(int(found.before[row])),
            after=in_fives(int(found.after[row])),
        )
        for row in rows[:MOST_MOVED]
    ]
    return [row for row in told if row.before != row.after]


def _name(serving: Serving, row: int) -> PathwayName:
    pathway = serving.catalogue.pathways[row]
    return PathwayName(
        pathway_code=pathway.pathway_code,
        kind=pathway.kind.value,
        title_ru=pathway.title_ru,
        host_title=host_title(serving.catalogue.places, pathway.host_code),
    )


def _filling(serving: Serving, found: Impact) -> list[FilledPathway]:
    """Pathways that get more applicants than seats, or still more than they had."""
    pathways = serving.catalogue.pathways
    seats = np.array([pathway.seats or np.nan for pathway in pathways], dtype=float)
    before, after = found.applicants_before / seats, found.applicants_after / seats
    many = (found.before >= FEW_STUDENTS) & (found.after >= FEW_STUDENTS)
    rows = np.flatnonzero(many & (after >= CROWDED) & (after - before >= SEEN_CHANGE)).tolist()
    rows.sort(key=lambda row: (-after[row], pathways[row].pathway_code))
    return [
        FilledPathway(
            **_name(serving, row).model_dump(),
            seats=pathways[row].seats or 0,
            per_seat_before=round(float(before[row]), 1),
            per_seat_after=round(float(after[row]), 1),
        )
        for row in rows[:MOST_MOVED]
    ]


def class_change(
    session: Session, serving: Serving, *, actor: Actor, class_id: str, old: Lists, new: Lists
) -> ClassEditionChange:
    """Whose first three change in a class that the actor may see, and what comes and goes."""
    get_class(session, actor, class_id)
    members = sa.select(ClassMember.student_id).where(ClassMember.class_id == class_id)
    year = serving.today.school_year
    of = rankable_students(actor, year).with_only_columns(Student.student_id).where(Student.student_id.in_(members))
    facts = read_facts(session, serving, of)
    by_old, by_new = (
        serving.recommender.with_demand(demand_weights(serving.catalogue, serving.reference, *lists))
        for lists in (old, new)
    )
    before = by_old.recommend(facts, k=FIRST)
    after = by_new.recommend(facts, k=FIRST, vectors=before.vectors)
    changed = []
    for place, student_id in enumerate(facts.student_ids):
        was, now = (made.places_of(place) for made in (before, after))
        if was != now:
            coming, going = ([_name(serving, row) for row in sorted(rows)] for rows in (now - was, was - now))
            changed.append(ChangedStudent(student_id=student_id, coming=coming, going=going))
    return ClassEditionChange(
        class_id=class_id, from_code=_code(old[0]), to_code=_code(new[0]), student_count=len(facts), changed=changed
    )


def _code(edition: DemandEdition | None) -> str | None:
    return edition.code if edition is not None else None
