"""Guards of an office file, which is an archive of XML: looked at before any parser sees it."""

import io
import zipfile
import zlib
from xml.sax import SAXException  # the parser itself is defusedxml's

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import create_parser

from service.documents.extents import SpreadsheetExtent, WorkbookExtent
from service.documents.refusals import DocumentRefusedError, encrypted

MAX_MEMBERS = 2_000
MAX_UNPACKED = 150_000_000
MAX_RATIO = 100  # a workbook of equal rows packs 30 to 60 times, a bomb 1,000
SMALL = 1_000_000  # below that a ratio says nothing
CHUNK = 1 << 16
MANIFEST_ENCRYPTED = b"encryption-data"
NEEDED = {"xlsx": "xl/workbook.xml", "docx": "word/document.xml", "ods": "content.xml"}


def check_archive(content: bytes, kind: str, name: str) -> None:
    """Members, unpacked size, ratio, macros, encryption, entities, extents of cells; refuses with the remedy."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _check_members(members, kind, name)
            for member in members:
                _check_member(archive, member, kind, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, SAXException):
        message = f"{name}: файл повреждён или загружен не целиком; откройте его, сохраните заново и загрузите снова."
        raise DocumentRefusedError("broken", message) from None


def _check_members(members: list[zipfile.ZipInfo], kind: str, name: str) -> None:
    names = {member.filename for member in members}
    if len(members) > MAX_MEMBERS or len(names) != len(members):
        raise DocumentRefusedError("bomb", f"{name}: файл устроен как архив-бомба; сохраните перечень заново.")
    if any(member.flag_bits & 0x1 for member in members):
        raise encrypted(name)
    if any(found.lower().endswith("vbaproject.bin") or found.startswith("Basic/") for found in names):
        raise DocumentRefusedError("macros", f"{name}: в файле есть макросы; сохраните его без них, как .{kind}.")
    if NEEDED[kind] not in names:
        message = f"{name}: внутри не то, что обещает расширение .{kind}; верните файлу его настоящее расширение."
        raise DocumentRefusedError("wrong_extension", message)
    declared = sum(member.file_size for member in members)
    if declared > MAX_UNPACKED:
        raise _too_large_unpacked(name)


def _too_large_unpacked(name: str) -> DocumentRefusedError:
    message = (
        f"{name}: распакованный файл больше {MAX_UNPACKED // 1_000_000} МБ; оставьте в нём только перечень, "
        "без картинок и пустых строк, и сохраните заново."
    )
    return DocumentRefusedError("bomb", message)


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, kind: str, name: str) -> None:
    """Inflate one member under a cap; XML goes through a parser that knows no DTD and keeps nothing but extents."""
    if member.file_size > SMALL and member.file_size > MAX_RATIO * max(member.compress_size, 1):
        raise _too_large_unpacked(name)
    if not member.filename.endswith((".xml", ".rels")):
        return
    parser = create_parser(forbid_dtd=True)
    if kind == "xlsx" and member.filename.startswith("xl/worksheets/"):
        parser.setContentHandler(WorkbookExtent(name))
    elif kind == "ods" and member.filename == "content.xml":
        parser.setContentHandler(SpreadsheetExtent(name))
    try:
        with archive.open(member) as stream:
            while piece := stream.read(CHUNK):
                if member.filename == "META-INF/manifest.xml" and MANIFEST_ENCRYPTED in piece:
                    raise encrypted(name)
                parser.feed(piece)
        parser.close()
    except DefusedXmlException:
        message = (
            f"{name}: в части {member.filename[:60]} есть объявления DTD, которых в перечнях не бывает; "
            "скопируйте текст в новый документ и сохраните его."
        )
        raise DocumentRefusedError("entities", message) from None
