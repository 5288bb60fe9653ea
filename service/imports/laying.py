"""A recognised sheet laid out for reading: a journal of many terms is several, and totals below a table are no rows."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from service.documents.sheet import Sheet
from service.imports.headings import Recognised
from service.imports.reading import FileRow, Laid, ReadTable
from service.imports.words import plain_words

MAX_DIGITS = 4  # of a column's number: int() refuses numbers of thousands of digits
NAME_COLUMNS = ("student_id", "full_name", "last_name")
TWO_MARKS = "за ту же четверть по тому же предмету другая отметка в строке {line}{sheet}: оставьте одну"
FOOTER = re.compile(
    r"(итого|всего|средн|успеваем|качеств|степень об|количеств|кол-во|классный руковод|кл\. рук|подпись|директор|"
    r"отличник|хорошист|неуспева|сформирован|дата формир|учитель|соу\b|по классу|зам\.|исполнитель)"
)


def lay_out(found: Recognised) -> list[Laid]:
    """Where the rows begin and end, and which columns belong together."""
    columns = {heading.place: heading.column for heading in found.headings if heading.column is not None}
    options = {heading.place: heading.option for heading in found.headings if heading.option is not None}
    below = found.header_row + 1 if found.has_second_header else found.header_row
    skipped = frozenset(_no_rows(found.sheet, below, _name_place(columns)))
    if not found.terms:
        return [Laid(found.sheet, below, columns, found.given, options, found.lines, skipped)]
    people = {place: name for place, name in columns.items() if place not in found.terms}
    laid = []
    for term in sorted(set(found.terms.values())):
        marks = {place: columns[place] for place, of in found.terms.items() if of == term and place in columns}
        laid.append(Laid(found.sheet, below, people | marks, {**found.given, "term": term}, skipped=skipped))
    return laid


def _name_place(columns: Mapping[int, str]) -> int | None:
    return next((place for name in NAME_COLUMNS for place, column in columns.items() if column == name), None)


def _no_rows(sheet: Sheet, header_row: int, name_place: int | None) -> Iterable[int]:
    """Numbers under the headings, totals, signatures, and what follows the last student."""
    first = header_row + 1
    if first < sheet.row_count and _counts_columns([column[first].strip() for column in sheet.columns]):
        yield first
    if name_place is None:
        return
    names = sheet.columns[name_place]
    footers = {code for code, text in enumerate(names.texts) if FOOTER.match(plain_words(text))}
    blank = {code for code, text in enumerate(names.texts) if not text.strip()}
    if not footers and not blank:
        return
    last = max((row for row in range(first, sheet.row_count) if names.codes[row] not in footers | blank), default=first)
    for row in range(first, sheet.row_count):
        if names.codes[row] in footers or (row > last and names.codes[row] in blank):
            yield row


def _counts_columns(texts: list[str]) -> bool:
    numbers = [int(text) for text in texts if text.isdecimal() and len(text) <= MAX_DIGITS]
    return len(numbers) == len(texts) > 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def merge_terms(read: ReadTable) -> None:
    """A student's term may stand on several pages of a journal, one for each subject: it is one row all the same."""
    merged: dict[tuple[object, ...], FileRow] = {}
    for row in read.rows:
        key = (row.cells["student_id"], row.cells["school_year"], row.cells["term"])
        first = merged.get(key)
        if first is None:
            merged[key] = row
        elif any(first.wide.get(subject, mark) != mark for subject, mark in row.wide.items()):
            remedy = TWO_MARKS.format(line=first.line, sheet=f" листа «{first.sheet}»" if first.sheet else "")
            read.blame(row, None, None, remedy, "two_marks")
        else:
            merged[key] = replace(first, wide={**first.wide, **row.wide})
    read.rows = list(merged.values())
