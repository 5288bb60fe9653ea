"""A region's folder of files, in the order in which they need each other."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from service.access import Actor
from service.errors import InvalidInputError
from service.imports.actions import import_table
from service.imports.schemas import ImportReport
from service.imports.vocabularies import ImportTools
from service.installation import save_installation

REGION_TABLES = ("schools", "hosts", "catalogue")
SCHOOL_TABLES = (
    "roster", "consents", "conditions", "marks", "knowledge", "answers_*", "scores_*", "profile_survey", "exam_survey",
    "elective_survey", "trial_attendance", "enrolments", "exam_results",
    "admissions", "guidance_hours",
)  # fmt: skip
ABOUT = "region.toml"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of a folder: its table, and its school by the folder's name."""

    path: Path
    table: str
    school_code: str | None


def find_files(folder: Path) -> list[FoundFile]:
    """Files of a region's folder, in order."""
    found = [FoundFile(folder / f"{table}.csv", table, None) for table in REGION_TABLES]
    schools = sorted(path for path in folder.glob("schools/*") if path.is_dir())
    for pattern in SCHOOL_TABLES:  # rosters of all schools first: a student may have moved
        for school in schools:
            found += [FoundFile(path, path.stem, school.name) for path in sorted(school.glob(f"{pattern}.csv"))]
    present = [file for file in found if file.path.is_file()]
    if not present:
        raise InvalidInputError(f"В папке {folder} нет файлов региона: нужны schools.csv, catalogue.csv, schools/…")
    return present


def one_file(path: Path, school_code: str | None) -> FoundFile:
    """A single file; the school is its folder's name unless it is given."""
    in_schools = path.resolve().parent.parent.name == "schools"
    return FoundFile(path, path.stem, school_code or (path.resolve().parent.name if in_schools else None))


def import_files(
    session: Session,
    *,
    actor: Actor,
    tools: ImportTools,
    files: list[FoundFile],
    on_file: Callable[[FoundFile], None] = lambda _file: None,
) -> Iterator[ImportReport]:
    """Take files in one after another; the caller's transaction makes it all or nothing."""
    for file in files:
        on_file(file)
        name = f"{file.school_code}/{file.path.name}" if file.school_code else file.path.name
        yield import_table(
            session,
            actor=actor,
            tools=tools,
            table=file.table,
            content=file.path.read_bytes(),
            mode="apply",
            school_code=file.school_code,
            file=name,
        )


def read_about(session: Session, folder: Path) -> None:
    """Take over region.toml: the region's name and, for a synthetic region, the day it takes for today."""
    path = folder / ABOUT
    if not path.is_file():
        return
    about = tomllib.loads(path.read_text(encoding="utf-8"))
    as_of = about.get("as_of")
    save_installation(
        session,
        region_code=str(about["code"]),
        region_title=str(about["title_ru"]),
        as_of=date.fromisoformat(as_of) if isinstance(as_of, str) else as_of,
        synthetic=bool(about.get("synthetic", False)),
    )
