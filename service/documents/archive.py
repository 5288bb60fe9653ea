"""Guards of an office file, which is an archive of XML: looked at before any parser sees it."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from xml.parsers import expat
from xml.sax import SAXException  # the parser itself is defusedxml's

from defusedxml.common import DefusedXmlException, DTDForbidden
from defusedxml.expatreader import create_parser

from service.documents.extents import CellPlaces, SpreadsheetExtent
from service.documents.refusals import DocumentRefusedError, encrypted

MAX_MEMBERS = 2_000
MAX_UNPACKED = 150_000_000
MAX_RATIO = 100  # a workbook of equal rows packs 30 to 60 times, a bomb 1,000
SMALL = 1_000_000  # below that a ratio says nothing
CHUNK = 1 << 16
LOOKED_AT = 4_000_000  # bytes of a sheet
MANIFEST_ENCRYPTED = b"encryption-data"
ONEROSTER_NEEDED = ("users", "classes", "enrollments")
ONEROSTER = ("orgs", *ONEROSTER_NEEDED, "academicSessions", "lineItems", "results")
NEEDED = {"xlsx": "xl/workbook.xml", "docx": "word/document.xml", "ods": "content.xml"}


def check_archive(content: bytes, kind: str, name: str) -> None:
    """Members, unpacked size, ratio, macros, encryption, entities, extents of cells; refuses with the remedy."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _check_members(members, kind, name)
            for member in members:
                _check_member(archive, member, kind, name)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
        SAXException,
        expat.ExpatError,
    ):
        message = f"{name}: файл повреждён или загружен не целиком; откройте его, сохраните заново и загрузите снова."
        raise DocumentRefusedError("broken", message) from None


def _check_members(members: list[zipfile.ZipInfo], kind: str, name: str) -> None:
    names = {member.filename for member in members}
    if len(members) > MAX_MEMBERS or len(names) != len(members):
        raise DocumentRefusedError("bomb", f"{name}: файл устроен как архив-бомба; сохраните его заново.")
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
        f"{name}: распакованный файл больше {MAX_UNPACKED // 1_000_000} МБ; оставьте в нём только нужное, "
        "без картинок и пустых строк, и сохраните заново."
    )
    return DocumentRefusedError("bomb", message)


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, kind: str, name: str) -> None:
    """Inflate one member under a cap; XML goes through a parser that knows no DTD and keeps nothing but extents.

    A DTD stands before the first element, and of a long sheet the beginning and the end tell how far it reaches: what
    is between is left to the child's limits.
    """
    if member.file_size > SMALL and member.file_size > MAX_RATIO * max(member.compress_size, 1):
        raise _too_large_unpacked(name)
    if not member.filename.endswith((".xml", ".rels")):
        return
    is_sheet = kind == "xlsx" and member.filename.startswith("xl/worksheets/")
    is_spreadsheet = kind == "ods" and member.filename == "content.xml"
    parser = _parser(SpreadsheetExtent(name) if is_spreadsheet else None)
    places = CellPlaces(name) if is_sheet else None
    size = 0
    try:
        with archive.open(member) as stream:
            while piece := stream.read(CHUNK):
                size += len(piece)
                if member.filename == "META-INF/manifest.xml" and MANIFEST_ENCRYPTED in piece:
                    raise encrypted(name)
                if not is_sheet or size <= LOOKED_AT:
                    parser(piece, False)
                if places is not None and (size <= LOOKED_AT or size + CHUNK > member.file_size):
                    places.feed(piece)
        if not is_sheet or size <= LOOKED_AT:
            parser(b"", True)
    except DefusedXmlException:
        message = (
            f"{name}: в части {member.filename[:60]} есть объявления DTD, которых в таблицах и документах не бывает; "
            "скопируйте содержимое в новый файл и сохраните его."
        )
        raise DocumentRefusedError("entities", message) from None


def _parser(handler: SpreadsheetExtent | None) -> Callable[[bytes, bool], object]:
    """What takes pieces of XML and refuses a DTD; whoever wants no elements pays for none."""
    if handler is not None:
        known = create_parser(forbid_dtd=True)
        known.setContentHandler(handler)
        return lambda piece, is_last: known.close() if is_last else known.feed(piece)
    bare = expat.ParserCreate()
    bare.StartDoctypeDeclHandler = _refuse_dtd
    return bare.Parse


def _refuse_dtd(name: str, _system: str | None, _public: str | None, _internal: int) -> None:
    raise DTDForbidden(name, _system, _public)


def oneroster_members(content: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """Tables of a OneRoster archive, inflated under a cap; whatever else lies in it is not looked at."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
                raise _too_large_unpacked(name)
            if any(member.flag_bits & 0x1 for member in members):
                raise encrypted(name)
            found = {member.filename.rsplit("/", 1)[-1].lower(): member for member in members}
            if not all(f"{table}.csv" in found for table in ONEROSTER_NEEDED):
                remedy = "распакуйте его и загрузите файлы по одному; целиком читаются только архивы OneRoster"
                raise DocumentRefusedError("unknown_kind", f"{name}: это архив; {remedy}.")
            for table in ONEROSTER:
                member = found.get(f"{table.lower()}.csv")
                if member is not None:
                    if member.file_size > SMALL and member.file_size > MAX_RATIO * max(member.compress_size, 1):
                        raise _too_large_unpacked(name)
                    with archive.open(member) as stream:
                        yield table, stream.read(MAX_UNPACKED)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError):
        raise DocumentRefusedError("broken", f"{name}: архив повреждён; загрузите его ещё раз.") from None
