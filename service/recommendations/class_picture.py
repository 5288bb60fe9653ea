"""A class as it may be shown on a wall: what it leans to, what it wishes and what of that the region's list names.

Nothing of fewer than five students (docs/decisions/0033). An interest counts where it stands above the peers' by more
than its error, so a student counts in several interests or in none: the counts are no parts of a whole, and give none
of their small neighbours away.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from recommender.balance import in_groups, recent_wishes, wishers
from recommender.catalogue import current_spo_code
from recommender.congestion import FEW_STUDENTS
from recommender.demand_weights import EntryWeight, WeighedEntries, weigh_entries
from recommender.interests import DIMENSIONS, RIASEC
from recommender.leading import above_peers
from recommender.students import StudentFacts
from service.access import Actor, rankable_students
from service.aggregates import in_fives
from service.demand.queries import read_lists
from service.recommendations.card import SCALE_TITLES
from service.recommendations.facts import read_facts
from service.recommendations.picture_schemas import ClassPicture, LeaningCount, WishCount
from service.recommendations.shelf import Serving
from service.students.queries import get_class
from service.tables import ClassMember, Student

MOST_TITLES = 5
NOTHING_LISTED = WeighedEntries({}, {})


def picture_of(session: Session, serving: Serving, *, actor: Actor, class_id: str) -> ClassPicture:
    """What may be told of a class without telling it of anybody."""
    school_class = get_class(session, actor, class_id)
    members = select(ClassMember.student_id).where(ClassMember.class_id == class_id)
    agreed = rankable_students(actor, serving.today.school_year).with_only_columns(Student.student_id)
    facts = read_facts(session, serving, agreed.where(Student.student_id.in_(members)))
    edition, follows = read_lists(session, serving.edition.code if serving.edition is not None else None)
    weighed = weigh_entries(edition, follows, serving.reference) if edition is not None else NOTHING_LISTED
    is_told = len(facts) >= FEW_STUDENTS
    professions = recent_wishes(facts.tables["profession_wishes"]) if is_told else frozenset()
    profiles = recent_wishes(facts.tables["profile_wishes"]) if is_told else frozenset()
    measured, leanings = _leanings(serving, facts) if is_told else (0, [])
    return ClassPicture(
        class_id=class_id,
        title=school_class.title,
        as_of=serving.today.as_of,
        edition_code=edition.code if edition is not None else None,
        edition_is_illustrative=edition is not None and edition.illustrative,
        student_count=in_fives(len(facts)),
        measured_count=measured,
        leanings=leanings,
        profession_count=_people(professions),
        listed_count=_people(
            wish for wish in professions if current_spo_code(serving.reference, wish[1]) in weighed.by_spo_code
        ),
        wishes=[
            *_wished("profile", profiles, serving.titles["profiles"], _roads_of_profiles(serving, weighed)),
            *_wished("profession", in_groups(professions), serving.titles["spo_groups"], weighed.by_group()),
        ],
    )


def _people(wishes: Iterable[tuple[int, str]]) -> int:
    return in_fives(len({student for student, _ in wishes}))


def _leanings(serving: Serving, facts: StudentFacts) -> tuple[int, list[LeaningCount]]:
    profile = serving.recommender.space.student_vectors(facts).profile
    of_each = above_peers(profile).sum(axis=0).tolist()
    counts = [
        LeaningCount(
            code=code,
            title_ru=SCALE_TITLES[code],
            family="riasec" if code in RIASEC else "klimov",
            student_count=in_fives(count),
        )
        for code, count in zip(DIMENSIONS, of_each, strict=True)
    ]
    return in_fives(int((profile.reading_count > 0).sum())), counts


def _roads_of_profiles(serving: Serving, weighed: WeighedEntries) -> dict[str, list[EntryWeight]]:
    """By what a class of the profile leads to: professions of higher education, and SPO groups kin to it."""
    groups = weighed.by_group()
    return {
        code: [
            *weighed.by_profile.get(code, ()),
            *(road for group in profile.spo_groups for road in groups.get(group, ())),
        ]
        for code, profile in serving.reference.profiles.items()
    }


def _wished(
    kind: Literal["profile", "profession"],
    wishes: Iterable[tuple[int, str]],
    titles: Mapping[str, str],
    roads: Mapping[str, Sequence[EntryWeight]],
) -> list[WishCount]:
    told = [
        WishCount(
            kind=kind,
            code=code,
            title_ru=titles.get(code, code),
            student_count=in_fives(count),
            listed=_listed(roads.get(code, ())),
        )
        for code, count in wishers(wishes).items()
        if count >= FEW_STUDENTS
    ]
    return sorted(told, key=lambda each: (-each.student_count, each.title_ru))


def _listed(roads: Iterable[EntryWeight]) -> list[str]:
    by_weight = sorted(roads, key=lambda road: (-road.weight, road.entry.position))
    return list(dict.fromkeys(road.entry.title for road in by_weight))[:MOST_TITLES]
