"""The sheet that a student takes home: what stands on it, that it is one page, and whom it is given to."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pypdfium2
import pytest
import sqlalchemy as sa
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from service.db import Database
from service.recommendations.answers import KIND_TITLES
from service.recommendations.schemas import StudentRecommendations
from service.sheets.content import DECIDED, NOT_A_DECISION, SIGNED_BY, Line, Section, Sheet, make_sheet
from service.sheets.docx import draw_docx
from service.sheets.pdf import DENSITIES, draw_pdf, fitting
from service.students.schemas import StudentCard
from service.tables import AuditRecord
from tests.service.conftest import Authorization, sqlite_only
from tests.service.worked_example import BLANK, ELSEWHERE, KNOWN, REFUSED

SignIn = Callable[[str], Authorization]
NOON = datetime(2024, 10, 1, 12, tzinfo=UTC)


def text_of(pdf: bytes) -> tuple[int, str]:
    """Number of pages and what a reader sees on the first."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0]
        words = page.get_textpage()
        read = words.get_text_bounded()
        words.close()
        page.close()
        return len(document), " ".join(read.replace("\u00a0", " ").split())
    finally:
        document.close()


def sheet_of(client: TestClient, header: Authorization, student: str, file_format: str = "pdf") -> bytes:
    answer = client.get(f"/v1/students/{student}/sheet", params={"file_format": file_format}, headers=header)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''list-{student}.{file_format}"
    return answer.content


def test_what_stands_on_the_sheet(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    lists = client.get(f"/v1/students/{KNOWN}/recommendations?k=5", headers=header).json()["lists"]
    classes = [item["title_ru"] for item in lists[0]["items"]]
    for item, decision in zip(lists[0]["items"], ("declined", "accepted"), strict=True):
        wanted = {"pathway_code": item["pathway_code"], "decision": decision, "reason": "Не интересно"}
        client.post(f"/v1/students/{KNOWN}/decisions", headers=header, json=wanted)
    page_count, read = text_of(sheet_of(client, header, KNOWN))
    assert page_count == 1
    assert f"1. {classes[1]} [{DECIDED['accepted']}]" in read  # what was chosen comes first
    assert classes[0] not in read  # what was declined is not there
    for said in (*KIND_TITLES.values(), *SIGNED_BY, NOT_A_DECISION, "krasnodar-2024H1", "31.01.2024", "9А · Школа № 1"):
        assert said in read
    with ready.reading() as session:
        made = session.scalars(sa.select(AuditRecord).where(AuditRecord.deed == "sheet.made")).one()
    assert made.facts["file_format"] == "pdf"
    readings = client.get(f"/v1/students/{KNOWN}/readings", headers=sign_in("director")).json()["readings"]
    assert [row["title_ru"] for row in readings if row["deed"] == "sheet.made"] == ["Лист для ученика и родителей"]


@sqlite_only
def test_exams_are_those_of_the_classes_on_the_sheet(client: TestClient, sign_in: SignIn) -> None:
    read = text_of(sheet_of(client, sign_in("navigator"), KNOWN))[1]
    # tech-eng asks for physics and informatics, sci-med for chemistry and biology: data/reference/profiles.csv
    assert "профильный класс: Физика (31), Информатика (14), Химия (27), Биология (34)." in read


@sqlite_only
def test_the_word_processor_gets_the_same_words(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    document = Document(io.BytesIO(sheet_of(client, header, KNOWN, "docx")))
    written = [paragraph.text for paragraph in document.paragraphs]
    signed = [cell.text.splitlines()[-1] for cell in document.tables[0].rows[0].cells]
    read = text_of(sheet_of(client, header, KNOWN))[1]
    assert signed == list(SIGNED_BY)
    assert len(written) > 10
    for line in written:
        assert " ".join(line.replace("\u00a0", " ").split()) in read
    assert document.core_properties.author == "Ориентир"
    assert document.sections[0].page_width.mm == pytest.approx(210, abs=0.1)


@sqlite_only
def test_nobody_is_named_where_files_are_listed(client: TestClient, sign_in: SignIn) -> None:
    header = sign_in("navigator")
    name = client.get(f"/v1/students/{KNOWN}", headers=header).json()["full_name"]
    surname = name.split()[0]
    document = pypdfium2.PdfDocument(sheet_of(client, header, KNOWN))
    assert surname not in str(document.get_metadata_dict())
    document.close()
    told = Document(io.BytesIO(sheet_of(client, header, KNOWN, "docx"))).core_properties
    assert surname not in f"{told.title} {told.author} {told.subject} {told.comments}"


@sqlite_only
def test_a_key_that_may_not_see_names_prints_none(
    client: TestClient, sign_in: SignIn, give_key: Callable[..., Authorization]
) -> None:
    name = client.get(f"/v1/students/{KNOWN}", headers=sign_in("navigator")).json()["full_name"]
    read = text_of(sheet_of(client, give_key("recommendations:read"), KNOWN))[1]
    assert f"Ученик {KNOWN}" in read
    assert name.split()[0] not in read


@sqlite_only
def test_without_consent_there_is_no_sheet(client: TestClient, sign_in: SignIn) -> None:
    answer = client.get(f"/v1/students/{REFUSED}/sheet", headers=sign_in("navigator"))
    assert (answer.status_code, answer.json()["reason"]) == (409, "consent_recommending_missing")


@sqlite_only
@pytest.mark.parametrize("student", [ELSEWHERE, "s9999999"])
def test_somebody_elses_student_is_not_there(client: TestClient, sign_in: SignIn, student: str) -> None:
    assert client.get(f"/v1/students/{student}/sheet", headers=sign_in("navigator")).status_code == 404


@sqlite_only
def test_of_whom_little_is_known_the_sheet_says_so(client: TestClient, sign_in: SignIn) -> None:
    read = text_of(sheet_of(client, sign_in("navigator"), BLANK))[1]
    assert "Что ещё поможет выбрать" in read


# --- one page, whatever stands on it ---

WORDS = st.text("абвгдежзиклмнопрстуфхц -«»ЁёӘі№", min_size=1, max_size=180).map(lambda text: f"А{text}")
LINES = st.builds(
    Line, title=WORDS, decided=st.sampled_from(["", "выбрано"]), fit=st.just("соответствие 55"), where=WORDS,
    demand=st.sampled_from(["", "В перечне востребованных: Повар"]), reasons=st.tuples(WORDS, WORDS), against=WORDS,
)  # fmt: skip
SECTIONS = st.builds(Section, heading=st.just("Элективные курсы"), lines=st.tuples(LINES, LINES, LINES), note=WORDS)
SHEETS = st.builds(
    Sheet, student=WORDS, where=WORDS, sections=st.tuples(SECTIONS, SECTIONS, SECTIONS), exams=WORDS,
    measure_next=WORDS, advice=st.just(NOT_A_DECISION), stamp=st.just("Составлено по данным на 01.10.2024"),
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(SHEETS)
def test_any_sheet_is_one_page_with_all_its_titles(sheet: Sheet) -> None:
    page_count, read = text_of(draw_pdf(sheet, NOON))
    assert page_count == 1
    for who in sheet.signed_by:
        assert who in read


def test_the_loosest_setting_that_fits_is_taken_and_the_same_sheet_is_the_same_file() -> None:
    line = Line("Сварщик", "", "соответствие 55", "Колледж", "", ("Своя школа",), "")
    short = Sheet("Иванова Анна", "9А", (Section("Профильные классы", (line,), ""),), "", "", NOT_A_DECISION, "")
    long = Sheet("Иванова Анна", "9А", (Section("Профильные классы", (line,) * 12, ""),) * 2, "", "", "", "")
    assert fitting(short, lambda _: b"")[0] == DENSITIES[0]
    assert draw_pdf(short, NOON) == draw_pdf(short, NOON)
    assert text_of(draw_pdf(long, NOON))[0] == 1


def test_texts_of_any_length_are_one_page_and_a_document() -> None:
    long = "Очень длинное название программы " * 10
    line = Line(long, "выбрано", "соответствие 55", long, long, (long, long), long)
    sheet = Sheet(long, long, (Section("Элективные курсы", (line,) * 3, long),) * 3, long, long, NOT_A_DECISION, "")
    page_count, read = text_of(draw_pdf(sheet, NOON))
    assert page_count == 1
    assert "…" in read
    assert draw_docx(sheet, NOON)[:2] == b"PK"


def test_a_list_without_advice_has_its_note(client: TestClient, sign_in: SignIn, ready: Database) -> None:
    header = sign_in("navigator")
    card = StudentCard.model_validate(client.get(f"/v1/students/{KNOWN}", headers=header).json())
    made = StudentRecommendations.model_validate(
        client.get(f"/v1/students/{KNOWN}/recommendations", headers=header).json()
    )
    none = made.model_copy(
        update={"lists": [made.lists[0].model_copy(update={"items": [], "note": "Сейчас приёма нет."})]}
    )
    shelf = client.app.state.shelf  # type: ignore[attr-defined] # of the application under test
    with ready.reading() as session:
        serving = shelf.take(session)
    sheet = make_sheet(card, none, serving.reference, serving.catalogue)
    assert sheet.sections == (Section("Профильные классы", (), "Сейчас приёма нет."),)
    assert sheet.exams == ""
    assert b"%PDF" in draw_pdf(sheet, NOON)[:8]
    assert draw_docx(sheet, NOON)[:2] == b"PK"
