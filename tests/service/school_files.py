"""Files as schools have them, made of rows: workbooks by sheet, and texts in any encoding."""

import io
from collections.abc import Iterable, Mapping, Sequence

from openpyxl import Workbook, load_workbook

from service.access import GRANTS, Actor, Role
from service.db import Database
from service.imports.bringing import apply_intake
from service.imports.intake import Brought, check_intake
from service.imports.schemas import CellFault, IntakeReport
from service.imports.vocabularies import ImportTools

DIRECTOR = Actor("user:1", Role.SCHOOL_ADMIN, "Администратор", GRANTS[Role.SCHOOL_ADMIN], school_code="sch01")
METHODOLOGIST = Actor("user:2", Role.METHODOLOGIST, "Методист", GRANTS[Role.METHODOLOGIST])
CLASS_LIST = [
    ["МБОУ СОШ № 1"],
    ["Список класса 9А, 2024/2025 учебный год"],
    [],
    ["№", "ФИО", "Пол", "Кружок"],
    [1, "Ольхина Вера Петровна", "Ж", "шахматы"],
    [2, "Рябинин Пётр", "м", None],
    [3, "Кедрова Инна Олеговна", "ж", None],
    ["Итого: 3"],
]


def book(sheets: Mapping[str, Iterable[Sequence[object]]]) -> bytes:
    """A workbook."""
    made = Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def text(rows: Iterable[Sequence[object]], separator: str = ";", encoding: str = "utf-8") -> bytes:
    """A text file."""
    lines = [separator.join("" if cell is None else str(cell) for cell in row) for row in rows]
    return "\n".join([*lines, ""]).encode(encoding)


def cells_of(content: bytes, sheet: str) -> list[tuple[object, ...]]:
    """Values of a sheet."""
    return list(load_workbook(io.BytesIO(content))[sheet].iter_rows(values_only=True))


def check(
    database: Database, tools: ImportTools, name: str, content: bytes, actor: Actor = DIRECTOR, **wanted: object
) -> IntakeReport:
    """What would happen."""
    return check_intake(database, actor=actor, tools=tools, brought=Brought(name, content, **wanted))


def bring_in(
    database: Database, tools: ImportTools, name: str, content: bytes, actor: Actor = DIRECTOR, **wanted: object
) -> IntakeReport:
    """Take a file in."""
    brought = Brought(name, content, mode="apply", **wanted)
    return apply_intake(database, actor=actor, tools=tools, brought=brought)


def said(faults: Iterable[CellFault]) -> list[tuple[str, int | None, str | None, str]]:
    """Place and code of each complaint."""
    return [(fault.sheet, fault.row, fault.letter, fault.code) for fault in faults]
