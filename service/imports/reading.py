"""From the bytes of a CSV file to typed rows, with every fault named by row, column and remedy."""

import csv
import io
import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from service.clock import now, school_year_of
from service.imports.formats import Column, Format
from service.imports.schemas import CellFault
from service.wire import MAX_WHOLE

MAX_CELL = 4000
MAX_TEXT = 300
MAX_COLUMNS = 400
MAX_ROWS = 200_000
MAX_NUMBER = 1e9
KEPT_FAULTS = 200  # enough to correct a file by
MAX_FAULTS = 1000  # after so many the reading stops
FIRST_DAY = date(1990, 1, 1)
DAYS_AHEAD = 731
FIRST_YEAR = 2000
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
STUDENT = re.compile(r"s[a-z2-7]{7}\Z", re.ASCII)
SCHOOL_YEAR = re.compile(r"(20\d\d)-(\d\d)\Z", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?\Z", re.ASCII)
GRADES = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?\Z", re.ASCII)
CLASS_TITLE = re.compile(r"(\d{1,2})\s*([А-ЯЁA-Z]{0,3})\Z", re.ASCII)
CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}\Z", re.ASCII)

Vocabularies = Mapping[str, Container[str]]


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of a file: its line, its named cells, and the cells of the wide columns that are not empty."""

    line: int
    cells: Mapping[str, Any]
    wide: Mapping[str, Any]


@dataclass
class ReadTable:
    """What was read and what was wrong."""

    file: str
    rows: list[FileRow] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)
    fault_count: int = 0

    @property
    def is_hopeless(self) -> bool:
        """So many faults that reading on helps nobody."""
        return self.fault_count >= MAX_FAULTS

    def blame(self, line: int | None, column: str | None, found: str | None, remedy: str) -> None:
        """Note a fault; after the first hundreds they are only counted."""
        self.fault_count += 1
        if len(self.faults) >= KEPT_FAULTS:
            return
        self.faults.append(CellFault(file=self.file, row=line, column=column, found=found, remedy=remedy))


class CellError(ValueError):
    """A cell that does not follow its column; the message is the remedy, in Russian."""


def split_codes(cell: str) -> tuple[str, ...]:
    """A list in a cell."""
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _day(cell: str) -> date:
    if not DAY.match(cell):
        raise CellError("день пишется так: 2024-10-01")
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise CellError("день пишется так: 2024-10-01") from None


def _number(cell: str) -> float:
    if not NUMBER.match(cell):
        raise CellError("нужно число")
    value = float(cell.replace(",", "."))
    if abs(value) > MAX_NUMBER:
        raise CellError("число слишком большое")
    return value


def _whole(cell: str) -> int:
    value = _number(cell)
    if value != int(value):
        raise CellError("нужно целое число")
    if abs(value) > MAX_WHOLE:
        raise CellError("число слишком большое")
    return int(value)


def _yes_no(cell: str) -> bool:
    words = {"yes": True, "no": False, "да": True, "нет": False}
    if cell.lower() not in words:
        raise CellError("нужно yes или no")
    return words[cell.lower()]


def _school_year(cell: str) -> str:
    found = SCHOOL_YEAR.match(cell)
    if not found or (int(found[1]) + 1) % 100 != int(found[2]):
        raise CellError("учебный год пишется так: 2024-25")
    return cell


def _matching(pattern: re.Pattern[str], remedy: str) -> Callable[[str], str]:
    def parse(cell: str) -> str:
        if not pattern.match(cell):
            raise CellError(remedy)
        return cell

    return parse


def _grades(cell: str) -> tuple[str, ...]:
    found = GRADES.match(cell)
    if not found:
        raise CellError("классы пишутся так: 9 или 8-11")
    low, high = int(found[1]), int(found[2] or found[1])
    if not 1 <= low <= high <= 11:
        raise CellError("классы — от 1 до 11, меньший первым")
    return tuple(str(grade) for grade in range(low, high + 1))


def _class_title(cell: str) -> str:
    found = CLASS_TITLE.match(cell.upper())
    if not found or not 1 <= int(found[1]) <= 11:
        raise CellError("класс пишется так: 9А")
    return f"{int(found[1])}{found[2]}"


PARSERS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "code": _matching(CODE, "код — без пробелов, не длиннее 64 знаков"),
    "student": _matching(STUDENT, "псевдоним — буква s и семь знаков a-z, 2-7; СНИЛС и номера не принимаются"),
    "date": _day,
    "dates": lambda cell: tuple(_day(part).isoformat() for part in split_codes(cell)),
    "number": _number,
    "whole": _whole,
    "yes_no": _yes_no,
    "codes": split_codes,
    "school_year": _school_year,
    "grades": _grades,
    "class_title": _class_title,
}
EMPTY: dict[str, Any] = {"codes": (), "dates": (), "grades": ()}


def parse_cell(column: Column, cell: str, vocabularies: Vocabularies, as_of: date) -> Any:
    """Value of a cell; CellError names the remedy."""
    cell = cell.strip()
    if not cell:
        if column.required:
            raise CellError("ячейка не может быть пустой")
        return EMPTY.get(column.type)
    if len(cell) > MAX_CELL:
        raise CellError(f"в ячейке больше {MAX_CELL} знаков")
    if CONTROL.search(cell):
        raise CellError("в ячейке есть служебные знаки или перенос строки: уберите их")
    if column.type == "code":
        _check_allowed(column, cell, {})  # the few words that are allowed say more than the shape of a code
    value = PARSERS[column.type](cell)
    longest = column.max_length or (MAX_TEXT if column.type == "text" else MAX_CELL)
    if len(cell) > longest:
        raise CellError(f"не длиннее {longest} знаков")
    for code in value if isinstance(value, tuple) else (value,):
        _check_allowed(column, code, vocabularies)
    _check_day(column, value, as_of)
    return value


def _check_day(column: Column, value: Any, as_of: date) -> None:
    """Days and school years of an installation's time; what has happened did not happen tomorrow."""
    if column.type == "school_year":
        last = int(school_year_of(as_of)[:4]) + 1
        if not FIRST_YEAR <= int(value[:4]) <= last:
            raise CellError(f"учебный год — от {FIRST_YEAR} до {last}")
    if column.type not in ("date", "dates"):
        return
    last_day = as_of if column.happened else as_of + timedelta(days=DAYS_AHEAD)
    for day in value if isinstance(value, tuple) else (value,):
        if not FIRST_DAY <= (date.fromisoformat(day) if isinstance(day, str) else day) <= last_day:
            raise CellError(f"день — от {FIRST_DAY:%d.%m.%Y} до {last_day:%d.%m.%Y}")


def _check_allowed(column: Column, value: Any, vocabularies: Vocabularies) -> None:
    if column.allowed and value not in column.allowed:
        raise CellError(f"допускается одно из: {', '.join(column.allowed)}")
    known = vocabularies.get(column.vocabulary) if column.vocabulary is not None else None
    if known is not None and value not in known:
        raise CellError(UNKNOWN[column.vocabulary or ""])
    if column.minimum is not None and value < column.minimum:
        raise CellError(f"не меньше {column.minimum:g}")
    if column.maximum is not None and value > column.maximum:
        raise CellError(f"не больше {column.maximum:g}")


UNKNOWN = {
    "subjects": "такого кода предмета нет в справочнике subjects",
    "profiles": "такого кода профиля нет в справочнике profiles",
    "spo": "такого кода СПО нет в справочнике spo_specialties",
    "places": "такой школы или площадки нет: сначала загрузите schools и hosts",
    "pathways": "такого кода нет в каталоге: сначала загрузите catalogue",
    "programmes": "такого кода программы нет в каталоге: сначала загрузите catalogue",
    "students": "такого ученика в этой школе нет: сначала загрузите roster",
    "restrictions": "такого фактора нет: слова те же, что в столбце restriction_tags справочника spo_specialties",
    "conditions": "такого условия нет: mobility, vision, hearing, speech, intellectual",
    "items": "такого задания нет в ключе методики",
}


def read_table(
    content: bytes, shape: Format, vocabularies: Vocabularies, file: str, as_of: date | None = None
) -> ReadTable:
    """Read a file on a day. Faults of cells do not stop the reading at once; a wrong header does."""
    table = ReadTable(file)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        table.blame(None, None, None, "сохраните файл как CSV в кодировке UTF-8")
        return table
    if "\0" in text:
        table.blame(None, None, None, "это не текстовый файл: сохраните его как CSV UTF-8")
        return table
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(lines, [])
        if not _check_header(table, header, shape, vocabularies):
            return table
        readers = _readers(header, shape, vocabularies, as_of or now().date())
        for row in _rows(table, lines, header, shape, readers):
            if len(table.rows) >= MAX_ROWS:
                table.blame(row.line, None, None, f"строк больше {MAX_ROWS}: разделите файл")
                break
            table.rows.append(row)
    except csv.Error:
        table.blame(lines.line_num, None, None, "строка не разбирается: проверьте кавычки и запятые")
    _check_key(table, shape)
    return table


def _check_header(table: ReadTable, header: list[str], shape: Format, vocabularies: Vocabularies) -> bool:
    known = {column.name for column in shape.columns}
    missing = [column.name for column in shape.columns if column.required and column.name not in header]
    if missing:
        hint = "; разделитель столбцов — запятая" if len(header) == 1 else ""
        remedy = f"нет столбцов {', '.join(missing)}; см. data/formats/{shape.table}.toml{hint}"
        table.blame(1, None, None, remedy)
    if len(header) > MAX_COLUMNS:
        table.blame(1, None, None, f"столбцов больше {MAX_COLUMNS}")
        return False
    for name in sorted({name for name in header if header.count(name) > 1}):
        table.blame(1, name if name in known else None, None, "столбец назван дважды")
    for number, name in enumerate(header, start=1):
        if name in known:
            continue
        allowed = vocabularies.get(shape.wide.vocabulary or "", ()) if shape.wide else ()
        if name not in allowed:
            what = UNKNOWN[shape.wide.vocabulary or ""] if shape.wide else "такого столбца в формате нет"
            table.blame(1, f"столбец {number}", None, f"{what}; см. data/formats/{shape.table}.toml")
    return not table.faults


def _readers(header: list[str], shape: Format, vocabularies: Vocabularies, as_of: date) -> list["_CellReader"]:
    named = {column.name: column for column in shape.columns}
    is_silent = shape.is_personal
    return [
        _CellReader(named.get(name) or shape.wide, name in named, vocabularies, as_of=as_of, is_silent=is_silent)
        for name in header
    ]


def _rows(
    table: ReadTable, lines: Iterator[list[str]], header: list[str], shape: Format, readers: list["_CellReader"]
) -> Iterator[FileRow]:
    absent = {column.name: EMPTY.get(column.type) for column in shape.columns if column.name not in header}
    for line, row in enumerate(lines, start=2):
        if table.is_hopeless:
            return
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            table.blame(line, None, None, f"в строке столбцов {len(row)}, в заголовке {len(header)}")
            continue
        cells, wide, faults_before = dict(absent), {}, table.fault_count
        for name, cell, reader in zip(header, row, readers, strict=True):
            try:
                value = reader.parse(cell)
            except CellError as error:
                table.blame(line, name, reader.shown(cell), str(error))
                continue
            if reader.is_named:
                cells[name] = value
            elif value is not None:
                wide[name] = value
        if table.fault_count == faults_before:
            yield FileRow(line, cells, wide)


class _CellReader:
    """Parses the cells of one column; columns repeat few values, so each value is parsed once."""

    def __init__(
        self, column: Column | None, is_named: bool, vocabularies: Vocabularies, *, as_of: date, is_silent: bool
    ) -> None:
        if column is None:
            raise ValueError("the header was not checked")
        self.column = column
        self.is_named = is_named
        self._as_of, self._is_silent = as_of, is_silent
        self._vocabularies = vocabularies if is_named else {}
        self._parsed: dict[str, Any] = {}

    def parse(self, cell: str) -> Any:
        """Value of a cell; CellError names the remedy."""
        if cell not in self._parsed:
            self._parsed[cell] = parse_cell(self.column, cell, self._vocabularies, self._as_of)
        return self._parsed[cell]

    def shown(self, cell: str) -> str | None:
        """A wrong cell as it may be repeated in an error."""
        is_hidden = self._is_silent or self.column.personal or self.column.type == "student"
        return None if is_hidden else CONTROL.sub(" ", cell).strip()[:80]


def _check_key(table: ReadTable, shape: Format) -> None:
    seen: dict[tuple[Any, ...], int] = {}
    for row in table.rows:
        key = tuple(row.cells[name] for name in shape.key)
        if key in seen:
            columns = ", ".join(shape.key)
            table.blame(row.line, columns, None, f"повтор строки {seen[key]}: {columns} должны отличаться")
        seen.setdefault(key, row.line)
