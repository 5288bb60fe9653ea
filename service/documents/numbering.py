"""Numbers that Word counts by itself: they are not in the text, and yet a reader sees them."""

from collections import defaultdict

from docx.document import Document
from docx.oxml.ns import qn
from lxml.etree import _Element

BULLETS = "bullet"
SILENT = "none"
SIGNS = {
    qn("w:t"): "", qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-",
}  # fmt: skip
NOT_PRINTED = (qn("w:del"), qn("w:moveFrom"), qn("w:pPr"))
ROMAN = (("X", 10), ("IX", 9), ("V", 5), ("IV", 4), ("I", 1))


class ListNumbers:
    """Counts the paragraphs of each list of one document, in the order in which they are asked for."""

    def __init__(self, document: Document) -> None:
        self.levels: dict[tuple[str, int], tuple[str, str, int]] = {}  # (list, level): format, template, first number
        self.counts: dict[str, dict[int, int]] = defaultdict(dict)  # by abstract list: paragraphs may share it
        self.abstract_of: dict[str, str] = {}
        self.list_of_style: dict[str, tuple[str, int]] = {}
        self._read_definitions(document)

    def numbered(self, paragraph: _Element) -> str:
        """Text of a paragraph with its number or bullet in front."""
        text = text_of(paragraph)
        found = self._list_of(paragraph)
        if not text or found is None or found not in self.levels:
            return text
        list_id, level = found
        shape, template, start = self.levels[found]
        if shape == SILENT:
            return text
        if shape == BULLETS:
            return f"• {text}"
        counts = self.counts[self.abstract_of[list_id]]
        counts[level] = counts.get(level, start - 1) + 1
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]
        label = template
        for outer in range(level + 1):
            outer_shape = self.levels.get((list_id, outer), (shape, "", 1))[0]
            label = label.replace(f"%{outer + 1}", _written(counts.get(outer, 1), outer_shape))
        return f"{label} {text}".strip()

    def _list_of(self, paragraph: _Element) -> tuple[str, int] | None:
        properties = paragraph.find(qn("w:pPr"))
        found = _num_pr(properties)
        if found is not None or properties is None:
            return found
        return self.list_of_style.get(_value(properties, "w:pStyle", ""))

    def _read_definitions(self, document: Document) -> None:
        part = next(
            (rel.target_part for rel in document.part.rels.values() if rel.reltype.endswith("/numbering")), None
        )
        if part is None:
            return
        root: _Element = document.part.numbering_part.element
        abstract = {element.get(qn("w:abstractNumId")): element for element in root.findall(qn("w:abstractNum"))}
        for number in root.findall(qn("w:num")):
            list_id = number.get(qn("w:numId")) or ""
            reference = number.find(qn("w:abstractNumId"))
            name = reference.get(qn("w:val")) if reference is not None else None
            if name not in abstract:
                continue
            self.abstract_of[list_id] = name or ""
            if number.find(qn("w:lvlOverride")) is not None:
                self.abstract_of[list_id] = f"{name}/{list_id}"  # a list that starts anew counts by itself
            for level in abstract[name].findall(qn("w:lvl")):
                place = (list_id, int(level.get(qn("w:ilvl")) or 0))
                self.levels[place] = (
                    _value(level, "w:numFmt", "decimal"),
                    _value(level, "w:lvlText", "%1."),
                    int(_value(level, "w:start", "1")),
                )
        for style in document.styles.element.findall(qn("w:style")):
            found = _num_pr(style.find(qn("w:pPr")))
            if found is not None:
                self.list_of_style[style.get(qn("w:styleId")) or ""] = found


def text_of(paragraph: _Element) -> str:
    """What is printed of a paragraph: tracked insertions too, nothing deleted or moved away, no text boxes."""
    pieces = []
    for element in paragraph.iter(*SIGNS):
        if next(element.iterancestors(*NOT_PRINTED, qn("w:p"))).tag == qn("w:p") and _owner(element) is paragraph:
            pieces.append(SIGNS[element.tag] or element.text or "")
    return "".join(pieces).replace("\xa0", " ").strip()


def _owner(element: _Element) -> _Element:
    return next(element.iterancestors(qn("w:p")))


def _num_pr(properties: _Element | None) -> tuple[str, int] | None:
    """List and level that paragraph properties name; list 0 means "not numbered"."""
    found = properties.find(qn("w:numPr")) if properties is not None else None
    if found is None:
        return None
    list_id = _value(found, "w:numId", "0")
    return (list_id, int(_value(found, "w:ilvl", "0"))) if list_id != "0" else None


def _value(element: _Element, tag: str, default: str) -> str:
    found = element.find(qn(tag))
    return (found.get(qn("w:val")) or default) if found is not None else default


def _written(number: int, shape: str) -> str:
    if shape == "upperRoman" and 0 < number < 40:
        text = ""
        for sign, value in ROMAN:
            while number >= value:
                text, number = text + sign, number - value
        return text
    if shape == "russianLower" and 0 < number <= 32:
        return chr(ord("а") + number - 1)
    if shape in {"lowerLetter", "upperLetter"} and 0 < number <= 26:
        return chr(ord("a" if shape == "lowerLetter" else "A") + number - 1)
    return str(number)
