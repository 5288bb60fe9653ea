"""Files of batches: one writer a format, fed part by part; nothing of a catalogue's text is ever run as a formula."""

import csv
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from pyarrow import parquet

from recommender.catalogue import Catalogue
from service.batches.ranking import KIND_CODES, Places
from service.errors import InvalidInputError

COLUMNS = ("student_id", "kind", "rank", "pathway_code", "title_ru", "fit", "demand_weight", "final")
FORMULA = frozenset("=+-@\t\r＝＋－＠")
MOST_XLSX_ROWS = 1_048_575  # and the heading


class _Rows:
    """What the writers share: places as rows of the catalogue's words."""

    def __init__(self, path: Path, catalogue: Catalogue, weights: list[float | None]) -> None:
        self.path = path
        self.codes = [pathway.pathway_code for pathway in catalogue.pathways]
        self.titles = [pathway.title_ru for pathway in catalogue.pathways]
        self.weights = weights

    def rows(self, places: Places) -> Iterator[tuple[Any, ...]]:
        """One tuple a place, in the order of COLUMNS."""
        columns = (places.student, places.kind, places.rank, places.pathway, places.fit, places.final)
        for student, kind, rank, pathway, fit, final in zip(*(column.tolist() for column in columns), strict=True):
            code, title, weight = self.codes[pathway], self.titles[pathway], self.weights[pathway]
            yield places.student_ids[student], KIND_CODES[kind], rank, code, title, fit, weight, final


class CsvFile(_Rows):
    """CSV as spreadsheets open it: UTF-8 with its mark; a text that looks like a formula gets an apostrophe."""

    def __enter__(self) -> Self:
        self._file = self.path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)
        self.codes, self.titles = list(map(_harmless, self.codes)), list(map(_harmless, self.titles))
        return self

    def add(self, places: Places) -> None:
        """Write one part."""
        self._writer.writerows(self.rows(places))

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in FORMULA else text


class NdjsonFile(_Rows):
    """A line of JSON for each student."""

    def __enter__(self) -> Self:
        self._file = self.path.open("w", encoding="utf-8", newline="")
        return self

    def add(self, places: Places) -> None:
        """Write one part."""
        lists: dict[str, dict[str, list[dict[str, Any]]]] = {student: {} for student in places.student_ids}
        for student, kind, *values in self.rows(places):
            lists[student].setdefault(kind, []).append(dict(zip(COLUMNS[2:], values, strict=True)))
        for student, found in lists.items():
            line = {"student_id": student, "lists": found}
            self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")

    def __exit__(self, *_: object) -> None:
        self._file.close()


class XlsxFile(_Rows):
    """A workbook; every text is a text cell."""

    def __enter__(self) -> Self:
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("Рекомендации")
        self._sheet.append(COLUMNS)
        self._count = 0
        return self

    def add(self, places: Places) -> None:
        """Write one part."""
        self._count += len(places)
        if self._count > MOST_XLSX_ROWS:
            raise InvalidInputError("В лист XLSX столько строк не помещается: возьмите CSV, NDJSON или Parquet.")
        for row in self.rows(places):
            cells = []
            for value in row:
                cell = WriteOnlyCell(self._sheet, value)
                if isinstance(value, str):
                    cell.data_type = "s"
                cells.append(cell)
            self._sheet.append(cells)

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if kind is None:
            self._book.save(self.path)
        self._book.close()


class ParquetFile(_Rows):
    """Columns with dictionaries of codes: what an analyst's tools read at once."""

    def __enter__(self) -> Self:
        words = pa.dictionary(pa.int32(), pa.string())
        types = (words, words, pa.int16(), words, words, pa.float64(), pa.float64(), pa.float64())
        self._schema = pa.schema(list(zip(COLUMNS, types, strict=True)))
        self._kinds, self._codes = pa.array(KIND_CODES), pa.array(self.codes, pa.string())
        self._titles, self._weights = pa.array(self.titles, pa.string()), pa.array(self.weights, pa.float64())
        repeated = ["student_id", "kind", "rank", "pathway_code", "title_ru", "demand_weight"]  # the others never are
        compression = {name: "lz4" if name in repeated else "none" for name in COLUMNS}
        self._file = parquet.ParquetWriter(
            self.path, self._schema, compression=compression, use_dictionary=repeated, write_statistics=["student_id"]
        )
        return self

    def add(self, places: Places) -> None:
        """Write one part."""
        pathway = pa.array(places.pathway)
        columns = [
            pa.DictionaryArray.from_arrays(pa.array(places.student), pa.array(places.student_ids, pa.string())),
            pa.DictionaryArray.from_arrays(pa.array(places.kind, pa.int32()), self._kinds),
            pa.array(places.rank),
            pa.DictionaryArray.from_arrays(pathway, self._codes),
            pa.DictionaryArray.from_arrays(pathway, self._titles),
            pa.array(places.fit),
            self._weights.take(pathway),
            pa.array(places.final),
        ]
        self._file.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def __exit__(self, *_: object) -> None:
        self._file.close()


class SqliteFile(_Rows):
    """A database of one table."""

    def __enter__(self) -> Self:
        self._connection = sqlite3.connect(self.path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=OFF")  # the file appears whole or not at all anyway
        self._connection.execute("PRAGMA synchronous=OFF")
        types = ("TEXT", "TEXT", "INTEGER", "TEXT", "TEXT", "REAL", "REAL", "REAL")
        listed = ", ".join(f"{name} {kind}" for name, kind in zip(COLUMNS, types, strict=True))
        self._connection.execute(f"CREATE TABLE lists ({listed})")
        self._connection.execute("BEGIN")
        return self

    def add(self, places: Places) -> None:
        """Write one part."""
        marks = ", ".join("?" * len(COLUMNS))
        self._connection.executemany(f"INSERT INTO lists VALUES ({marks})", self.rows(places))  # noqa: S608 -- question marks

    def __exit__(self, *_: object) -> None:
        self._connection.execute("COMMIT")
        self._connection.close()


WRITERS: dict[str, type[CsvFile | NdjsonFile | XlsxFile | ParquetFile | SqliteFile]] = {
    "csv": CsvFile,
    "ndjson": NdjsonFile,
    "xlsx": XlsxFile,
    "parquet": ParquetFile,
    "sqlite": SqliteFile,
}
