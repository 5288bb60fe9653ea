"""OneRoster 1.2 CSV: people, classes and enrolments of an archive become a class list, its results knowledge points.

Rows stand on the lines of `enrollments.csv` and `results.csv`; who is marked to be deleted is left out, not removed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.documents.sheet import Book, Sheet, sheet_of_rows
from service.imports.cells import CellError, class_title
from service.imports.headings import Heading, Recognised
from service.imports.words import Words, plain_words

KIND = "oneroster"
NAMES = {"last_name": "users: familyName", "first_name": "users: givenName"}
ROSTER = {**NAMES, "class_title": "classes: title", "school_year": "academicSessions: schoolYear"}
KNOWLEDGE = {
    **NAMES, "taken_on": "scoreDate", "subject_code": "lineItems: title", "points": "score",
    "points_max": "lineItems: resultValueMax",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """A row of one of the files."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "").strip()


def recognise_oneroster(book: Book, words: Words) -> list[Recognised]:
    """The tables of an archive."""
    files = {sheet.title: list(_records(sheet)) for sheet in book.sheets}
    people = {each["sourcedId"]: each for each in files.get("users", ()) if _is_student(each)}
    classes = _home_classes(files)
    found = [_roster(files, people, classes)]
    results = _results(files, people, words)
    return found if results is None else [*found, results]


def _records(sheet: Sheet) -> Iterable[Record]:
    names = [column[0].strip() for column in sheet.columns]
    for row in range(1, sheet.row_count):
        cells = {name: column[row] for name, column in zip(names, sheet.columns, strict=True)}
        if cells.get("status", "active").strip().lower() in ("", "active"):
            yield Record(sheet.top + row, cells)


def _is_student(user: Record) -> bool:
    """Roles stand in a column of their own since 1.2; without one, the enrolment tells."""
    return user["role"].lower() in ("", "student")


def _home_classes(files: Mapping[str, list[Record]]) -> dict[str, tuple[str, str]]:
    """Title and school year by sourcedId, of classes that are called like one."""
    sessions = {each["sourcedId"]: each["schoolYear"] for each in files.get("academicSessions", ())}
    found = {}
    for each in files.get("classes", ()):
        title = _title_of(each)
        if title is not None:
            terms = [term.strip() for term in each["termSourcedIds"].split(",")]
            ends = next((sessions[term] for term in terms if term in sessions), "")
            found[each["sourcedId"]] = (title, _school_year(ends))
    return found


def _title_of(each: Record) -> str | None:
    """Of «9А», and of what is taught to it where it is no class of its own: nothing."""
    if each["classType"].lower() not in ("", "homeroom"):
        return None
    try:
        return class_title(each["title"])
    except CellError:
        return None


def _school_year(ends: str) -> str:
    """A school year is called by the year in which it ends.

    >>> _school_year("2025"), _school_year("")
    ('2024-25', '')
    """
    return f"{int(ends) - 1}-{int(ends) % 100:02d}" if ends.isascii() and ends.isdigit() and len(ends) == 4 else ""


def _roster(
    files: Mapping[str, list[Record]], people: Mapping[str, Record], classes: Mapping[str, tuple[str, str]]
) -> Recognised:
    rows: list[list[str]] = []
    lines = [1]
    for each in files.get("enrollments", ()):
        person = people.get(each["userSourcedId"])
        if person is None or each["role"].lower() != "student" or each["classSourcedId"] not in classes:
            continue
        title, year = classes[each["classSourcedId"]]
        rows.append([person["familyName"], person["givenName"], title, year])
        lines.append(each.line)
    unread = () if any(year for *_, year in rows) else ("school_year",)
    return _recognised("enrollments.csv", "roster", ROSTER, rows, lines, unread)


def _results(files: Mapping[str, list[Record]], people: Mapping[str, Record], words: Words) -> Recognised | None:
    items = {each["sourcedId"]: each for each in files.get("lineItems", ())}
    taught = {each["sourcedId"]: each for each in files.get("classes", ())}
    rows: list[list[str]] = []
    lines = [1]
    for each in files.get("results", ()):
        item = items.get(each["lineItemSourcedId"])
        subject = None if item is None else _subject(item, taught, words)
        person = people.get(each["studentSourcedId"])
        if (
            item is None
            or subject is None
            or person is None
            or each["scoreStatus"].lower() in ("exempt", "not submitted")
        ):
            continue
        day, most = each["scoreDate"][:10], item["resultValueMax"]
        rows.append([person["familyName"], person["givenName"], day, subject, each["score"], most])
        lines.append(each.line)
    return _recognised("results.csv", "knowledge", KNOWLEDGE, rows, lines) if rows else None


def _subject(item: Record, taught: Mapping[str, Record], words: Words) -> str | None:
    """Subject of a line item: by its own title, else by what its class is taught."""
    about = taught.get(item["classSourcedId"])
    said = [item["title"], *([about["subjects"], about["title"]] if about is not None else [])]
    known = words.codes["subjects"]
    return next((known[plain_words(text)] for text in said if plain_words(text) in known), None)


def _recognised(
    title: str, table: str, columns: Mapping[str, str], rows: list[list[str]], lines: list[int],
    unread: Iterable[str] = (),
) -> Recognised:  # fmt: skip
    """Rows as a table of ours, under the names that their columns have in the archive."""
    headings = tuple(
        Heading(place, text, name, "known", 1.0)
        for place, (name, text) in enumerate(columns.items())
        if name not in unread
    )
    return Recognised(sheet_of_rows(title, [list(columns.values()), *rows]), table, 0, headings, lines=tuple(lines))
