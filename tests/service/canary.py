"""A child whose every trace is unique, and a search for it: in files byte by byte, in every cell of a database."""

import io
import zipfile
from pathlib import Path

import sqlalchemy as sa
from starlette.testclient import TestClient

from service.access import OPERATOR
from service.db import Database
from service.imports.actions import import_table
from service.imports.vocabularies import ImportTools
from service.tables import Table
from tests.service.worked_example import example_text

CANARY = "scanary7"
LAST, FIRST = "Канарейкина", "Зоряслава"
REASON, PAPER = "боится-высоты-7391", "кнр-7391"
TALK, STEP = "мечтает-о-море-7391", "позвонить-тёте-7391"
ANSWERS = "a,a,b,b,a,b,a,b,b,b,a,a,a,b,b,b,b,b,b,a"  # nobody else's row of twenty
SHEET = "".join(f'"{number}": "{answer}", ' for number, answer in enumerate(ANSWERS.split(","), 1))[:-2]
TRACES = {"pseudonym": CANARY, "last name": LAST, "first name": FIRST, "reason": REASON, "paper": PAPER, "sheet": SHEET,
          "talk": TALK, "step": STEP}  # fmt: skip
PATHWAY, TRIAL = "sch01-tech-eng", "col01-tr001"
FILES = {
    "roster": f"{CANARY},2023-24,8А,{LAST},{FIRST},f,yes,yes,yes,,\n"
    f"{CANARY},2024-25,9А,{LAST},{FIRST},f,yes,yes,yes,,\n",
    "marks": f"{CANARY},2023-24,4,5,3,4,4\n",
    "answers_DDO20": f"{CANARY},2024-02-07,{ANSWERS}\n",
    "knowledge": f"{CANARY},2024-04-16,math,13,20\n",
    "profile_survey": f"{CANARY},2024-09-18,tech-eng,,grade10,09.02.06\n",
    "trial_attendance": f"{CANARY},{TRIAL},2024-04-02,2024-04-10,5,8\n",
}


def only(table: str) -> str:
    """A file of the canary alone."""
    return example_text(table, "sch01").splitlines()[0] + "\n" + FILES[table]


def let_in(database: Database, tools: ImportTools) -> None:
    """The canary comes with the files of its school."""
    with database.writing() as session:
        for table in FILES:
            content = only(table).encode()
            import_table(
                session, actor=OPERATOR, tools=tools, table=table, content=content, mode="apply", school_code="sch01"
            )


def live(client: TestClient, counsellor: dict[str, str], director: dict[str, str]) -> None:
    """What happens to a child's data in a year: read, ranked, decided about, consented to, exported."""
    at = f"/v1/students/{CANARY}"
    for address in ("", "/recommendations", "/decisions", "/showings", "/consents", "/notes"):
        assert client.get(at + address, headers=counsellor).status_code == 200, address
    decision = {"pathway_code": PATHWAY, "decision": "declined", "reason": REASON}
    under_a_key = {**counsellor, "Idempotency-Key": f"of-{PAPER.encode().hex()}"}
    assert client.post(f"{at}/decisions", headers=under_a_key, json=decision).status_code == 201
    note = {"text": TALK, "next_step": STEP, "due_on": "2024-10-01"}
    of_the_note = {**counsellor, "Idempotency-Key": f"note-{PAPER.encode().hex()}"}
    assert client.post(f"{at}/notes", headers=of_the_note, json=note).status_code == 201
    imagined = {"marks": [{"subject_code": "math", "mark": 5}]}
    assert client.post(f"{at}/what-if", headers=counsellor, json=imagined).status_code == 200
    assert STEP in client.get("/v1/talks", headers=counsellor).text
    said = {"purpose": "naming", "given_on": "2024-09-02", "document": PAPER}
    assert client.put(f"{at}/consents", headers=director, json={"consents": [said]}).status_code == 200
    for address in ("/readings", "/export"):
        assert client.get(at + address, headers=director).status_code == 200, address


def found_in_tables(database: Database) -> set[str]:
    """Traces anywhere in any table, as text."""
    with database.reading() as session:
        cells = [
            str(cell)
            for table in Table.metadata.sorted_tables
            for row in session.execute(sa.select(*(sa.cast(column, sa.Text) for column in table.columns)))
            for cell in row
        ]
    text = "\n".join(cells)
    return {name for name, trace in TRACES.items() if trace in text}


def found_in_files(*paths: Path) -> set[str]:
    """Traces in files, or in all files of folders, as bytes in the encodings anybody writes; archives unpacked."""
    found = set()
    for path in paths:
        for file in [path] if path.is_file() else sorted(path.rglob("*")) if path.is_dir() else []:
            if file.is_file():
                found |= found_in_bytes(file.read_bytes())
    return found


def found_in_bytes(content: bytes) -> set[str]:
    """Traces in bytes; .npz and other archives member by member."""
    found = {
        name
        for name, trace in TRACES.items()
        if any(trace.encode(code) in content for code in ("utf-8", "utf-16-le", "utf-32-le", "unicode_escape"))
    }
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                found |= found_in_bytes(archive.read(member))
    return found


def files_of(database: Database) -> list[Path]:
    """The file of an SQLite database and those that SQLite keeps beside it."""
    stem = str(database.url.database)
    return [Path(stem + ending) for ending in ("", "-wal", "-shm", "-journal")]
