"""Lists without a table: numbered paragraphs, dashes, plain lines."""

import re
from collections.abc import Sequence

from recommender.document import DocumentRow
from recommender.listed import CONTINUED, HEADER, MAX_SHOWN, NOTE, OUTSIDE, PAGE_NUMBER, TOTAL, Entry, Listing
from recommender.listed_cells import UNITS, find_horizon, group_code, level_in_words, read_count, take_codes
from recommender.listed_columns import TITLE, role_of
from recommender.listed_grid import LONG, SENTENCE, TOTALS, is_heading_like, is_note, pair_codes
from recommender.listed_titles import looks_like_profession, normalised_title, plain, split_titles

NUMBER = re.compile(r"\s*\d{1,4}(?:[.)]|(?=\s+[А-ЯЁ]))")
NESTED = re.compile(r"\s*\d{1,3}\.\d{1,3}[.)]?\s")
BULLET = re.compile(r"\s*(?:[•–—▪●○·✓◦‣➢■]|-\s|-(?=[А-ЯЁ]))")
ROMAN = re.compile(r"\s*(?:раздел|глава|часть|[IVXІХ]{1,5}[.)])\s*", re.IGNORECASE)
HEADINGS = re.compile(
    r"перечень|список|министерств|приложени|приказ|утвержд|департамент|полугоди|по состоянию|самые |топ-?\d|"
    r"рейтинг|\bпрофессий\b|\bспециальностей\b|"
    r"правительств|агентств|комитет|служб\w занятости|рынк\w труда|требу[ею]тся|\bкадр",
    re.IGNORECASE,
)
PAGE = re.compile(r"\s*(?:стр(?:аница|\.)?\s*)?\d{1,4}(?:\s*(?:из|/)\s*\d{1,4})?\s*", re.IGNORECASE)
NEED_AT_END = re.compile(
    rf"[\s,;:(–—-]{{1,4}}(?:потребность|требуется|нужно|нужны|вакансий)?[\s:–—-]{{0,4}}"
    rf"(?P<count>(?:ок\.|около|более|свыше|не менее|до|порядка|примерно)? ?"
    rf"\d[\d ]{{0,9}}(?:[.,]\d{{1,6}})? ?(?:тыс\.?)?)"
    rf" ?{UNITS}\)?[\s.;]{{0,4}}$",
    re.IGNORECASE,
)
NUMBER_AT_END = re.compile(r"(?: [–—-]|:|\.{3}) ?(?P<count>\d[\d ]{0,9})[\s.;]{0,4}$")
NUMBER_LAST = re.compile(r"(?P<before>.*\S)\s+(?P<count>\d{1,3}(?: \d{3})+|\d{1,6})")  # after a code
LEADERS = re.compile(r" ?(?:\.{3,}|…+|_{3,}) ?")
LEVEL_IN_BRACKETS = re.compile(r" ?\([^()]{0,30}(?:дефицит|востребован|потребност|спрос)[^()]{0,30}\)[\s.;]{0,4}$")
LEVEL_AT_END = re.compile(
    r"[\s,;:(–—-]{1,4}(?:(?:уровень|степень|потребность|востребованность|спрос)\b[^;()]{0,60}|"
    r"(?:очень |крайне )?(?:высок|средн|низк)\w{2,4}(?: потребность| спрос| уровень| востребованность)?)\)?"
    r"[\s.;]{0,4}$",
    re.IGNORECASE,
)


def read_lines(rows: Sequence[DocumentRow], listing: Listing, *, beside_table: bool) -> None:
    """Read lines of text; beside a table that holds the list only lines with a code and numbered professions count."""
    marks = _marks_of(rows)
    item: DocumentRow | None = None  # the last line that names a title, waiting for what it may go on with
    text = ""
    last = ""
    for row in rows:
        line = next(iter(row.printed().values()), "").strip()
        if not line:
            continue
        taken = _taken_for(line, last, marks, listing, beside_table=beside_table, pending=item is not None)
        if taken == CONTINUED and text.endswith(";"):
            taken = "item"
        if taken == CONTINUED and item is not None and len(text) < MAX_SHOWN:
            text = text + line if text.endswith("-") else f"{text} {line}"
            listing.ignore(row, CONTINUED)
            continue
        taken = NOTE if taken == CONTINUED else taken
        if item is not None:
            _add(item, text, listing)
            item = None
        if taken == "item":
            item, text = row, line
        elif taken == "heading":
            listing.head(row)
        elif taken == "section":
            listing.open_section(row)
        else:
            listing.ignore(row, taken)
        last = taken
    if item is not None:
        _add(item, text, listing)


def _marks_of(rows: Sequence[DocumentRow]) -> str:
    """What marks the items of these lines: nested numbers, numbers, bullets, or nothing."""
    lines = [cell for row in rows for cell in row.printed().values()]
    counts = {
        "nested": sum(NESTED.match(line) is not None for line in lines),
        "number": sum(NUMBER.match(line) is not None for line in lines),
        "bullet": sum(BULLET.match(line) is not None for line in lines),
    }
    if counts["nested"] >= 2:
        return "nested"
    most = max(("number", "bullet"), key=lambda mark: counts[mark])
    return most if counts[most] >= 2 else ""


def _is_marked(line: str, marks: str) -> bool:
    pattern = {"nested": NESTED, "number": NUMBER, "bullet": BULLET}.get(marks)
    return pattern is not None and pattern.match(line) is not None


def _taken_for(line: str, last: str, marks: str, listing: Listing, *, beside_table: bool, pending: bool) -> str:
    """What a line is: item, section, heading, or the reason why it is none of them."""
    marked = _is_marked(line, marks)
    fresh = not listing.titles and not pending
    may_head = fresh and not marked and normalised_title(line) not in listing.known
    taken = _taken_in_any_list(line, listing, may_head=may_head)
    if taken is not None:
        return taken
    if not marked and line[:1].islower() and last in {NOTE, "heading"}:
        return last
    if beside_table:
        return _taken_beside_table(line, marks, fresh=fresh)
    if marked:
        return "item"
    if pending and _goes_on(line, marks):
        return CONTINUED
    return _taken_between_items(line, last, fresh=fresh) if marks else _taken_among_plain_lines(line, listing)


def _taken_in_any_list(line: str, listing: Listing, *, may_head: bool) -> str | None:
    """What shows at once: page numbers, totals, notes, and before the first title headings and headers."""
    taken = None
    if PAGE.fullmatch(line) and not take_codes(line)[0]:
        taken = PAGE_NUMBER
    elif TOTALS.match(line):
        taken = TOTAL
    elif is_note(line, listing):
        taken = NOTE
    elif may_head and HEADINGS.search(line) and not take_codes(line)[0] and not looks_like_profession(plain(line)):
        taken = "heading"
    elif may_head and role_of(line) == TITLE and len(line.split()) <= LONG // 2:
        taken = HEADER
    return taken


def _taken_beside_table(line: str, marks: str, *, fresh: bool) -> str:
    if group_code(line) or ROMAN.match(line):
        return "section"
    if take_codes(line)[0] or (_is_marked(line, marks) and looks_like_profession(plain(line))):
        return "item"
    if SENTENCE.search(line) and len(line.split()) > LONG // 2:
        return NOTE
    if fresh and not is_heading_like(line, known=False):
        return "heading"
    return "section" if len(line.split()) <= LONG else OUTSIDE


def _goes_on(line: str, marks: str) -> bool:
    """A line without a mark that cannot begin anything: small letter, bracket, or a need alone."""
    if line[:1].islower() or line[:1] in "(«":
        return True
    return bool(marks) and line[:1] in "0123456789—–-" and NUMBER.match(line) is None


def _taken_between_items(line: str, last: str, *, fresh: bool) -> str:
    """Between marked items a short line is a section; one with a code is an item that lost its mark."""
    if take_codes(line)[0] and not group_code(line):
        return "item"
    if SENTENCE.search(line) and len(line.split()) > 3 and not ROMAN.match(line):
        return NOTE
    if fresh and last == "heading" and len(line.split()) > LONG:
        return "heading"
    return "section" if len(line.split()) <= 2 * LONG else NOTE


def _taken_among_plain_lines(line: str, listing: Listing) -> str:
    words, letters = len(line.split()), [letter for letter in line if letter.isalpha()]
    if group_code(line) or line.endswith(":") or ROMAN.match(line):
        return "section"
    if take_codes(line)[0] or normalised_title(line) in listing.known:
        return "item"
    if (len(letters) > 3 and all(letter.isupper() for letter in letters)) or (
        find_horizon(line) is not None and words <= LONG // 2
    ):
        return "section"
    if not letters or (SENTENCE.search(line) and words > LONG // 2):
        return NOTE
    return "item" if words <= 2 * LONG else NOTE


def _add(row: DocumentRow, text: str, listing: Listing) -> None:
    """Title, codes, need and level of one line."""
    place = next(iter(row.printed()))
    count = None
    text = LEADERS.sub(" — ", " ".join(text.split()))
    after_code = NUMBER_LAST.fullmatch(text)
    if after_code is not None and take_codes(after_code["before"].split()[-1])[0]:
        count, text = read_count(after_code["count"]), after_code["before"]
    codes, rest = take_codes(text)
    level, rest = _take_level(rest)
    found = NEED_AT_END.search(rest) or NUMBER_AT_END.search(rest)
    if found is not None and found.start() > 0:
        count, rest = read_count(found["count"].strip()), rest[: found.start()]
    if level is None:
        level, rest = _take_level(rest)
    titles = split_titles(rest, listing.known)
    if not titles and not codes:
        listing.ignore(row, NOTE)
        return
    for title, of_title in pair_codes(titles, codes, tuple(dict.fromkeys(codes))):
        listing.add(Entry(title, of_title, level, count), place)


def _take_level(text: str) -> tuple[int | None, str]:
    """Level that stands at the end of a line, and the line without it."""
    for pattern in (LEVEL_IN_BRACKETS, LEVEL_AT_END):
        tail = pattern.search(text)
        if tail is not None and tail.start() > 0 and level_in_words(tail[0]) is not None:
            return level_in_words(tail[0]), text[: tail.start()]
    return None, text
