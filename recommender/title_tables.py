"""The tables that titles of professions are matched with: synonyms, professions of higher education, abbreviations."""

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from recommender.errors import TableValueError, UnknownCodeError
from recommender.reference_rows import Row, read_rows, split_codes
from recommender.title_words import Abbreviation

SYNONYMS, HIGHER, ABBREVIATIONS, LIST = (
    "profession_synonyms.csv", "higher_professions.csv", "title_abbreviations.csv", "spo_specialties.csv",
)  # fmt: skip
WORDS_OF = {"match": ("whole", "first"), "level": ("higher", "both"), "place": ("anywhere", "end", "glued")}


@dataclass(frozen=True, slots=True)
class HigherProfession:
    """A profession of higher education.

    Attributes
    ----------
    first : bool
        Any title that begins so is meant ("врач ...").
    both : bool
        SPO trains it too, and comes first.
    profiles : tuple of str
        Profile classes whose fields of higher education lead to it.
    """

    title_ru: str
    first: bool
    both: bool
    profiles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Synonym:
    """A name that no list has; `first` = it is meant by any title that begins so and is no other name ("повар ...")."""

    title_ru: str
    first: bool
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TitleTables:
    """The tables; `qualifications`: (title, SPO codes) of the list in force, one code each."""

    synonyms: tuple[Synonym, ...]
    qualifications: tuple[tuple[str, tuple[str, ...]], ...]
    higher: tuple[HigherProfession, ...]
    abbreviations: tuple[Abbreviation, ...]


def _check_word(row: Row, column: str, table: str, line: int) -> str:
    if row[column] not in WORDS_OF[column]:
        message = f"{table}, row {line}: {column} must be one of {', '.join(WORDS_OF[column])}, found {row[column]!r}"
        raise TableValueError(message, table=table, row=line, column=column, found=row[column])
    return row[column]


def _check_codes(cell: str, known: Container[str], place: str, table: str) -> tuple[str, ...]:
    codes = split_codes(cell)
    for code in codes or ("",):
        if code not in known:
            raise UnknownCodeError(f"{place}: {code or 'no code'} is not in {table}", found=code, table=table)
    return codes


def read_title_tables(folder: Path, in_force: Container[str], profiles: Container[str]) -> TitleTables:
    """Read the three tables and the qualifications of the SPO list.

    Parameters
    ----------
    folder : Path
        Such as `data/reference`.
    in_force, profiles : containers of str
        SPO codes in force and codes of profile classes that the tables may name.

    Raises
    ------
    TableValueError, MissingColumnsError, UnknownCodeError
        Name the file, the row and what is allowed.

    Examples
    --------
    >>> from recommender.reference import read_reference
    >>> tables = read_reference(Path("data/reference")).titles
    >>> next(synonym for synonym in tables.synonyms if synonym.title_ru == "токарь").codes
    ('15.01.38',)
    """
    synonyms, seen = [], set()
    for line, row in enumerate(read_rows(folder / SYNONYMS, ["title", "match", "spo_codes", "confidence"]), start=2):
        if row["title"] in seen:
            message = f"{SYNONYMS}, row {line}: {row['title']} stands twice; join its codes with ;"
            raise TableValueError(message, table=SYNONYMS, row=line, found=row["title"])
        seen.add(row["title"])
        place = f"{SYNONYMS}, row {line}"
        first = _check_word(row, "match", SYNONYMS, line) == "first"
        codes = _check_codes(row["spo_codes"], in_force, place, "the codes in force")
        synonyms.append(Synonym(row["title"], first, codes))
    higher = []
    for line, row in enumerate(read_rows(folder / HIGHER, ["title", "match", "level", "profiles"]), start=2):
        first = _check_word(row, "match", HIGHER, line) == "first"
        both = _check_word(row, "level", HIGHER, line) == "both"
        named = _check_codes(row["profiles"], profiles, f"{HIGHER}, row {line}", "profiles.csv")
        higher.append(HigherProfession(row["title"], first, both, named))
    abbreviations = [
        Abbreviation(row["written"], row["full"], _check_word(row, "place", ABBREVIATIONS, line))
        for line, row in enumerate(read_rows(folder / ABBREVIATIONS, ["written", "full", "place"]), start=2)
    ]
    qualifications = [
        (title.strip(), (row["code"],))
        for row in read_rows(folder / LIST, ["code", "qualification"])
        if row["code"] in in_force
        for title in row["qualification"].replace("/", ",").split(",")
    ]
    return TitleTables(tuple(synonyms), tuple(qualifications), tuple(higher), tuple(abbreviations))
