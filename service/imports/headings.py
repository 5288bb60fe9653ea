"""Which table a sheet is and which of its columns hold what: by known headings, by what the school said, by likeness.

What is only alike is a proposal: a person confirms it once, and it is kept for that school.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from recommender.instruments import Instrument
from service.documents.sheet import Sheet
from service.imports.context import read_context, term_in
from service.imports.formats import (
    ANSWERS_MARK,
    OF_INSTRUMENTS,
    SCORES_MARK,
    Column,
    Format,
    format_name,
    method_of,
)
from service.imports.terms import filled_headings, terms_above
from service.imports.words import Words, plain_words

HEADER_WITHIN = 40  # rows of titles above a table
ALIKE = 78.0
FEWEST_ITEMS = 12
LETTERS_FOR_LIKENESS = 5  # shorter headings are alike by chance
ROSTER = "roster"
OF_BIRTH = "рожд"
NAMES = ("full_name", "last_name", "first_name", "class_title")
ITEM = re.compile(
    r"(?:вопрос|задание|№)?\s*№?\s*([A-Z]?[0-9]{1,3}[аб]?)(?:\s*[.):].*|\s*)\Z", re.IGNORECASE | re.DOTALL
)
OPTION = re.compile(r"(.+?)\s*(?:\[\s*(.+)\s*\]|\(\s*([^()]+)\s*\))\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a column, and what the column is taken for."""

    place: int
    text: str
    column: str | None = None  # of the format, or code of a wide column; None: the column is not read
    ground: str = "none"  # own | known | kept | similar | none
    confidence: float = 0.0
    option: str | None = None  # a choice spread over columns: what a mark there means


@dataclass(frozen=True)
class Recognised:
    """A sheet with its table, header and columns; `table` is None where nobody but a person can tell."""

    sheet: Sheet
    table: str | None
    header_row: int
    headings: tuple[Heading, ...]
    given: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()  # tables that it may be
    terms: Mapping[int, str] = field(default_factory=dict)  # term of each column of marks, where columns have their own
    has_second_header: bool = False
    lines: tuple[int, ...] | None = None  # of the rows, where the sheet was put together of several files

    @cached_property
    def signature(self) -> str:
        """By which the same kind of file is known again."""
        return signature_of(heading.text for heading in self.headings)

    @property
    def unconfirmed(self) -> tuple[Heading, ...]:
        """Columns taken for something only because they are called alike."""
        return tuple(heading for heading in self.headings if heading.ground == "similar")


@dataclass(frozen=True, slots=True)
class Kept:
    """What a school once said about files with the same headings."""

    table: str
    columns: Mapping[str, str]  # plain heading -> column, empty where it is not to be read


def signature_of(headings: Iterable[str]) -> str:
    """Digest of the headings of a table."""
    return hashlib.sha256("\n".join(sorted(map(plain_words, headings))).encode()).hexdigest()


class Recogniser:
    """Knows the formats, the words of schools, and what one school said before."""

    def __init__(
        self,
        formats: Mapping[str, Format],
        words: Words,
        instruments: Mapping[str, Instrument],
        kept: Mapping[str, Kept],
    ) -> None:
        self.formats, self.words, self.instruments, self.kept = formats, words, instruments, kept
        self.known = {name: self._known_of(shape) for name, shape in formats.items() if name != "demand"}
        scales = (scale for each in instruments.values() for scale in _scales_of(each))
        self.all_known = set().union(*self.known.values(), words.codes["subjects"], scales)

    def _known_of(self, shape: Format) -> dict[str, str]:
        """Plain heading -> column, of the columns of a format and of those that name a student."""
        found: dict[str, str] = {}
        for column in (*shape.columns, *self.people_of(shape)):
            for heading in (column.name, column.text_ru, *column.headings):
                found.setdefault(plain_words(heading), column.name)
        return found

    def people_of(self, shape: Format) -> tuple[Column, ...]:
        """Columns that name a student, beside those of the format itself."""
        own = {column.name for column in shape.columns}
        return (
            tuple(column for column in self.words.people if column.name not in own) if shape.is_about_students else ()
        )

    def recognise(self, sheet: Sheet, file: str, table: str | None = None) -> Recognised:
        """The table that explains most headings and lacks nothing; the one that is asked for, whatever it lacks."""
        header_row = self.find_header(sheet)
        texts = filled_headings(sheet, header_row)
        context = read_context(sheet, header_row, file, self.words)
        kept = self.kept.get(signature_of(text for text in texts if text))
        asked = (
            [table] if table is not None else [kept.table] if kept is not None else self.tables_for(texts, file, sheet)
        )
        found = [self.fit(sheet, name, header_row, texts, context, kept) for name in asked]
        whole = [one for one in found if not one.missing and _explained(one) > 0]
        best = max(whole, key=_merit, default=None)
        if best is not None and (table is not None or [_merit(one) for one in whole].count(_merit(best)) == 1):
            return best
        if table is not None:
            return found[0]
        choices = tuple(one.table for one in sorted(whole or found, key=_merit, reverse=True) if one.table is not None)
        likely = max(found, key=_merit)
        return replace(likely, table=None if whole or _explained(likely) == 0 else likely.table, choices=choices[:12])

    def find_header(self, sheet: Sheet) -> int:
        """The row with most known headings; where there are none, the first of the fullest rows."""
        rows = range(min(sheet.row_count, HEADER_WITHIN))
        plain = [[plain_words(column[row]) for column in sheet.columns] for row in rows]
        known = [self._known_in({text for text in row if text}) for row in plain]
        if max(known, default=0) > 0:
            return known.index(max(known))
        full = [len({text for text in row if text}) for row in plain]
        return full.index(max(full))

    def _known_in(self, texts: set[str]) -> int:
        """How many known headings a row holds; numbers are items only where there are many, else they may be marks."""
        numbers = {text for text in texts if ITEM.fullmatch(text) is not None}
        return len((texts - numbers) & self.all_known) + (len(numbers) if len(numbers) >= FEWEST_ITEMS else 0)

    def tables_for(self, texts: Sequence[str], file: str, sheet: Sheet) -> list[str]:
        """Tables that a sheet may be; an instrument where its items are the headings."""
        plain = [name for name in self.known if name not in OF_INSTRUMENTS]
        items = {found[1] for text in texts if text and (found := ITEM.fullmatch(text)) is not None}
        fitting = [code for code, each in self.instruments.items() if items and _covers(items, each.items)]
        fitting = [code for code in fitting if items == set(self.instruments[code].items)] or fitting
        named = [code for code in fitting if code.lower() in f"{file} {sheet.title}".lower()]
        answers = [ANSWERS_MARK + code for code in named or fitting]
        return [*plain, *answers, *(SCORES_MARK + code for code in self._scored_in(texts, file, sheet))]

    def _scored_in(self, texts: Sequence[str], file: str, sheet: Sheet) -> list[str]:
        """Instruments most of whose scales are headings; the one that a name says, where several share scales."""
        said = {plain_words(text) for text in texts if text}
        shares = {
            code: sum(bool({plain_words(scale.code), plain_words(scale.title_ru)} & said) for scale in each.scales)
            for code, each in self.instruments.items()
        }
        fitting = [code for code, each in self.instruments.items() if shares[code] * 2 > len(each.scales)]
        named = [code for code in fitting if code.lower() in f"{file} {sheet.title}".lower()]
        most = [code for code in fitting if shares[code] == max(map(shares.__getitem__, fitting))]
        return named or most

    def fit(
        self, sheet: Sheet, table: str, header_row: int, texts: Sequence[str], context: Mapping[str, str],
        kept: Kept | None,
    ) -> Recognised:  # fmt: skip
        """What the columns would be if the sheet were this table."""
        shape = self.formats[format_name(table)]
        instrument = self.instruments.get(method_of(table) or "")
        headings = [self._heading(place, text, shape, instrument, kept) for place, text in enumerate(texts) if text]
        terms, is_below = self._terms(sheet, shape, header_row, headings)
        if shape.table == "marks" and not any(heading.column in self.words.reference.subjects for heading in headings):
            headings, terms = self._of_one_subject(headings, context)
        headings, taken = _each_once(headings, shape, terms)
        if kept is None:
            headings = self._with_likely(headings, shape, taken)
        columns = {heading.column for heading in headings if heading.column is not None}
        given = {name: text for name, text in context.items() if name not in columns}
        if terms:
            given["term"] = "1"  # each column has its own
        fits = {column.name for column in (*shape.columns, *self.people_of(shape))}
        given = {name: value for name, value in given.items() if name in fits}
        missing = tuple(_missing(shape, columns, given))
        return Recognised(
            sheet, table, header_row, tuple(headings), given, missing, terms=terms, has_second_header=is_below
        )

    def _terms(
        self, sheet: Sheet, shape: Format, header_row: int, headings: Sequence[Heading]
    ) -> tuple[dict[int, str], bool]:
        if shape.table != "marks":
            return {}, False
        subjects = self.words.reference.subjects
        return terms_above(sheet, header_row, [each.place for each in headings if each.column in subjects])

    @staticmethod
    def _of_one_subject(
        headings: Sequence[Heading], context: Mapping[str, str]
    ) -> tuple[list[Heading], dict[int, str]]:
        """A page of a journal about one subject: days, and at the end a column for each term."""
        subject = context.get("subject_code")
        terms = {each.place: term for each in headings if subject and (term := term_in(each.text)) is not None}
        named = [
            replace(each, column=subject, ground="known", confidence=1.0) if each.place in terms else each
            for each in headings
        ]
        return named, terms

    def _heading(
        self, place: int, text: str, shape: Format, instrument: Instrument | None, kept: Kept | None
    ) -> Heading:
        plain, known = plain_words(text), self.known[shape.table]
        if kept is not None and plain in kept.columns:
            return Heading(place, text, kept.columns[plain] or None, "kept", 1.0)
        if plain in known:
            ground = "own" if any(column.name == text for column in shape.columns) else "known"
            return Heading(place, text, known[plain], ground, 1.0)
        if shape.wide is not None:
            code = self._wide_code(text, plain, shape, instrument)
            return Heading(place, text, code, "known" if code else "none", 1.0 if code else 0.0)
        option = OPTION.fullmatch(text)
        if option is not None and plain_words(option[1]) in known:
            column = next((each for each in shape.columns if each.name == known[plain_words(option[1])]), None)
            if column is not None and column.type == "codes":
                return Heading(place, text, column.name, "known", 1.0, option[2] or option[3])
        return Heading(place, text)

    def _wide_code(self, text: str, plain: str, shape: Format, instrument: Instrument | None) -> str | None:
        if shape.wide is not None and shape.wide.vocabulary == "scales":
            scales = {} if instrument is None else _scales_of(instrument)
            return scales.get(plain)
        if instrument is None:
            subjects = self.words.codes["subjects"]
            return text if text in self.words.reference.subjects else subjects.get(plain)
        found = ITEM.fullmatch(text)
        code = text if text in instrument.items else found[1] if found is not None else None
        return code if code in instrument.items else None

    def _with_likely(self, headings: list[Heading], shape: Format, taken: set[str]) -> list[Heading]:
        """Headings that nobody knows, with the column that is called most alike and is still free."""
        from rapidfuzz import fuzz, process  # noqa: PLC0415 -- with the first file

        free = {plain: name for plain, name in self.known[shape.table].items() if name not in taken}
        if "full_name" in taken or "last_name" in taken or "student_id" in taken:
            free = {plain: name for plain, name in free.items() if name not in NAMES[:3]}
        proposed = []
        for heading in headings:
            plain = plain_words(heading.text)
            is_birth = OF_BIRTH in plain  # alike to many a day, and no column of ours
            if heading.column is not None or is_birth or len(plain) < LETTERS_FOR_LIKENESS or not free:
                proposed.append(heading)
                continue
            best = process.extractOne(plain, list(free), scorer=fuzz.WRatio, score_cutoff=ALIKE)
            if best is None:
                proposed.append(heading)
                continue
            column = free[best[0]]
            free = {other: name for other, name in free.items() if name != column}
            proposed.append(replace(heading, column=column, ground="similar", confidence=round(best[1] / 100, 2)))
        return proposed


def _each_once(found: Iterable[Heading], shape: Format, terms: Mapping[int, str]) -> tuple[list[Heading], set[str]]:
    """A column is taken once: a second heading for it is not read, but for choices spread over columns, and terms."""
    lists = {column.name for column in shape.columns if column.type == "codes"}
    kept, seen = [], set()
    for each in found:
        heading = each
        key = (heading.column, terms.get(heading.place))
        is_more = heading.column in lists and heading.option is not None
        is_odd = bool(terms) and heading.column is not None and heading.ground == "known" and key[1] is None
        is_wide = heading.column not in {*NAMES, *(column.name for column in shape.columns)}
        if (key in seen and not is_more) or (is_odd and is_wide):
            heading = Heading(heading.place, heading.text)
        if heading.column is not None:
            seen.add(key)
        kept.append(heading)
    return kept, {column for column, _ in seen if column is not None}


def _scales_of(instrument: Instrument) -> dict[str, str]:
    """Plain heading -> scale."""
    titles = {plain_words(scale.title_ru): scale.code for scale in instrument.scales}
    return {**titles, **{plain_words(scale.code): scale.code for scale in instrument.scales}}


def _covers(items: set[str], all_items: Sequence[str]) -> bool:
    return items <= set(all_items) and len(items) * 10 >= len(all_items) * 8


def _explained(found: Recognised) -> int:
    """Headings that say more than of whom a row is; of a class list nothing more is wanted."""
    of_whom = () if found.table == ROSTER else (*NAMES, "student_id", "school_year")  # of a class: whose hours
    return sum(heading.column is not None and heading.column not in of_whom for heading in found.headings)


def _merit(found: Recognised) -> float:
    """Headings explained; alike is half of known."""
    return sum(0.5 if heading.ground == "similar" else 1.0 for heading in found.headings if heading.column is not None)


def _missing(shape: Format, columns: set[str], given: Mapping[str, str]) -> Iterable[str]:
    """Required columns that neither a column, nor a line above, nor a rule of the format stands for."""
    is_named = "full_name" in columns or {"last_name", "first_name"} <= columns
    for column in shape.columns:
        if not column.required or column.name in columns or column.name in given:
            continue
        if column.absent in ("this_year", "kept") or (column.absent == "named" and is_named):
            continue
        if column.name in ("last_name", "first_name") and is_named:
            continue
        yield column.name
