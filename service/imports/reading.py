"""From a sheet whose columns are known to typed rows, with every fault named by place, code and remedy."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.clock import now
from service.documents.sheet import Sheet, SheetColumn, sheet_of_rows
from service.imports.cells import EMPTY, UNKNOWN, CellDoubt, CellError, Vocabularies, parse_cell, shown
from service.imports.complaints import CODES
from service.imports.formats import Column, Format
from service.imports.schemas import CellFault

MAX_COLUMNS = 400
MAX_ROWS = 200_000
KEPT_FAULTS = 10_000  # all are counted

Booleans = NDArray[np.bool_]
Translate = Callable[[Column, str], str]
"""What a school wrote, as the format writes it."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of a file: its place, its named cells, and the cells of the wide columns that are not empty."""

    line: int
    cells: Mapping[str, Any]
    wide: Mapping[str, Any]
    sheet: str = ""


@dataclass
class ReadTable:
    """What was read and what was wrong. With `keeps_good`, rows without a fault may be taken in without the others."""

    file: str
    rows: list[FileRow] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)
    fault_count: int = 0
    warnings: list[CellFault] = field(default_factory=list)
    warning_count: int = 0
    keeps_good: bool = False
    is_broken: bool = False  # something is wrong with the whole file, not with a row of it
    bad_places: set[tuple[str, int]] = field(default_factory=set)
    letters: dict[tuple[str, str], tuple[str | None, str]] = field(
        default_factory=dict
    )  # sheet, column -> letter, heading
    _told: set[tuple[str, int | None, str | None, str]] = field(default_factory=set)

    @property
    def is_refused(self) -> bool:
        """Whether nothing of it may be taken in."""
        return self.is_broken or (self.fault_count > 0 and not self.keeps_good)

    def drop_bad(self) -> None:
        """Leave only rows without a fault."""
        if self.bad_places:
            self.rows = [row for row in self.rows if (row.sheet, row.line) not in self.bad_places]

    def blame(
        self, at: FileRow | tuple[str, int | None] | int | None, column: str | None, found: str | None, remedy: str,
        code: str,
    ) -> None:  # fmt: skip
        """Note a fault of a row; of the file where there is no row. After many they are only counted."""
        sheet, line = _place(at)
        if isinstance(at, FileRow | tuple) and line is not None:
            self.bad_places.add((sheet, line))
        else:
            self.is_broken = True
        key = (sheet, line, column, code)
        if line is not None and key in self._told:  # one line may be several rows
            return
        self._told.add(key)
        self.fault_count += 1
        if len(self.faults) < KEPT_FAULTS:
            self.faults.append(self._said(sheet, line, column, found, remedy, code))

    def blame_sheet(self, at: tuple[str, int], remedy: str, code: str) -> None:
        """Note a fault of a whole sheet, at its header."""
        self.fault_count += 1
        self.is_broken = True
        self.faults.append(self._said(*at, None, None, remedy, code))

    def warn(self, at: FileRow | tuple[str, int | None] | None, column: str | None, remedy: str, code: str) -> None:
        """Note something that looks odd; it keeps nothing from being taken in."""
        self.warning_count += 1
        sheet, line = _place(at)
        if len(self.warnings) < KEPT_FAULTS:
            self.warnings.append(self._said(sheet, line, column, None, remedy, code))

    def _said(
        self, sheet: str, line: int | None, column: str | None, found: str | None, remedy: str, code: str
    ) -> CellFault:
        if code not in CODES:
            raise ValueError(f"no complaint is called {code}")
        letter, heading = self.letters.get((sheet, column or ""), (None, None))
        return CellFault(
            file=self.file, sheet=sheet, row=line, letter=letter, column=column, heading=heading, code=code,
            found=found, remedy=remedy,
        )  # fmt: skip


def _place(at: FileRow | tuple[str, int | None] | int | None) -> tuple[str, int | None]:
    if isinstance(at, FileRow):
        return at.sheet, at.line
    return at if isinstance(at, tuple) else ("", at)


@dataclass(frozen=True)
class Laid:
    """A sheet laid out: which of its columns hold what, from which row on, and what holds for all of its rows."""

    sheet: Sheet
    header_row: int  # the rows below it are read
    columns: Mapping[int, str]  # column of the sheet -> column of the format, or code of a wide column
    given: Mapping[str, str] = field(default_factory=dict)  # column of the format -> text that holds for every row
    options: Mapping[int, str] = field(default_factory=dict)  # a choice spread over columns: what a mark there means
    lines: Sequence[int] | None = None  # line of each row, where rows do not stand on lines of their own
    skipped: frozenset[int] = frozenset()  # rows that are no rows of the table: totals, signatures
    uneven: Mapping[int, int] = field(default_factory=dict)  # rows with another number of cells than the header

    def line(self, row: int) -> int:
        """Number of a row as a reader sees it."""
        return self.lines[row] if self.lines is not None else self.sheet.top + row

    def heading(self, column: int) -> str:
        """What stands above a column."""
        return self.sheet.columns[column][self.header_row].strip()[:200] if self.header_row >= 0 else ""


def read_table(
    content: bytes, shape: Format, vocabularies: Vocabularies, file: str, as_of: date | None = None
) -> ReadTable:
    """Read a CSV file of our own format on a day. Faults of cells do not stop the reading; a wrong header does."""
    table = ReadTable(file)
    laid = _own_csv(table, content)
    if laid is None or not _check_header(table, laid, shape, vocabularies):
        return table
    read_laid(table, laid, shape, vocabularies, as_of or now().date())
    check_key(table, shape)
    return table


def _own_csv(table: ReadTable, content: bytes) -> Laid | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        table.blame(None, None, None, "сохраните файл как CSV в кодировке UTF-8", "encoding")
        return None
    if "\0" in text:
        table.blame(None, None, None, "это не текстовый файл: сохраните его как CSV UTF-8", "not_text")
        return None
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    try:
        rows.extend(lines)
    except csv.Error:
        said = "строка не разбирается: проверьте кавычки и запятые"
        table.blame(lines.line_num, None, None, said, "broken_row")
        return None
    width = len(rows[0]) if rows else 0
    uneven = {number: len(row) for number, row in enumerate(rows) if len(row) != width and any(map(str.strip, row))}
    sheet = sheet_of_rows("", [row[:width] + [""] * (width - len(row)) for row in rows])
    names = [column[0] for column in sheet.columns]
    return Laid(sheet, 0, dict(enumerate(names)), uneven=uneven)


def _check_header(table: ReadTable, laid: Laid, shape: Format, vocabularies: Vocabularies) -> bool:
    header = list(laid.columns.values())
    known = {column.name for column in shape.columns}
    missing = [column.name for column in shape.columns if column.required and column.name not in header]
    if missing:
        hint = "; разделитель столбцов — запятая" if len(header) == 1 else ""
        remedy = f"нет столбцов {', '.join(missing)}; см. data/formats/{shape.table}.toml{hint}"
        table.blame(1, None, None, remedy, "missing_column")
    if len(header) > MAX_COLUMNS:
        table.blame(1, None, None, f"столбцов больше {MAX_COLUMNS}", "too_many_columns")
        return False
    for name in sorted({name for name in header if header.count(name) > 1}):
        table.blame(1, name if name in known else None, None, "столбец назван дважды", "column_twice")
    for number, name in enumerate(header, start=1):
        if name in known:
            continue
        allowed = vocabularies.get(shape.wide.vocabulary or "", ()) if shape.wide else ()
        if name not in allowed:
            what = UNKNOWN[shape.wide.vocabulary or ""] if shape.wide else "такого столбца в формате нет"
            said = f"{what}; см. data/formats/{shape.table}.toml"
            table.blame(1, f"столбец {number}", None, said, "unknown_column")
    return not table.faults


def read_laid(
    table: ReadTable,
    laid: Laid,
    shape: Format,
    vocabularies: Vocabularies,
    as_of: date,
    translate: Translate = lambda _column, text: text,
    more: Iterable[Column] = (),
) -> None:
    """Read the rows of a sheet whose columns are known; `more` are columns beside those of the format."""
    reader = _SheetReader(table, laid, shape, vocabularies, as_of=as_of, translate=translate, more=more)
    reader.read()


class _SheetReader:
    """Columns repeat few texts, so each different text of a column is parsed once; rows are put together at the end."""

    def __init__(
        self, table: ReadTable, laid: Laid, shape: Format, vocabularies: Vocabularies, *, as_of: date,
        translate: Translate, more: Iterable[Column],
    ) -> None:  # fmt: skip
        self.table, self.laid, self.shape, self.as_of, self.translate = table, laid, shape, as_of, translate
        self.named = {column.name: column for column in (*shape.columns, *more)}
        self.vocabularies = vocabularies
        self.first = laid.header_row + 1
        self.is_silent = shape.is_personal or any(column.personal for column in more)
        self.faults: list[tuple[int, int, str, str | None, str, str]] = []
        self.values: dict[str, list[Any]] = {}
        self.doubts: dict[int, dict[int, str]] = defaultdict(dict)  # column of the sheet -> text -> what is doubtful

    def read(self) -> None:
        """Add what is there to the table."""
        sheet = self.laid.sheet
        if sheet.row_count - self.first > MAX_ROWS:
            at = (sheet.title, self.laid.line(self.first + MAX_ROWS))
            self.table.blame(at, None, None, f"строк больше {MAX_ROWS}: разделите файл", "too_many_rows")
            self.table.is_broken = True
        wanted = self._wanted_rows()
        self._blame_uneven(wanted)
        for place, name in self.laid.columns.items():
            self._read_column(place, name, sheet.columns[place], wanted)
        self._tell_faults()
        self._put_together(wanted)

    def _wanted_rows(self) -> NDArray[np.int64]:
        """Rows that hold anything and belong to the table."""
        sheet, is_filled = self.laid.sheet, np.zeros(self.laid.sheet.row_count, dtype=bool)
        for column in sheet.columns:
            is_text = np.array([bool(text.strip()) for text in column.texts], dtype=bool)
            is_filled |= is_text[codes_of(column)]
        is_filled[: self.first] = False
        is_filled[self.first + MAX_ROWS :] = False
        for row in self.laid.skipped:
            is_filled[row] = False
        return np.flatnonzero(is_filled)

    def _blame_uneven(self, wanted: NDArray[np.int64]) -> None:
        if not self.laid.uneven:
            return
        width = len(self.laid.columns)
        for row in wanted.tolist():
            if row in self.laid.uneven:
                said = f"в строке столбцов {self.laid.uneven[row]}, в заголовке {width}"
                self.faults.append((row, -1, "", None, said, "uneven_row"))

    def _read_column(self, place: int, name: str, cells: SheetColumn, wanted: NDArray[np.int64]) -> None:
        column = self.named.get(name) or self.shape.wide
        if column is None:
            raise ValueError("the header was not checked")
        letter = self.laid.sheet.letter(place) if self.laid.lines is None else None
        self.table.letters.setdefault((self.laid.sheet.title, name), (letter, self.laid.heading(place)))
        codes = codes_of(cells)[wanted]
        vocabularies = self.vocabularies if name in self.named else {}
        parsed, remedies = self._parsed(column, place, cells, vocabularies, np.unique(codes))
        if remedies:
            is_bad = np.zeros(len(cells.texts), dtype=bool)
            is_bad[list(remedies)] = True
            for row, code in zip(wanted[is_bad[codes]].tolist(), codes[is_bad[codes]].tolist(), strict=True):
                error = remedies[code]
                if row not in self.laid.uneven:
                    found = shown(column, cells.texts[code], is_silent=self.is_silent)
                    self.faults.append((row, place, name, found, str(error), error.code))
        for code, said in self.doubts[place].items():
            for row in wanted[codes == code].tolist():
                self.table.warn((self.laid.sheet.title, self.laid.line(row)), name, said, "doubtful")
        found_values = list(map(parsed.__getitem__, codes.tolist()))
        if name in self.values and column.type in ("codes", "dates"):  # a choice spread over several columns
            found_values = [one + two for one, two in zip(self.values[name], found_values, strict=True)]
        self.values[name] = found_values

    def _parsed(
        self, column: Column, place: int, cells: SheetColumn, vocabularies: Vocabularies, codes: NDArray[Any]
    ) -> tuple[list[Any], dict[int, CellError]]:
        parsed: list[Any] = [None] * len(cells.texts)
        remedies: dict[int, CellError] = {}
        option = self.laid.options.get(place)
        for code in codes.tolist():
            text = cells.texts[code]
            try:
                if option is not None:
                    chosen = option if _is_chosen(text) else ""
                    parsed[code] = parse_cell(column, self.translate(column, chosen), vocabularies, self.as_of)
                else:
                    parsed[code] = parse_cell(column, self.translate(column, text), vocabularies, self.as_of)
            except CellDoubt as doubt:
                parsed[code] = parse_cell(column, doubt.text, vocabularies, self.as_of)
                self.doubts[place][code] = str(doubt)
            except CellError as error:
                remedies[code] = error
                parsed[code] = EMPTY.get(column.type)
        return parsed, remedies

    def _tell_faults(self) -> None:
        sheet = self.laid.sheet.title
        for row, _, name, found, remedy, code in sorted(self.faults, key=lambda fault: fault[:2]):
            self.table.blame((sheet, self.laid.line(row)), name or None, found, remedy, code)

    def _put_together(self, wanted: NDArray[np.int64]) -> None:
        sheet, bad = self.laid.sheet.title, {fault[0] for fault in self.faults}
        absent = {name: EMPTY.get(column.type) for name, column in self.named.items()} | self._given()
        names = [name for name in self.values if name in self.named]
        wide_names = [name for name in self.values if name not in self.named]
        rows, line = wanted.tolist(), self.laid.line
        named_rows = zip(*(self.values[name] for name in names), strict=True) if names else ((),) * len(rows)
        wide_rows = zip(*(self.values[name] for name in wide_names), strict=True) if wide_names else ((),) * len(rows)
        for row, cells, wide in zip(rows, named_rows, wide_rows, strict=True):
            if row in bad:
                continue
            filled = {name: value for name, value in zip(wide_names, wide, strict=True) if value is not None}
            whole = {**absent, **dict(zip(names, cells, strict=True))}
            self.table.rows.append(FileRow(line(row), whole, filled, sheet))

    def _given(self) -> dict[str, Any]:
        found = {}
        for name, text in self.laid.given.items():
            column = self.named[name]
            try:
                found[name] = parse_cell(column, self.translate(column, text), self.vocabularies, self.as_of)
            except CellError as error:
                said = f"{column.text_ru.lower()}: {error}"
                self.table.blame(None, name, None, said, error.code)
        return found


def _is_chosen(text: str) -> bool:
    """A choice spread over columns: any mark but a no means that it was chosen."""
    return text.strip().lower() not in ("", "нет", "no", "0", "-", "false", "не выбрано")


def codes_of(column: SheetColumn) -> NDArray[Any]:
    """Codes of a column as an array, without a copy."""
    return np.frombuffer(column.codes, dtype=column.codes.typecode)


def check_key(table: ReadTable, shape: Format) -> None:
    """No two rows of a file are about the same thing."""
    seen: dict[tuple[Any, ...], FileRow] = {}
    for row in table.rows:
        key = tuple(row.cells[name] for name in shape.key)
        if key in seen:
            columns = ", ".join(shape.key)
            first = seen[key]
            where = f"повтор строки {first.line}" + (f" листа «{first.sheet}»" if first.sheet != row.sheet else "")
            table.blame(row, columns, None, f"{where}: {columns} должны отличаться", "repeated")
        seen.setdefault(key, row)
