"""What a file is: by its name and by its first bytes, which must agree."""

from pathlib import PurePath

from service.documents.refusals import DocumentRefusedError, encrypted, shown_name

MAX_BYTES = 20_000_000
ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of XLS, of DOC and of every encrypted office file
PDF = b"%PDF-"
KINDS = {
    ".xlsx": "xlsx", ".ods": "ods", ".docx": "docx", ".xls": "xls", ".pdf": "pdf",
    ".csv": "csv", ".tsv": "csv", ".txt": "text", "": "text",
}  # fmt: skip
ARCHIVE = "zip"
MAGIC = {ARCHIVE: ZIP, "xlsx": ZIP, "ods": ZIP, "docx": ZIP, "xls": OLE, "pdf": PDF}
WITH_MACROS = {".xlsm": "xlsx", ".xltm": "xlsx", ".xlsb": "xlsx", ".docm": "docx", ".dotm": "docx"}
REMEDIES = {
    ".doc": "откройте файл и сохраните его как «Документ Word (.docx)»",
    ".rtf": "откройте файл и сохраните его как «Документ Word (.docx)»",
    ".odt": "откройте файл и сохраните его как «Документ Word (.docx)»",
    ".zip": "распакуйте архив и загрузите файл из него",
    ".rar": "распакуйте архив и загрузите файл из него",
    ".7z": "распакуйте архив и загрузите файл из него",
}
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"BM")
SCAN = "это картинка, текста в ней нет; запросите документ с текстом или распознайте его (OCR) и сохраните как .docx"
TYPES = "XLSX, XLS, ODS, DOCX, PDF, CSV, TSV и TXT"


def find_kind(content: bytes, file_name: str, *, archives: bool = False) -> str:
    """Kind of a file whose size, name and first bytes agree; otherwise a refusal with the remedy.

    Archives of tables that belong together are read only where they are asked for.
    """
    name = shown_name(file_name)
    suffix = PurePath(file_name.replace("\\", "/")).suffix.lower()
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise DocumentRefusedError("empty", f"{name}: файл пуст; проверьте, что сохранили его, и загрузите снова.")
    if len(content) > MAX_BYTES:
        message = f"{name}: файл больше {MAX_BYTES // 1_000_000} МБ; оставьте в нём только нужное, без картинок."
        raise DocumentRefusedError("too_large", message)
    if content.startswith(PICTURES):
        raise DocumentRefusedError("scan", f"{name}: {SCAN}.")
    if suffix in WITH_MACROS:
        message = f"{name}: файл с макросами не принимается; сохраните его как .{WITH_MACROS[suffix]}."
        raise DocumentRefusedError("macros", message)
    kind = ARCHIVE if archives and suffix == ".zip" else KINDS.get(suffix)
    if kind is None:
        remedy = REMEDIES.get(suffix, f"принимаются {TYPES}: сохраните файл в одном из этих видов")
        raise DocumentRefusedError("unknown_kind", f"{name}: такой вид файлов не читается; {remedy}.")
    _check_magic(content, kind, name)
    return kind


def name_by_content(content: bytes) -> str:
    """A name for a file that came without one: its kind shows in its first bytes."""
    if content.startswith(ZIP):
        if b"users.csv" in content[-100_000:]:
            return "файл.zip"
        return "файл.ods" if b"application/vnd.oasis.opendocument.spreadsheet" in content[:200] else "файл.xlsx"
    return "файл.xls" if content.startswith(OLE) else "файл.csv"


def _check_magic(content: bytes, kind: str, name: str) -> None:
    expected = MAGIC.get(kind)
    if expected is None:
        if content.startswith((ZIP, OLE, PDF)):
            message = f"{name}: внутри не текст, а книга, документ или PDF; верните файлу его настоящее расширение."
            raise DocumentRefusedError("wrong_extension", message)
        return
    if content.startswith(expected):
        if kind == "xls":
            _check_workbook_of_old(content, name)
        return
    if content.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise encrypted(name)
        message = f"{name}: это файл старого вида под новым именем; откройте его и сохраните как .{kind}."
        raise DocumentRefusedError("wrong_extension", message)
    message = f"{name}: содержимое не похоже на .{kind}; откройте файл в своей программе и сохраните заново."
    raise DocumentRefusedError("wrong_extension", message)


def _check_workbook_of_old(content: bytes, name: str) -> None:
    """An OLE container names its streams in UTF-16: macros and encryption show without taking it apart."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise encrypted(name)
    if "_VBA_PROJECT".encode("utf-16-le") in content:
        raise DocumentRefusedError("macros", f"{name}: в книге есть макросы; сохраните её как .xlsx.")
    if not any(stream.encode("utf-16-le") in content for stream in ("Workbook", "Book")):
        message = f"{name}: это не книга Excel; если это документ Word, сохраните его как .docx."
        raise DocumentRefusedError("wrong_extension", message)
