"""Files of strangers: what is read of each kind; hostile ones are refused with a remedy while the service lives."""

import io
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import docx
import pypdfium2
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from PIL import Image, ImageDraw

from recommender.document import Document, DocumentRow, DocumentTable
from service.documents.kinds import MAX_BYTES, find_kind
from service.documents.reading import read_document, read_pasted
from service.documents.refusals import DocumentRefusedError
from service.documents.text import decode

SAMPLES = Path(__file__).parents[1] / "fixtures" / "demand"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PEOPLE = "Сварщик;15.01.05\nПовар, кондитер;43.01.09\n«Ёлочка» — бригада № 5;\n"


def saved(document: object) -> bytes:
    file = io.BytesIO()
    document.save(file)  # type: ignore[attr-defined]
    return file.getvalue()


def cells(table: DocumentTable) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


def archive(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return file.getvalue()


def changed(content: bytes, changes: dict[str, bytes]) -> bytes:
    """An office file with some parts replaced or added."""
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        return archive({name: old.read(name) for name in old.namelist()} | changes)


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    return saved(book)


def refusal(content: bytes, name: str) -> DocumentRefusedError:
    with pytest.raises(DocumentRefusedError) as caught:
        read_document(content, name)
    message = str(caught.value)
    assert message.startswith(name.rpartition("/")[2][:20])
    assert re.search("[а-яё]", message)
    assert re.search(
        r"сохраните|загрузите|снимите|распознайте|верните|проверьте|оставьте|скопируйте|разделите", message
    )
    assert "Traceback" not in message
    return caught.value


def test_a_file_that_a_pencil_can_check() -> None:
    read = read_document("Профессия;Код\nСварщик;15.01.05\n".encode("cp1251"), "перечень.csv")
    assert read == Document(
        "csv",
        (
            DocumentTable(
                "",
                (
                    DocumentRow(("Профессия", "Код"), ("строка 1, столбец 1", "строка 1, столбец 2")),
                    DocumentRow(("Сварщик", "15.01.05"), ("строка 2, столбец 1", "строка 2, столбец 2")),
                ),
            ),
        ),
    )


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1251", "cp866", "koi8-r", "utf-16", "utf-16-le", "utf-16-be"]
)
@pytest.mark.parametrize("separator", [";", "\t"])
def test_encodings_are_told_apart(encoding: str, separator: str) -> None:
    text = PEOPLE if encoding not in {"cp866", "koi8-r"} else "Сварщик;15.01.05\nПовар, кондитер;43.01.09\n"
    read = read_document(text.replace(";", separator).encode(encoding), "перечень.csv")
    assert [row.cells[0] for row in read.tables[0].rows] == [line.split(";")[0] for line in text.strip().split("\n")]


@pytest.mark.parametrize("encoding", ["cp1251", "cp866", "koi8-r"])
def test_a_text_in_capitals_is_not_taken_for_another_encoding(encoding: str) -> None:
    text = "СВАРЩИК, ПОВАР, МЕДИЦИНСКАЯ СЕСТРА"
    assert decode(text.encode(encoding), "a.txt") == text


def test_quotes_commas_and_lines_within_a_cell() -> None:
    read = read_document('Название,Код\n"Повар, кондитер\nвторая строка",43.01.09\nПекарь,1\n'.encode(), "a.csv")
    assert cells(read.tables[0])[1] == ("Повар, кондитер\nвторая строка", "43.01.09")
    assert read.tables[0].rows[2].places[0] == "строка 4, столбец 1"


def test_a_quote_that_is_never_closed_is_text() -> None:
    read = read_document('Название;Код\n"Сварщик;1\nПовар;2\n'.encode(), "a.csv")
    assert [row[1] for row in cells(read.tables[0])] == ["Код", "1", "2"]


def test_pasted_text_parts_at_tabs_only_where_there_are_some() -> None:
    assert cells(read_pasted("Сварщик\t15.01.05\nТокарь\t15.01.33").tables[0]) == [
        ("Сварщик", "15.01.05"),
        ("Токарь", "15.01.33"),
    ]
    plain = read_pasted("1. Повар, кондитер; пекарь\n\n2. Токарь")
    assert cells(plain.tables[0]) == [("1. Повар, кондитер; пекарь",), ("2. Токарь",)]
    assert [row.places for row in plain.tables[0].rows] == [("строка 1",), ("строка 3",)]


def test_workbook_merged_cells_repeat_text_and_place_and_hidden_sheets_are_named() -> None:
    book = Workbook()
    sheet = book.active
    sheet.title = "Лист1"
    sheet["B2"], sheet["B3"], sheet["C3"], sheet["B4"] = "Строительство", "Каменщик", 12.0, "Сумма"
    sheet["C4"] = "=1+1"
    sheet.merge_cells("B2:C2")
    hidden = book.create_sheet("Тайный")
    hidden["A1"], hidden.sheet_state = "не видно", "hidden"
    read = read_document(saved(book), "a.xlsx")
    assert [(row.cells, row.places) for row in read.tables[0].rows[:2]] == [
        (("Строительство", "Строительство"), ("Лист1!B2", "Лист1!B2")),
        (("Каменщик", "12"), ("Лист1!B3", "Лист1!C3")),
    ]
    assert len(read.tables) == 1
    assert [place for place, _ in read.unread] == ["Тайный"]


def test_word_paragraphs_and_tables_come_in_order_with_numbers_and_merged_cells() -> None:
    document = docx.Document()
    document.add_paragraph("Перечень")
    for name in ("Сварщик", "Токарь"):
        document.add_paragraph(name, style="List Number")
    table = document.add_table(rows=3, cols=3)
    table.cell(0, 0).merge(table.cell(0, 2)).text = "Строительство"
    table.cell(1, 0).merge(table.cell(2, 0)).text = "1"
    table.cell(1, 1).text, table.cell(2, 1).text = "Каменщик", "Маляр\nШтукатур"
    document.add_paragraph("Министр")
    read = read_document(saved(document), "a.docx")
    assert [cells(table) for table in read.tables] == [
        [("Перечень",), ("1. Сварщик",), ("2. Токарь",)],
        [("Строительство",) * 3, ("1", "Каменщик", ""), ("1", "Маляр\nШтукатур", "")],
        [("Министр",)],
    ]
    first = "таблица 1, строка 1, столбец 1"
    assert read.tables[1].rows[0].places == (first, first, first)
    assert read.tables[1].rows[2].places[0] == "таблица 1, строка 2, столбец 1"
    assert read.tables[2].rows[0].places == ("абзац 4",)


def test_word_numbers_of_two_levels() -> None:
    document = docx.Document()
    numbering = document.part.numbering_part.element
    abstract = OxmlElement("w:abstractNum")
    abstract.set(qn("w:abstractNumId"), "77")
    for level, template in enumerate(("%1.", "%1.%2.")):
        made = OxmlElement("w:lvl")
        made.set(qn("w:ilvl"), str(level))
        for tag, value in (("w:start", "1"), ("w:numFmt", "decimal"), ("w:lvlText", template)):
            child = OxmlElement(tag)
            child.set(qn("w:val"), value)
            made.append(child)
        abstract.append(made)
    numbering.insert(0, abstract)
    number = numbering.add_num(77)
    for level, text in ((0, "Стройка"), (1, "Каменщик"), (1, "Маляр"), (0, "Медицина"), (1, "Фельдшер")):
        properties = document.add_paragraph(text)._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_numId().val, properties.get_or_add_ilvl().val = number.numId, level
    assert [row[0] for row in cells(read_document(saved(document), "a.docx").tables[0])] == [
        "1. Стройка", "1.1. Каменщик", "1.2. Маляр", "2. Медицина", "2.1. Фельдшер"
    ]  # fmt: skip


def test_word_insertions_and_content_controls_are_read_deletions_are_not_and_text_boxes_are_named() -> None:
    run = "<w:r><w:t>{}</w:t></w:r>"
    word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    cell = "<w:tc><w:p>{}</w:p></w:tc>"
    body = (
        f"<w:p>{run.format('Свар')}<w:ins>{run.format('щик')}</w:ins><w:del><w:r><w:delText>ка</w:delText></w:r></w:del></w:p>"
        f"<w:sdt><w:sdtContent><w:p>{run.format('Токарь')}</w:p></w:sdtContent></w:sdt>"
        f"<w:p><w:moveFrom>{run.format('Ушёл')}</w:moveFrom><w:r><w:txbxContent><w:p>{run.format('Сбоку')}</w:p>"
        "</w:txbxContent></w:r></w:p>"
        f"<w:tbl><w:tblGrid/><w:sdt><w:sdtContent><w:tr>{cell.format(run.format('Пекарь'))}"
        f"<w:sdt><w:sdtContent>{cell.format(run.format('19.01.18'))}</w:sdtContent></w:sdt></w:tr></w:sdtContent></w:sdt>"
        "</w:tbl>"
    )
    content = changed(
        saved(docx.Document()),
        {"word/document.xml": f"<w:document {word}><w:body>{body}</w:body></w:document>".encode()},
    )
    read = read_document(content, "правки.docx")
    assert [cells(table) for table in read.tables] == [[("Сварщик",), ("Токарь",)], [("Пекарь", "19.01.18")]]
    assert [place for place, _ in read.unread] == ["надпись «Сбоку»"]


def test_merged_cells_of_ods_repeat_like_those_of_xlsx() -> None:
    read = read_document((SAMPLES / "07-districts.ods").read_bytes(), "07-districts.ods")
    assert read.tables[0].rows[2] == DocumentRow(("Северный район",) * 3, ("Потребность!A3",) * 3)


def test_pdf_tables_and_lines_name_their_page() -> None:
    name = "03-pdf-repeated-headers.pdf"
    read = read_document((SAMPLES / name).read_bytes(), name)
    wide = [table for table in read.tables if len(table.rows[0].cells) == 5]
    assert wide[0].rows[3].places[1] == "стр. 1, таблица 1, строка 4, столбец 2"
    assert wide[1].rows[0].cells[0] == "№"  # the header repeated on the second page
    assert len(set(wide[0].rows[2].places)) == 1  # a section over all columns is one printed cell
    assert read.tables[0].rows[0].places == ("стр. 1, строка 1",)


@pytest.mark.parametrize(("name", "kind"), [("07-districts.ods", "ods"), ("12-old-codes.xls", "xls")])
def test_other_spreadsheets(name: str, kind: str) -> None:
    read = read_document((SAMPLES / name).read_bytes(), name)
    assert read.kind == kind
    assert len(read.tables[0].rows) > 20


def picture(text: str = "") -> bytes:
    image = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(image).text((20, 20), text or "scan", fill="black")
    file = io.BytesIO()
    image.save(file, "PDF")
    return file.getvalue()


def test_a_scanned_pdf_is_refused_with_what_to_do() -> None:
    found = refusal(picture(), "скан.pdf")
    assert found.reason == "scan"
    assert "запросите файл с текстом или распознайте скан (OCR)" in str(found)


def test_a_page_that_is_a_picture_among_pages_of_text_is_named() -> None:
    joined = pypdfium2.PdfDocument.new()
    for content in ((SAMPLES / "04-pdf-plain-text.pdf").read_bytes(), picture()):
        joined.import_pages(pypdfium2.PdfDocument(content))
    read = read_document(saved(joined), "a.pdf")
    assert read.unread == (("стр. 2", "страница — картинка без текста; распознайте её (OCR) и загрузите файл снова"),)


def test_a_word_document_of_pictures_alone_is_refused() -> None:
    document = docx.Document()
    image = io.BytesIO()
    Image.new("RGB", (50, 50), "red").save(image, "PNG")
    document.add_picture(image)
    assert refusal(saved(document), "скан.docx").reason == "scan"


def entity_document() -> bytes:
    declared = (
        b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
        b"<w:t>&x;</w:t></w:r></w:p></w:body></w:document>"
    )
    return changed(saved(docx.Document()), {"word/document.xml": declared})


def entities_in_utf16() -> bytes:
    declared = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE w [<!ENTITY a "b">]><w>&a;</w>'.encode("utf-16")
    return changed(workbook(("a",)), {"xl/theme/theme1.xml": declared})


def sparse_workbook() -> bytes:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        b"</sheetData></worksheet>"
    )
    return changed(workbook(("a",)), {"xl/worksheets/sheet1.xml": sheet})


def sparse_spreadsheet() -> bytes:
    content = (SAMPLES / "07-districts.ods").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        text = made.read("content.xml").decode()
    far = (
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="1000" '
        'office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row></table:table>'
    )
    return changed(content, {"content.xml": text.replace("</table:table>", far).encode()})


def zip_bomb() -> bytes:
    return changed(workbook(("a",)), {"xl/media/image1.bin": b"\0" * 30_000_000})


def zip_bomb_of_many() -> bytes:
    return changed(workbook(("a",)), {f"xl/media/image{number}.bin": b"" for number in range(3000)})


def encrypted_workbook() -> bytes:
    return OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600


def holed_workbook_of_old() -> bytes:
    content = (SAMPLES / "12-old-codes.xls").read_bytes()
    return content[:600] + b"\0" * 3000 + content[3600:]


def locked_archive() -> bytes:
    content = bytearray(workbook(("a",)))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := content.find(mark, at + 1)) >= 0:
            content[at + offset] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("make", "name", "reason"),
    [
        (zip_bomb, "бомба.xlsx", "bomb"),
        (zip_bomb_of_many, "бомба.xlsx", "bomb"),
        (sparse_workbook, "редкая.xlsx", "sparse"),
        (sparse_spreadsheet, "редкая.ods", "sparse"),
        (entity_document, "внешняя.docx", "entities"),
        (entities_in_utf16, "внешняя.xlsx", "entities"),
        (lambda: changed(workbook(("a",)), {"xl/vbaProject.bin": b"x"}), "макрос.xlsx", "macros"),
        (lambda: workbook(("a",)), "макрос.xlsm", "macros"),
        (lambda: OLE + "_VBA_PROJECT Workbook".encode("utf-16-le"), "макрос.xls", "macros"),
        (encrypted_workbook, "закрыта.xlsx", "encrypted"),
        (encrypted_workbook, "закрыта.xls", "encrypted"),
        (locked_archive, "закрыта.xlsx", "encrypted"),
        (lambda: workbook(("a",))[:-400], "обрезана.xlsx", "broken"),
        (lambda: saved(docx.Document())[:3000], "обрезан.docx", "broken"),
        (holed_workbook_of_old, "дырявая.xls", "broken"),
        (lambda: (SAMPLES / "04-pdf-plain-text.pdf").read_bytes()[:300], "обрезан.pdf", "broken"),
        (lambda: workbook(("a",)), "книга.docx", "wrong_extension"),
        (lambda: workbook(("a",)), "книга.csv", "wrong_extension"),
        (lambda: b"just words", "книга.xlsx", "wrong_extension"),
        (lambda: OLE + "WordDocument".encode("utf-16-le"), "старый.xls", "wrong_extension"),
        (lambda: OLE + "Workbook".encode("utf-16-le"), "старая.xlsx", "wrong_extension"),
        ("Сварщик\0;1\n".encode, "нули.csv", "not_text"),
        (lambda: bytes(range(256)) * 4, "байты.txt", "not_text"),
        (lambda: "Сварщик, повар и токарь".encode() + b"\xff", "испорчен.txt", "not_text"),
        (lambda: b"", "пустой.csv", "empty"),
        (lambda: b" \n\n", "пустой.txt", "empty"),
        (workbook, "пустая.xlsx", "empty"),
        (lambda: b"x" * (MAX_BYTES + 1), "большой.txt", "too_large"),
        (lambda: b"\x89PNG\r\n", "фото.pdf", "scan"),
        (lambda: OLE, "старый.doc", "unknown_kind"),
        (lambda: b"PK\x03\x04", "архив.zip", "unknown_kind"),
    ],
)
def test_a_hostile_or_broken_file_is_refused_with_a_remedy(make: Callable[[], bytes], name: str, reason: str) -> None:
    assert refusal(make(), name).reason == reason
    assert read_pasted("Сварщик").tables  # and the next file is read


def pdf_bomb() -> bytes:
    """A page whose content unpacks to a gigabyte, twice packed: 5 KB that no guard of archives sees."""
    packer, packed = zlib.compressobj(9), b""
    for _ in range(1000):
        packed += packer.compress(b"\0" * 1_000_000)
    stream = zlib.compress(packed + packer.flush(), 9)
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R>>",
        b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream" % (len(stream), stream),
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + table + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(body)


def test_a_file_that_eats_memory_kills_only_the_child() -> None:
    content = pdf_bomb()
    assert len(content) < 20_000
    assert refusal(content, "бомба.pdf").reason == "gave_up"
    assert read_pasted("Сварщик").tables


def test_a_workbook_of_old_with_two_cells_far_apart_kills_only_the_child() -> None:
    content = (SAMPLES.parent / "hostile" / "sparse.xls").read_bytes()
    assert len(content) < 10_000
    assert refusal(content, "редкая.xls").reason == "gave_up"
    assert read_pasted("Сварщик").tables


def test_an_honest_workbook_of_100_000_rows_is_read() -> None:
    rows = "".join(
        f'<row r="{number}"><c r="A{number}" t="inlineStr"><is><t>Сварщик {number}</t></is></c><c r="B{number}">'
        f'<v>{number}</v></c><c r="C{number}"><v>{number % 7}</v></c></row>'
        for number in range(1, 100_001)
    )
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
    read = read_document(changed(workbook(("a",)), {"xl/worksheets/sheet1.xml": sheet.encode()}), "большая.xlsx")
    assert len(read.tables[0].rows) == 100_000
    assert read.tables[0].rows[-1].cells == ("Сварщик 100000", "100000", "5")


def test_the_child_limits_itself_before_it_parses() -> None:
    script = (
        "import resource\nfrom service.documents.child import limit_oneself\nlimit_oneself()\n"
        "kinds = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)\n"
        "print([resource.getrlimit(kind)[1] for kind in kinds])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[536870912, 20, 0]"


def test_the_child_knows_nothing_of_the_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ORIENTIR_SECRET_KEY", "x" * 40)
    monkeypatch.chdir(tmp_path)  # nor does it depend on where the service was started
    (tmp_path / "json.py").write_text("raise SystemExit('a foreign module was imported')")
    assert read_pasted("Сварщик").kind == "text"
    assert [path.name for path in tmp_path.iterdir()] == ["json.py"]


def test_a_name_cannot_break_a_line_or_lead_elsewhere() -> None:
    with pytest.raises(DocumentRefusedError, match=r"^пассворд\.xlsx: содержимое не похоже на \.xlsx"):
        read_document(b"words", "../../etc/па\nссворд.xlsx")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="абвгдежзиклмнопрстуфхцчшщыьэюя ,;\n", min_size=40).filter(lambda text: text.strip() != ""))
def test_text_in_cp1251_and_utf8_survives(text: str) -> None:
    assert decode(text.encode("utf-8"), "a") == text


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["a.xlsx", "a.xls", "a.docx", "a.pdf", "a.ods", "a.csv", "", "a.exe"]))
def test_any_bytes_have_a_kind_or_a_remedy(content: bytes, name: str) -> None:
    try:
        found = find_kind(content, name)
    except DocumentRefusedError as refused:
        found = str(refused)
    assert found in {"xlsx", "xls", "docx", "pdf", "ods", "csv", "text"} or found.endswith(".")
