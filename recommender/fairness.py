"""Whether lists depend on who somebody is: twins that differ in nothing that may count must get the same bits.

A twin differs from a student in one thing. What counts by law or by access stays: distances, the own school's classes,
conditions without which a place cannot be attended. Sex is known to the audit alone and never becomes a feature.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import CONDITIONS, Catalogue, Pathway, Place
from recommender.features import FeatureSpace
from recommender.pipeline import Recommender
from recommender.scoring_layout import Listed
from recommender.students import FactRows, StudentRow, student_facts

K = 5
VILLAGE_WORDS = ("станица", "хутор", "село")
VILLAGE, TOWN = "Школа станицы", "Школа города"
OPPOSITE = {"f": "m", "m": "f"}


class Person(NamedTuple):
    """A student, and the sex that only an audit may know; "" = not told."""

    student: StudentRow
    sex: str = ""


class Audited(NamedTuple):
    """Everything lists are made of on a day, and everybody they are made for."""

    recommender: Recommender
    people: tuple[Person, ...]
    rows: FactRows
    as_of: date


Rank = Callable[[Audited], Listed]
Flip = Callable[[Audited], tuple[Audited, Audited]]


@dataclass(frozen=True)
class TwinAudit:
    """Outcome of an audit.

    Attributes
    ----------
    twin_counts, changed_counts : mapping of str to int
        Twins compared, and twins with any list changed, by what was flipped.
    """

    twin_counts: Mapping[str, int]
    changed_counts: Mapping[str, int]

    @property
    def twin_count(self) -> int:
        """Twins of all flips."""
        return sum(self.twin_counts.values())

    @property
    def changed_count(self) -> int:
        """Changed twins of all flips."""
        return sum(self.changed_counts.values())


def served_lists(audited: Audited) -> Listed:
    """Lists as they are served: of a person only the student's row goes in."""
    space = audited.recommender.space
    facts = student_facts(
        [person.student for person in audited.people],
        audited.rows,
        as_of=audited.as_of,
        catalogue=space.catalogue,
        model=space.interest_model,
    )
    return audited.recommender.recommend(facts, k=K).listed


def flip_sex(audited: Audited) -> tuple[Audited, Audited]:
    """Everybody of the other sex."""
    twins = tuple(person._replace(sex=OPPOSITE.get(person.sex, "f")) for person in audited.people)
    return audited, audited._replace(people=twins)


def flip_name(audited: Audited) -> tuple[Audited, Audited]:
    """Everybody under another pseudonym, sorted the other way round: no other name reaches the recommender."""
    count = len(audited.people)
    renamed = {person.student.student_id: f"t{count - row:07d}" for row, person in enumerate(audited.people)}
    twins = tuple(
        person._replace(student=person.student._replace(student_id=renamed[person.student.student_id]))
        for person in audited.people
    )
    tables: dict[str, Any] = {
        table.name: [
            row._replace(student_id=renamed[row.student_id])
            for row in getattr(audited.rows, table.name)
            if row.student_id in renamed
        ]
        for table in fields(FactRows)
    }
    return audited, audited._replace(people=twins, rows=FactRows(**tables))


def flip_school(audited: Audited) -> tuple[Audited, Audited]:
    """Every school under another code, sorted the other way round.

    What the school hosts, where it stands and what past choices say of its classes go with it, so that only its
    identity is flipped and every access fact stays.
    """
    catalogue = audited.recommender.space.catalogue
    codes = sorted({*catalogue.school_codes, *(person.student.school_code for person in audited.people)})
    renamed = {code: f"t{len(codes) - row:04d}" for row, code in enumerate(codes)}
    twins = tuple(
        person._replace(student=person.student._replace(school_code=renamed[person.student.school_code]))
        for person in audited.people
    )
    ranker = audited.recommender.ranker
    biases = tuple({renamed.get(host, host): bias for host, bias in biases.items()} for biases in ranker.host_bias)
    recommender = replace(
        _moved(
            audited.recommender,
            lambda pathway: replace(pathway, host_code=renamed.get(pathway.host_code, pathway.host_code)),
            lambda place: replace(place, code=renamed.get(place.code, place.code)),
        ),
        ranker=replace(ranker, host_bias=biases),
    )
    return audited, audited._replace(recommender=recommender, people=twins)


def is_of_village(place: Place) -> bool:
    """Whether a place's title says that it stands in a village; nothing else in the data does."""
    return any(word in place.title_ru.lower() for word in VILLAGE_WORDS)


def flip_village(audited: Audited) -> tuple[Audited, Audited]:
    """Schools of villages called schools of the town and the other way round; nobody's way to anywhere changes."""

    def called(place: Place) -> Place:
        title = TOWN if is_of_village(place) else VILLAGE
        return replace(place, title_ru=title) if place.host_kind == "school" else place

    return audited, audited._replace(recommender=_moved(audited.recommender, lambda pathway: pathway, called))


def flip_needs(audited: Audited) -> tuple[Audited, Audited]:
    """Those who need conditions need none and the others one, in a region where every place meets all conditions.

    Where a place lacks a condition a rule refuses it, with its reason: that is access, and no gap in advice.
    """
    open_to_all = _moved(
        audited.recommender, lambda pathway: replace(pathway, conditions_met=frozenset(CONDITIONS)), lambda place: place
    )
    twins = tuple(
        person._replace(
            student=person.student._replace(
                conditions_needed=() if person.student.conditions_needed else (CONDITIONS[row % len(CONDITIONS)],)
            )
        )
        for row, person in enumerate(audited.people)
    )
    return audited._replace(recommender=open_to_all), audited._replace(recommender=open_to_all, people=twins)


FLIPS: Mapping[str, Flip] = {
    "sex": flip_sex,
    "name": flip_name,
    "school": flip_school,
    "village": flip_village,
    "needs": flip_needs,
}


def _moved(
    recommender: Recommender, pathway: Callable[[Pathway], Pathway], place: Callable[[Place], Place]
) -> Recommender:
    """The same recommender for a catalogue that says the same in other words."""
    space, catalogue = recommender.space, recommender.space.catalogue
    places = [place(each) for each in catalogue.places.values()]
    other = Catalogue(
        tuple(pathway(each) for each in catalogue.pathways),
        {each.code: each for each in places},
        {code: pathway(each) for code, each in catalogue.known.items()},
    )
    return replace(recommender, space=FeatureSpace(space.reference, other, space.interest_model, space.peers))


def twin_audit(audited: Audited, rank: Rank = served_lists, flips: Mapping[str, Flip] = FLIPS) -> TwinAudit:
    """Compare everybody's lists with those of a twin, flip by flip.

    Parameters
    ----------
    audited : Audited
    rank : callable
        What makes the lists.
    flips : mapping of str to Flip

    Returns
    -------
    TwinAudit
    """
    changed = {}
    for name, flip in flips.items():
        before, after = (rank(each) for each in flip(audited))
        changed[name] = int((~same_lists(before, after)).sum())
    return TwinAudit(dict.fromkeys(flips, len(audited.people)), changed)


def same_lists(left: Listed, right: Listed) -> NDArray[np.bool_]:
    """Whether all lists of each student are the same: pathways, scores, fit and final, bit for bit, (n_students,)."""
    same = np.ones(len(left.pathways), dtype=bool)
    for before, after in zip(left[:4], right[:4], strict=True):
        differs = np.ascontiguousarray(before).view(np.int64) != np.ascontiguousarray(after).view(np.int64)
        same &= ~differs.any(axis=tuple(range(1, differs.ndim)))
    return same
