"""The reference tables of `data/reference`: subjects, profile classes, SPO codes, instruments, crosswalk, occupations.

Everything is read as text with the csv module (group prefixes such as `08` keep their zero) into frozen classes, and
every code that one table names must stand in the table it points to. Where the tables come from and how sure each is:
`data/reference/README.md`.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from recommender.errors import MissingColumnsError, RecommenderError, TableValueError, UnknownCodeError
from recommender.instrument_tables import read_instruments
from recommender.instruments import Instrument, Level, Scale
from recommender.reference_rows import Row, grade_span, number, number_or_none, read_rows, span, split_codes
from recommender.title_tables import TitleTables, read_title_tables

__all__ = [
    "GROUP_LETTERS", "OGE_GRADE", "FormerSpoCode", "GuidanceHours", "Instrument", "Level", "Occupation", "Profile",
    "Reference", "RiasecNorms", "Scale", "ScaleWeights", "SpoCode", "Subject", "check_links", "read_reference",
]  # fmt: skip

RIASEC_TYPES = ("R", "I", "A", "S", "E", "C")
KLIMOV_OBJECTS = ("nature", "technics", "human", "sign", "art")
WEIGHT_TOLERANCE = 1e-9
OGE_GRADE = 9
GROUP_LETTERS = 2  # of an SPO code: its group

Coded = TypeVar("Coded", bound="Subject | Profile | SpoCode | FormerSpoCode")
Parsed = TypeVar("Parsed")


@dataclass(frozen=True, slots=True)
class Subject:
    """A school subject. Points are OGE primary points or EGE test points; None = no such exam or not known.

    Attributes
    ----------
    grades : frozenset of int
        Grades that study it.
    oge, ege : str
        "mandatory", "choice" or "none".
    oge_mark_min : mapping of int to float
        Mark (3, 4, 5) -> lowest primary points for it, scale of 2023; empty where there is no exam or no scale.
    oge_profile_class_min : float or None
        Recommended lowest primary points for a profile class, 2023.
    ege_min_university : float or None
        Lowest points that any university may ask, 2026.
    """

    code: str
    title_ru: str
    area: str
    grades: frozenset[int]
    oge: str
    ege: str
    oge_max: float | None
    oge_mark_min: Mapping[int, float]
    oge_profile_class_min: float | None
    ege_min_certificate: float | None
    ege_min_university: float | None
    confidence: str
    note: str

    def is_of_choice(self, grade: int) -> bool:
        """Whether its exam is one that a student chooses: the OGE after grade 9, else the EGE."""
        return (self.oge if grade == OGE_GRADE else self.ege) == "choice"


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile class as a programme: what it studies in depth and where it leads.

    Attributes
    ----------
    advanced_subjects, oge_subjects : tuple of str
        Subject codes; of `oge_subjects` two are asked as a rule. Empty for the universal profile.
    spo_groups : tuple of str
        First two digits of SPO codes, such as "08".
    riasec : str
        Holland letters, most typical first; empty = any.
    region_scope : tuple of str
        "federal", "krasnodar", "kbr".
    """

    code: str
    title_ru: str
    federal_profile: str
    advanced_subjects: tuple[str, ...]
    oge_subjects: tuple[str, ...]
    spo_groups: tuple[str, ...]
    higher_education_fields: str
    riasec: str
    klimov: tuple[str, ...]
    region_scope: tuple[str, ...]
    confidence: str


@dataclass(frozen=True, slots=True)
class SpoCode:
    """An SPO profession or specialty of the list in force, or a closed one with its successor.

    Attributes
    ----------
    kind : str
        "profession" (NN.01) or "specialty" (NN.02).
    study_months : (int, int) or None
        Shortest and longest course after grade 9.
    riasec : str
        Holland letters, most typical first.
    status : str
        "active" or "closed".
    successor_code : str
        Empty when there is none.
    title_check : str
        "seen" in a named source or "memory".
    """

    code: str
    title_ru: str
    kind: str
    group_code: str
    group_title_ru: str
    study_months: tuple[int, int] | None
    klimov: tuple[str, ...]
    riasec: str
    subjects: tuple[str, ...]
    medical_exam: bool
    restriction_tags: tuple[str, ...]
    status: str
    successor_code: str
    title_check: str


@dataclass(frozen=True, slots=True)
class FormerSpoCode:
    """A code of the list of 2013 with its title then and the still older six-digit code, if any."""

    code: str
    title_ru: str
    kind: str
    old_code: str | None


@dataclass(frozen=True, slots=True)
class ScaleWeights:
    """What a scale reads: shares of Holland types (R I A S E C) and of Klimov objects, each adding up to 1."""

    riasec: tuple[float, ...]
    klimov: tuple[float, ...]
    reasoning: str


@dataclass(frozen=True, slots=True)
class Occupation:
    """An O*NET occupation. `interests` are six ratings 1-7 in order R I A S E C; `job_zone` 1-5 or None."""

    code: str
    title: str
    interests: tuple[float, ...]
    job_zone: int | None


@dataclass(frozen=True, slots=True)
class GuidanceHours:
    """One direction of one level of the guidance minimum. `default_hours` a year, None = not set."""

    level_code: str
    level_title_ru: str
    level_min_hours: float
    direction_code: str
    direction_title_ru: str
    used: bool
    default_hours: float | None
    grades: frozenset[int]


@dataclass(frozen=True, slots=True)
class RiasecNorms:
    """Measured moments of the 48 interest markers in adults, sums of 8-40 points, order R I A S E C.

    Attributes
    ----------
    moments : (means, standard deviations, Cronbach alphas), each of 6 floats
    correlation : 6 rows of 6 floats, unit diagonal
    """

    moments: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
    correlation: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, eq=False)  # itself and nothing else: what is laid out for it can be kept
class Reference:
    """All reference tables, each in the order of its file; `crosswalk` by (instrument code, scale code)."""

    subjects: Mapping[str, Subject]
    profiles: Mapping[str, Profile]
    spo: Mapping[str, SpoCode]
    former_spo: Mapping[str, FormerSpoCode]
    instruments: Mapping[str, Instrument]
    crosswalk: Mapping[tuple[str, str], ScaleWeights]
    onet: tuple[Occupation, ...]
    guidance_minimum: tuple[GuidanceHours, ...]
    norms: RiasecNorms
    titles: TitleTables

    def is_in_force(self, spo_code: str) -> bool:
        """Whether an SPO code stands in the list in force and is not closed."""
        return spo_code in self.spo and self.spo[spo_code].status == "active"


def _by_code(coded: Iterable[Coded]) -> dict[str, Coded]:
    table: dict[str, Coded] = {}
    for entry in coded:
        if entry.code in table:
            raise TableValueError(f"{type(entry).__name__} {entry.code} stands twice", found=entry.code)
        table[entry.code] = entry
    return table


def _subject(row: Row) -> Subject:
    bands = {mark: row[f"oge_mark{mark}"] for mark in (3, 4, 5)}
    return Subject(
        code=row["code"],
        title_ru=row["title_ru"],
        area=row["area"],
        grades=grade_span(row["grades"]),
        oge=row["oge"],
        ege=row["ege"],
        oge_max=number_or_none(row, "oge_max_2023"),
        oge_mark_min={mark: span(band)[0] for mark, band in bands.items() if band},
        oge_profile_class_min=number_or_none(row, "oge_profile_class_min_2023"),
        ege_min_certificate=number_or_none(row, "ege_min_certificate_2026"),
        ege_min_university=number_or_none(row, "ege_min_university_2026"),
        confidence=row["confidence"],
        note=row["note"],
    )


def _profile(row: Row) -> Profile:
    return Profile(
        code=row["code"],
        title_ru=row["title_ru"],
        federal_profile=row["federal_profile"],
        advanced_subjects=split_codes(row["advanced_subjects"]),
        oge_subjects=split_codes(row["oge_subjects_usual"]),
        spo_groups=split_codes(row["spo_group_prefixes"]),
        higher_education_fields=row["higher_education_fields"],
        riasec=row["riasec"],
        klimov=split_codes(row["klimov"]),
        region_scope=split_codes(row["region_scope"]),
        confidence=row["confidence"],
    )


def _spo(row: Row) -> SpoCode:
    months = span(row["study_months_after_9"]) if row["study_months_after_9"] else None
    return SpoCode(
        code=row["code"],
        title_ru=row["title_ru"],
        kind=row["kind"],
        group_code=row["group_code"],
        group_title_ru=row["group_title"],
        study_months=(int(months[0]), int(months[1])) if months else None,
        klimov=split_codes(row["klimov_types"]),
        riasec=row["riasec"],
        subjects=split_codes(row["subjects"]),
        medical_exam=row["medical_exam_at_admission"] == "yes",
        restriction_tags=split_codes(row["restriction_tags"]),
        status=row["status"],
        successor_code=row["successor_code"],
        title_check=row["title_check"],
    )


def _former_spo(row: Row) -> FormerSpoCode:
    kind = "profession" if row["code"][3:5] == "01" else "specialty"
    return FormerSpoCode(row["code"], row["name"], kind, row["old_code"] or None)


def _weights(row: Row) -> ScaleWeights:
    return ScaleWeights(
        tuple(number(row, f"r_{letter}") for letter in RIASEC_TYPES),
        tuple(number(row, f"k_{name}") for name in KLIMOV_OBJECTS),
        row["reasoning"],
    )


def _occupation(row: Row) -> Occupation:
    zone = number_or_none(row, "job_zone")
    interests = tuple(number(row, letter) for letter in RIASEC_TYPES)
    return Occupation(row["onet_soc_code"], row["title"], interests, None if zone is None else int(zone))


def _guidance_hours(row: Row) -> GuidanceHours:
    return GuidanceHours(
        row["level_code"],
        row["level_title"],
        number(row, "level_min_hours"),
        row["direction_code"],
        row["direction_title"],
        row["used_at_level"] == "yes",
        number_or_none(row, "min_hours_default"),
        grade_span(row["grades"]),
    )


def _read(path: Path, key: str, parse: Callable[[Row], Parsed]) -> list[Parsed]:
    """Rows of one file as objects; an error names file and row."""
    parsed = []
    for line, row in enumerate(read_rows(path, [key]), start=2):
        try:
            parsed.append(parse(row))
        except KeyError as error:
            raise MissingColumnsError(f"{path.name} lacks column {error}; see data/reference/README.md") from None
        except (RecommenderError, ValueError) as error:
            raise TableValueError(f"{path.name}, row {line}: {error}", table=path.name, row=line) from None
    return parsed


def _read_norms(path: Path) -> RiasecNorms:
    rows = {row["scale"]: row for row in read_rows(path, ["scale", "mean", "sd", "alpha"])}
    ordered = [rows[letter] for letter in RIASEC_TYPES]
    means, deviations, alphas = (tuple(number(row, name) for row in ordered) for name in ("mean", "sd", "alpha"))
    correlation = tuple(tuple(number(row, f"r_{letter}") for letter in RIASEC_TYPES) for row in ordered)
    return RiasecNorms((means, deviations, alphas), correlation)


def read_reference(folder: Path) -> Reference:
    """Read all reference tables and check that they fit together.

    Parameters
    ----------
    folder : Path
        Such as `data/reference`.

    Raises
    ------
    TableValueError, MissingColumnsError
        A file is absent or broken; names file, row and column.
    UnknownCodeError
        A table names a code that no table holds.

    Examples
    --------
    >>> reference = read_reference(Path("data/reference"))
    >>> reference.spo["08.02.11"].successor_code, reference.profiles["tech-it"].spo_groups
    ('08.02.14', ('09', '10', '11'))
    """
    crosswalk = _read(
        folder / "crosswalk_scales.csv", "method", lambda row: ((row["method"], row["scale"]), _weights(row))
    )
    profiles = _by_code(_read(folder / "profiles.csv", "code", _profile))
    spo = _by_code(_read(folder / "spo_specialties.csv", "code", _spo))
    reference = Reference(
        subjects=_by_code(_read(folder / "subjects.csv", "code", _subject)),
        profiles=profiles,
        spo=spo,
        former_spo=_by_code(_read(folder / "spo_2013.csv", "code", _former_spo)),
        instruments=read_instruments(folder),
        crosswalk=dict(crosswalk),
        onet=tuple(_read(folder / "onet_interests.csv", "onet_soc_code", _occupation)),
        guidance_minimum=tuple(_read(folder / "profminimum.csv", "level_code", _guidance_hours)),
        norms=_read_norms(folder / "riasec_norms.csv"),
        titles=read_title_tables(folder, {code for code, entry in spo.items() if entry.status == "active"}, profiles),
    )
    check_links(reference)
    return reference


def check_links(reference: Reference) -> None:
    """Refuse reference tables that name codes which do not exist, or weights that do not add up.

    Raises
    ------
    UnknownCodeError, TableValueError
        Name the table, the entry and the code.
    """
    groups = {code[:2] for code in reference.spo}
    for profile in reference.profiles.values():
        where = f"profiles.csv, {profile.code}"
        _check_known(profile.advanced_subjects + profile.oge_subjects, reference.subjects, where, "subjects.csv")
        _check_known(profile.spo_groups, groups, where, "spo_specialties.csv")
        _check_known(profile.klimov, KLIMOV_OBJECTS, where, "the list of Klimov objects")
        _check_known(profile.riasec, RIASEC_TYPES, where, "the list of Holland types")
    for spo in reference.spo.values():
        where = f"spo_specialties.csv, {spo.code}"
        _check_known(spo.subjects, reference.subjects, where, "subjects.csv")
        _check_known([spo.successor_code] if spo.successor_code else [], reference.spo, where, "spo_specialties.csv")
        _check_known(spo.klimov, KLIMOV_OBJECTS, where, "the list of Klimov objects")
        _check_known(spo.riasec, RIASEC_TYPES, where, "the list of Holland types")
    scales = {(code, scale) for code, method in reference.instruments.items() for scale in method.scale_codes}
    _check_known(reference.crosswalk, scales, "crosswalk_scales.csv", "diagnostics_scales.csv")
    _check_known(sorted(scales), reference.crosswalk, "diagnostics_scales.csv", "crosswalk_scales.csv")
    for (method, scale), weights in reference.crosswalk.items():
        for shares in (weights.riasec, weights.klimov):
            if abs(sum(shares) - 1.0) > WEIGHT_TOLERANCE or min(shares) < 0.0:
                message = (
                    f"crosswalk_scales.csv, {method} {scale}: weights must be >= 0 and add up to 1, found {shares}"
                )
                raise TableValueError(message, table="crosswalk_scales.csv", found=shares)


def _check_known(codes: Iterable[object], known: Container[object], where: str, table: str) -> None:
    for code in codes:
        if code not in known:
            raise UnknownCodeError(f"{where}: {code} is not in {table}", where=where, found=code, table=table)
