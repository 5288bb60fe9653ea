"""Which column of a table says what: by the words of its header, or by what its cells hold where there is no header."""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from recommender.document import DocumentRow
from recommender.listed_cells import find_horizon, in_cyrillic, level_in_words, read_count, take_codes
from recommender.listed_titles import normalised_title

TITLE, CODE, FOREIGN, NUMBER = "title", "code", "foreign", "number"
NEED, LEVEL, RANK, HORIZON, SECTION, MARK, OTHER = "need", "level", "rank", "horizon", "section", "mark", "other"

OWN_TITLE = "profession_title"
OWN_FORMAT = {  # the columns of our own CSV, and of whoever writes headers in English
    "title": TITLE, "profession": TITLE, "code": CODE, "position": NUMBER,
    OWN_TITLE: TITLE, "spo_codes": CODE, "demand_level": LEVEL,
    "demand_level_illustrative": LEVEL, "vacancies": NEED, "horizon": HORIZON, "edition": OTHER, "published": OTHER,
    "region": OTHER, "source": OTHER, "title_basis": OTHER,
}  # fmt: skip
ROLE_WORDS = tuple(
    (role, re.compile(pattern, re.IGNORECASE))
    for role, pattern in (
        (NUMBER, r"^(№|n|n п/п|п/п|№ ?п/?п\.?|номер|номер по порядку|номер п/п)$|^№ ?п"),
        (MARK, r"^(востребованн|перспективн|текущ|актуальн)(ые|ие|ая|ый)$"),
        (SECTION, r"угпс|\bугс\b|укрупн|^(наименован\w*|вид\w*) (отрасл|район|муниципал|экономическ|деятельност)"),
        (FOREIGN, r"окпдтр|\bокз\b|оквэд|\bетн\b"),
        (
            TITLE,
            r"^(код\w* и )?(наименован|назван|профессия|профессии|специальност|должност|рабочая професс|перечень|"
            r"востребованн|перспективн|требуем|список).*\b(професси[яийею]|специальност[ьией]|должност[ьией])\b"
            r"|^(профессия|профессии|специальность|специальности|должность|должности)\b|^код\w* и наименован",
        ),
        (CODE, r"\bкод"),
        (
            OTHER,
            r"образовани|квалификац|зарплат|заработн|оклад|примечан|\bсрок|адрес|телефон|контакт|организаци|работодат|"
            r"предприяти|учрежден|колледж|сайт|источник|условия|график|возраст",
        ),
        (TITLE, r"направлени\w* подготовки"),
        (SECTION, r"отрасл|деятельност|\bсфера|район|муниципал|округ|кластер|сектор|раздел|укрупн|групп|территори"),
        (HORIZON, r"горизонт|^период|срочность|текущ\w* ?/ ?перспективн"),
        (RANK, r"^ранг|^рейтинг|^приоритет|^место\b"),
        (LEVEL, r"уровень|степень|востребованность|дефицитность|\bбалл"),
        (NEED, r"ваканси|потребност|количеств|кол-во|численност|^число|человек|\bчел\b|требуется|спрос|нехватк"),
        (TITLE, r"^(наименование|название)$"),
    )
)
BELOW_HEADER = re.compile(
    r"(на )?20\d{2}( ?(г|гг|год|году|года)\.?)?|всего|в т\.? ?ч\.?.*|из них.*|итого", re.IGNORECASE
)
MAX_HEADER = 160  # letters of a header cell
MOSTLY = 0.6


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of each role, by index from the left."""

    roles: dict[str, tuple[int, ...]]
    horizons: dict[int, str] = field(default_factory=dict)  # of columns whose header says now or later
    one_title: bool = False  # our own CSV: a cell names one profession, whatever signs it holds

    def of(self, role: str) -> tuple[int, ...]:
        """Indices of one role."""
        return self.roles.get(role, ())

    def beside(self, role: str, title: int) -> tuple[int, ...]:
        """Columns of a role that belong to one of several title columns; all of them where there are fewer."""
        columns, titles = self.of(role), self.of(TITLE)
        if len(titles) <= 1 or len(columns) < len(titles):
            return columns
        leads = columns[0] < titles[0]  # "code, title, code, title" against "title, code, title, code"
        owners = {
            column: (
                min((t for t in titles if t > column), default=titles[-1])
                if leads
                else max((t for t in titles if t < column), default=titles[0])
            )
            for column in columns
        }
        return tuple(column for column in columns if owners[column] == title)


def role_of(text: str) -> str | None:
    """What a column is for, by its header.

    Examples
    --------
    >>> [role_of(text) for text in ("№ п/п", "Наименование профессии", "Код ОКПДТР", "Код", "Заявленная потребность")]
    ['number', 'title', 'foreign', 'code', 'need']
    >>> role_of("Специалист по кадрам") is None
    True
    """
    text = " ".join(in_cyrillic(text).lower().split()).rstrip(".:*")
    if text in OWN_FORMAT:
        return OWN_FORMAT[text]
    if not text or len(text) > MAX_HEADER:
        return None
    return next((role for role, pattern in ROLE_WORDS if pattern.search(text)), None)


def is_header(row: DocumentRow) -> bool:
    """Whether a row names columns: a title or a code among them, and every second of its cells understood."""
    printed = row.printed()
    roles = {place: role_of(cell) for place, cell in printed.items()}
    understood = [role for role in roles.values() if role is not None]
    if not {TITLE, CODE} & set(understood) or take_codes(" ".join(printed.values()))[0]:
        return False
    if set(understood) == {TITLE}:  # "in demand" and "promising" side by side
        return len({find_horizon(cell) for cell in printed.values()} - {None}) == 2
    return len(set(understood)) >= 2 and len(understood) * 2 >= len(printed)


def goes_on(header: DocumentRow, row: DocumentRow, known: Container[str]) -> bool:
    """Whether a row under a header still belongs to it: it shares a cell with it, or says nothing but header words.

    A title of SPO is no header word, though it may hold one: "… (по отраслям)".
    """
    printed = row.printed()
    if not printed or take_codes(" ".join(printed.values()))[0]:
        return False
    if any(normalised_title(cell) in known for cell in printed.values()):
        return False
    shared = set(printed) & set(header.printed())
    new = [cell for place, cell in printed.items() if place not in shared]
    return (bool(shared) or len(new) > 1) and all(
        role_of(cell) is not None or BELOW_HEADER.fullmatch(" ".join(cell.split())) for cell in new
    )


def columns_of(header: Sequence[DocumentRow]) -> Columns:
    """Roles of the columns under a header of one or more rows; the lowest row that says something decides."""
    roles: dict[str, list[int]] = {}
    horizons: dict[int, str] = {}
    for column in range(len(header[0].cells)):
        texts = [row.cells[column] for row in header if column < len(row.cells)]
        whole = " ".join(dict.fromkeys(texts))
        role = next((found for text in reversed(texts) if (found := role_of(text)) is not None), None)
        horizon = find_horizon(whole)
        if role in {NEED, MARK, TITLE} and horizon is not None:
            horizons[column] = horizon
        if role is not None:
            roles.setdefault(role, []).append(column)
    own = any(cell.strip().lower() == OWN_TITLE for row in header for cell in row.cells)
    return Columns({role: tuple(columns) for role, columns in roles.items()}, horizons, own)


def guess_columns(rows: Sequence[DocumentRow]) -> Columns:
    """Roles of columns without a header, by what most of their cells hold."""
    body = [row for row in rows if len(row.printed()) > 1]
    width = len(rows[0].cells) if rows else 0
    if width == 1:
        return Columns({TITLE: (0,)})
    roles: dict[str, list[int]] = {}
    letters: dict[int, int] = {}
    for column in range(width):
        cells = [row.cells[column].strip() for row in body if column < len(row.cells) and row.cells[column].strip()]
        role = _role_by_cells(cells)
        if role is None:
            letters[column] = sum(letter.isalpha() for cell in set(cells) for letter in cell)
        else:
            roles.setdefault(role, []).append(column)
    if letters and max(letters.values()) > 0:
        roles[TITLE] = [max(letters, key=lambda column: (letters[column], -column))]
    return Columns({role: tuple(columns) for role, columns in roles.items()})


def _role_by_cells(cells: Sequence[str]) -> str | None:
    if not cells:
        return OTHER
    if _mostly([bool(codes) and not any(map(str.isalpha, rest)) for codes, rest in map(_codes, cells)]):
        return CODE
    numbers = [cell.rstrip(".)") for cell in cells]
    if [number for number in numbers if number.isdecimal()] == numbers and _counts_up([int(n[:9]) for n in numbers]):
        return NUMBER
    if _mostly([read_count(cell) is not None for cell in cells]):
        return NEED
    if _mostly([level_in_words(cell) is not None and len(cell.split()) <= 3 for cell in cells]):
        return LEVEL
    return None


def _codes(cell: str) -> tuple[tuple[str, ...], str]:
    return take_codes(cell, of_codes=True)


def _mostly(answers: Sequence[bool]) -> bool:
    return sum(answers) >= MOSTLY * len(answers)


def _counts_up(numbers: Sequence[int]) -> bool:
    return len(numbers) > 1 and numbers[0] <= 1 and all(b in {a + 1, 1} for a, b in pairwise(numbers))
