"""CSV, TSV and plain text: which encoding, which separator, then rows with their lines."""

import csv
import io
import re
from collections import Counter

from recommender.document import Document, DocumentRow, DocumentTable
from service.documents.refusals import DocumentRefusedError

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
UPPER_BYTES = b"\x00\x04\x20\x21"  # in UTF-16 of Latin and Cyrillic letters, dashes and the sign of a number
ONE_BYTE = ("cp1251", "cp866", "koi8_r")
# letters by how often they stand in Russian text: a wrong table of letters shows at once
FREQUENT = "оеаинтсрвлкмдпуяыьгз"
TYPOGRAPHIC = frozenset("–—«»№…“”’•·° \u00a0")  # that a wrong table gives seldom
ALIEN = -0.2  # below: no table of letters makes Russian of it, say UTF-8 with a broken byte
SEPARATORS = "\t;,"
SAMPLE_LINES = 200
CONTROL = re.compile(r"[\x01-\x08\x0b\x0e-\x1f]")


def read_text(content: bytes, kind: str, name: str) -> Document:
    """A table where lines part alike, otherwise a line a row."""
    text = decode(content, name).replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n")
    separator = find_separator(text, kind)
    rows = _lines(text) if separator is None else _table(text, separator)
    return Document(kind if separator is None else "csv", (DocumentTable("", rows),))


def decode(content: bytes, name: str) -> str:
    """Text in UTF-8, UTF-16, cp1251, cp866 or KOI8-R; bytes that are no text are refused."""
    text = _decoded(content)
    if text is None or "\x00" in text or CONTROL.search(text):
        message = (
            f"{name}: в файле есть байты, которые не складываются в текст; сохраните его как «CSV UTF-8» "
            "или как текст UTF-8."
        )
        raise DocumentRefusedError("not_text", message)
    return text


def _decoded(content: bytes) -> str | None:
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return _try(content, encoding)
    if b"\x00" in content[:2000]:
        for encoding, upper in (("utf-16-le", content[1:2000:2]), ("utf-16-be", content[0:2000:2])):
            if sum(byte in UPPER_BYTES for byte in upper) * 10 > len(upper) * 9:
                return _try(content, encoding)
        return None
    text = _try(content, "utf-8")
    if text is not None:
        return text
    found = [text for text in (_try(content, encoding) for encoding in ONE_BYTE) if text is not None]
    best = max(found, key=_russianness, default=None)
    return best if best is not None and _russianness(best) > ALIEN else None


def _try(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _russianness(text: str) -> float:
    """Share of letters that are frequent in Russian, less capitals within words and signs of drawing."""
    sample = text[:20_000]
    beyond = [letter for letter in sample if ord(letter) > 127]
    frequent = sum(letter.lower() in FREQUENT for letter in beyond)
    inner_capitals = len(re.findall(r"[а-яё][А-ЯЁ]", sample))
    alien = sum(not ("а" <= letter.lower() <= "я" or letter in "ёЁ" or letter in TYPOGRAPHIC) for letter in beyond)
    return (frequent - inner_capitals - 2 * alien) / max(len(beyond), 1)


def find_separator(text: str, kind: str) -> str | None:
    """The sign that parts most lines into equally many cells; plain text needs it to be a tab or nearly every line."""
    lines = [line for line in text.split("\n") if line.strip()][:SAMPLE_LINES]
    for separator in SEPARATORS:
        counts = Counter(line.count(separator) for line in lines if separator in line)
        having = counts.total()
        if kind == "csv" and having * 2 >= len(lines):
            return separator
        if kind == "text" and separator == "\t" and having * 2 >= len(lines):
            return separator
        even = counts.most_common(1)[0][1] if counts else 0
        if kind == "text" and separator == ";" and len(lines) > 2 and even * 10 >= len(lines) * 9:
            return separator
    return None


def _lines(text: str) -> tuple[DocumentRow, ...]:
    return tuple(
        DocumentRow((line.strip(),), (f"строка {number}",))
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    )


def _table(text: str, separator: str) -> tuple[DocumentRow, ...]:
    """Rows all as wide as the widest."""
    found = rows_with_lines(text, separator)
    width = max((len(cells) for _, cells in found), default=0)
    return tuple(
        DocumentRow(
            tuple(cells + [""] * (width - len(cells))),
            tuple(f"строка {line}, столбец {column}" for column in range(1, width + 1)),
        )
        for line, cells in found
    )


def rows_with_lines(text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Rows that are not blank, each with its line; a quote that is not closed is text, not the rest of the file."""
    csv.field_size_limit(10_000_000)
    source = io.StringIO(text, newline="")
    if _quotes_close(text, separator):
        reader = csv.reader(source, delimiter=separator)
    else:
        reader = csv.reader(source, delimiter=separator, quoting=csv.QUOTE_NONE)
    found, line = [], 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            found.append((line, [cell.strip() for cell in cells]))
        line = reader.line_num + 1
    return found


def _quotes_close(text: str, separator: str) -> bool:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error:
        return False
    return all(cell.count("\n") < 50 for row in rows for cell in row)
