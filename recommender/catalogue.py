"""What a region offers: pathways of three kinds with seats and dates, and the places where they are."""

import csv
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from recommender.columns import CATALOGUE, check_columns
from recommender.errors import TableValueError, UnknownCodeError
from recommender.reference import Reference

Parsed = TypeVar("Parsed")

CONDITIONS = ("mobility", "vision", "hearing", "speech", "intellectual")
"""Conditions that a student may need and a pathway may meet; conditions, never diagnoses."""


class PathwayKind(StrEnum):
    """The three lists a student gets, in the order they are shown."""

    PROFILE_CLASS = "profile_class"
    ELECTIVE = "elective"
    CAREER_TRIAL = "career_trial"


KINDS = tuple(PathwayKind)


@dataclass(frozen=True, slots=True)
class Pathway:
    """One offer of one host in one school year.

    Attributes
    ----------
    programme_code : str
        What is taught, whoever hosts it; experience with a programme is shared between hosts and years.
    grades : frozenset of int
        Grades that may apply.
    seats : int or None
        None = not stated.
    apply_until : date or None
        Last day to apply; None = no deadline.
    """

    school_year: str
    kind: PathwayKind
    pathway_code: str
    programme_code: str
    title_ru: str
    host_code: str
    grades: frozenset[int]
    profiles: tuple[str, ...]
    subjects: tuple[str, ...]
    spo_codes: tuple[str, ...]
    seats: int | None
    hours: float | None
    dates: tuple[date, ...]
    apply_until: date | None
    conditions_met: frozenset[str]
    restriction_tags: frozenset[str]
    level: str

    @property
    def field_code(self) -> str:
        """What kin programmes share: the group of the first specialty, or the first profile; "" = neither is named."""
        if self.spo_codes:
            return self.spo_codes[0][:2]
        return self.profiles[0] if self.profiles else ""


@dataclass(frozen=True, slots=True)
class Place:
    """A school or another host. Coordinates in kilometres; NaN = online or not known."""

    code: str
    title_ru: str
    host_kind: str
    x_km: float
    y_km: float


@dataclass(frozen=True)
class Catalogue:
    """Everything on offer in one school year, in a stable order: kind, then code.

    Attributes
    ----------
    pathways : tuple of Pathway
    places : mapping of str to Place
        Schools and other hosts by code.
    known : mapping of str to Pathway
        Pathways of other years too, by code: what a student attended may no longer be on offer.
    """

    pathways: tuple[Pathway, ...]
    places: Mapping[str, Place]
    known: Mapping[str, Pathway] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ordered = sorted(self.pathways, key=lambda p: (KINDS.index(p.kind), p.pathway_code))
        object.__setattr__(self, "pathways", tuple(ordered))
        known = {**self.known, **{pathway.pathway_code: pathway for pathway in ordered}}
        object.__setattr__(self, "known", known)
        if len(self.position) != len(ordered):
            codes = [pathway.pathway_code for pathway in ordered]
            twice = sorted({code for code in codes if codes.count(code) > 1})
            raise TableValueError(f"catalogue names pathways twice: {', '.join(twice)}", codes=twice)

    @cached_property
    def position(self) -> dict[str, int]:
        """Pathway code -> row."""
        return {pathway.pathway_code: row for row, pathway in enumerate(self.pathways)}

    @cached_property
    def classes_of_profile(self) -> dict[str, frozenset[str]]:
        """Profile -> codes of the profile classes of it; a profile that nobody offers is not there."""
        codes: dict[str, set[str]] = {}
        for pathway in self.pathways:
            if pathway.kind is PathwayKind.PROFILE_CLASS:
                for profile in pathway.profiles:
                    codes.setdefault(profile, set()).add(pathway.pathway_code)
        return {profile: frozenset(found) for profile, found in codes.items()}

    @cached_property
    def school_codes(self) -> tuple[str, ...]:
        """Schools, sorted."""
        return tuple(sorted(code for code, place in self.places.items() if place.host_kind == "school"))

    @cached_property
    def kind_bounds(self) -> tuple[int, ...]:
        """Rows of kind i are `kind_bounds[i]:kind_bounds[i + 1]`."""
        counts = [sum(pathway.kind == kind for pathway in self.pathways) for kind in KINDS]
        return (0, counts[0], counts[0] + counts[1], sum(counts))

    def get_pathway(self, code: str) -> Pathway:
        """The pathway with this code; UnknownCodeError when the year's catalogue has none."""
        try:
            return self.pathways[self.position[code]]
        except KeyError:
            raise UnknownCodeError(f"catalogue has no pathway {code}", pathway_code=code) from None


def split_list(cell: str) -> tuple[str, ...]:
    """Cells hold lists joined with `;`.

    Examples
    --------
    >>> split_list("math; phys")
    ('math', 'phys')
    """
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def parse_grades(cell: str) -> frozenset[int]:
    """Grades of a cell such as "8-11" or "9".

    Examples
    --------
    >>> sorted(parse_grades("8-10"))
    [8, 9, 10]
    """
    low, _, high = cell.strip().partition("-")
    return frozenset(range(int(low), int(high or low) + 1))


def parse_pathway(row: Mapping[str, str], reference: Reference) -> Pathway:
    """One row of a catalogue file.

    Parameters
    ----------
    row : mapping of str to str
        Columns of `columns.CATALOGUE`.
    reference : Reference
        Profiles, subjects and SPO codes the row may name.

    Returns
    -------
    Pathway

    Raises
    ------
    TableValueError
        Names the column, what was found and what is allowed.
    """
    cells = {name: (row[name] or "").strip() for name in CATALOGUE}
    known = {"profiles": reference.profiles, "subjects": reference.subjects, "spo_codes": reference.spo}
    for column, codes in known.items():
        for code in split_list(cells[column]):
            if code not in codes:
                raise TableValueError(f"{column}: code {code} is not in the reference data", column=column, found=code)
    try:
        kind = PathwayKind(cells["kind"])
    except ValueError:
        raise TableValueError(f"kind must be one of {', '.join(KINDS)}", column="kind", found=cells["kind"]) from None
    return Pathway(
        school_year=cells["school_year"],
        kind=kind,
        pathway_code=cells["pathway_code"],
        programme_code=cells["programme_code"],
        title_ru=cells["title_ru"],
        host_code=cells["host_code"],
        grades=_parsed(cells, "grades", parse_grades),
        profiles=split_list(cells["profiles"]),
        subjects=split_list(cells["subjects"]),
        spo_codes=split_list(cells["spo_codes"]),
        seats=_parsed(cells, "seats", int) if cells["seats"] else None,
        hours=_parsed(cells, "hours", float) if cells["hours"] else None,
        dates=_parsed(cells, "dates", lambda cell: tuple(date.fromisoformat(day) for day in split_list(cell))),
        apply_until=_parsed(cells, "apply_until", date.fromisoformat) if cells["apply_until"] else None,
        conditions_met=frozenset(split_list(cells["conditions_met"])),
        restriction_tags=frozenset(split_list(cells["restriction_tags"])),
        level=cells["level"],
    )


def _parsed(cells: Mapping[str, str], column: str, parse: Callable[[str], Parsed]) -> Parsed:
    try:
        return parse(cells[column])
    except ValueError:
        raise TableValueError(
            f"{column}: {cells[column]!r} cannot be read", column=column, found=cells[column]
        ) from None


def read_pathways(path: Path, reference: Reference) -> tuple[Pathway, ...]:
    """All pathways of a catalogue file, every school year it holds.

    Parameters
    ----------
    path : Path
        CSV, UTF-8, columns of `columns.CATALOGUE`.
    reference : Reference

    Returns
    -------
    tuple of Pathway

    Raises
    ------
    MissingColumnsError
    TableValueError
        With the row's number (the header is row 1).
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        check_columns(reader.fieldnames or (), CATALOGUE, "catalogue")
        pathways = []
        for number, row in enumerate(reader, start=2):
            try:
                pathways.append(parse_pathway(row, reference))
            except TableValueError as error:
                raise TableValueError(f"catalogue, row {number}: {error}", row=number, **error.facts) from None
    return tuple(pathways)


def read_places(schools: Path, hosts: Path) -> dict[str, Place]:
    """Schools and other hosts by code, from the two files of a region."""
    places = {}
    for path, column in ((schools, "school_code"), (hosts, "host_code")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                kind = row.get("host_kind") or "school"
                x_km, y_km = (float(row[axis]) if row[axis] else math.nan for axis in ("x_km", "y_km"))
                places[row[column]] = Place(row[column], row["title_ru"], kind, x_km, y_km)
    return places


def catalogue_of_year(pathways: Iterable[Pathway], places: Mapping[str, Place], school_year: str) -> Catalogue:
    """The catalogue of one school year; pathways of earlier and later years stay known by code."""
    every = sorted(pathways, key=lambda pathway: (pathway.school_year, pathway.pathway_code))
    known = {pathway.pathway_code: pathway for pathway in every}
    return Catalogue(tuple(pathway for pathway in every if pathway.school_year == school_year), places, known)


def current_spo_code(reference: Reference, code: str) -> str:
    """Follow the successors of a closed SPO code to the one in force; a code without successor stays itself."""
    seen = {code}
    while code in reference.spo and reference.spo[code].status == "closed" and reference.spo[code].successor_code:
        code = reference.spo[code].successor_code
        if code in seen:
            break
        seen.add(code)
    return code
