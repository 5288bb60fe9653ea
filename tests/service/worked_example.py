"""The worked example: two schools, four students, four pathways; small enough to follow with a pencil.

Day taken for today: 1 October 2024.  School sch01: student s2222222 of 9А knows a lot, s3333333 of 9А nearly nothing,
s4444444 of 9Б did not consent to recommendations.  School sch02: student s5555555 of 9А.
"""

from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from recommender.reference import read_reference
from service.access import OPERATOR
from service.catalogue.actions import load_reference
from service.imports.folders import find_files, import_files, read_about
from service.imports.formats import read_formats
from service.imports.schemas import ImportReport
from service.imports.vocabularies import ImportTools
from service.imports.words import read_words

DATA = Path("data")
KNOWN, BLANK, REFUSED, ELSEWHERE = "s2222222", "s3333333", "s4444444", "s5555555"
CLASS_A, CLASS_B, CLASS_ELSEWHERE = "sch01-2024-25-9a", "sch01-2024-25-9b", "sch02-2024-25-9a"

FOLDER = Path("tests/service/example")


@cache
def make_tools() -> ImportTools:
    """Real reference data and real formats."""
    reference = read_reference(DATA / "reference")
    words = read_words(DATA / "formats" / "words", reference)
    return ImportTools(reference, read_formats(DATA / "formats"), words=words)


def load(session: Session, tools: ImportTools) -> list[ImportReport]:
    """Take the whole example in, as an operator does."""
    load_reference(session, actor=OPERATOR, reference=tools.reference, folder=DATA / "reference")
    read_about(session, FOLDER)
    return list(import_files(session, actor=OPERATOR, tools=tools, files=find_files(FOLDER)))


def example_text(table: str, school: str | None = None) -> str:
    """Text of one file of the example."""
    folder = FOLDER / "schools" / school if school else FOLDER
    return (folder / f"{table}.csv").read_text(encoding="utf-8")
