"""What the sample region offers: schools, hosts, and the catalogue of each school year with seats and dates."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from recommender.reference import Reference
from recommender.reference_rows import grade_span, read_rows, split_codes
from recommender.synthetic_people import CURRENT, GRADES, SCHOOL_YEARS, Floats, RegionSize, random_day, year_day

ALL_CONDITIONS = ("mobility", "vision", "hearing", "speech", "intellectual")
SCHOOL_TITLES = (
    "Средняя школа № 1", "Гимназия № 2", "Средняя школа № 3 (станица Северная)", "Средняя школа № 4",
    "Лицей № 5", "Средняя школа № 6 (хутор Садовый)",
)  # fmt: skip
SCHOOL_PLACES = ((1.0, 0.5), (-1.5, 1.0), (9.0, 12.0), (2.5, -2.0), (-0.5, -1.5), (-14.0, 6.0))
# host: title, kind, place, the SPO groups of its trials
HOSTS: Mapping[str, tuple[str, str, tuple[float, float] | None, str]] = {
    "col01": ("Политехнический колледж", "college", (2.0, 1.5), "11 12 13 14 15 22 27"),
    "col02": ("Строительный техникум", "college", (-3.0, -1.0), "07 08 21 29"),
    "col03": ("Колледж информационных технологий", "college", (0.5, 0.0), "09 10 46 54 55"),
    "col04": ("Медицинский колледж", "college", (1.0, 2.0), "31 32 33 34"),
    "col05": ("Аграрный техникум", "college", (10.0, 10.0), "35 36 05"),
    "col06": ("Колледж транспорта и связи", "college", (4.0, -3.0), "23 24 25 26"),
    "col07": ("Педагогический колледж", "college", (-1.0, 0.5), "39 44 49"),
    "col08": ("Колледж культуры и искусств", "college", (0.0, 1.0), "51 52 53 42"),
    "col09": ("Колледж сервиса и права", "college", (-2.0, 2.0), "38 40 43 18 19 20"),
    "ent01": ("Энергосети района", "enterprise", (5.0, 4.0), "11 13 14"),
    "ent02": ("Дорожно-строительное управление", "enterprise", (7.0, -5.0), "08 18"),
    "ent03": ("Хлебозавод и молочный цех", "enterprise", (3.0, -1.0), "19"),
    "ent04": ("Пожарно-спасательный отряд", "enterprise", (0.0, -3.0), "20"),
    "ent05": ("Агрофирма «Сады»", "enterprise", (-12.0, 7.0), "35 36"),
    "ent06": ("Санаторий и гостиница", "enterprise", (-6.0, -8.0), "43 23"),
    "ent07": ("Районный банк и центр социальных услуг", "enterprise", (0.5, 0.5), "38 39"),
    "net01": ("Онлайн-площадка проб", "online", None, ""),
}
SCHOOL_PROFILES = (
    ("tech-eng", "tech-it", "soc-econ", "sci-med", "univ"),
    ("hum-ling", "soc-law", "soc-econ", "sci-bio", "hum-psyped", "univ"),
    ("tech-agro", "sci-agro", "cossack", "tour", "univ"),
    ("med-pre", "ped-pre", "cadet", "biz-pre", "univ"),
    ("tech-eng", "it-pre", "sci-med", "uav", "soc-law", "univ"),
    ("rosneft-ind", "sci-agro", "hum-art", "eng-pre", "univ"),
)
LATER_PROFILES = {1: (1, "hum-art"), 2: (3, "it-pre"), 3: (2, "med-pre")}  # year -> a school opens one more


@dataclass(frozen=True)
class Programme:
    """An elective or a trial of the examples; `conditions` are those it can meet."""

    code: str
    title: str
    grades: frozenset[int]
    profiles: tuple[str, ...]
    subjects: tuple[str, ...]
    spo_codes: tuple[str, ...]
    seats: int
    hours: str
    host_kind: str
    conditions: tuple[str, ...]
    restrictions: tuple[str, ...]
    level: str


@dataclass(frozen=True)
class Offer:
    """A row of the catalogue; `host` is a code of a school or a host."""

    year: int
    kind: str
    programme: Programme
    host: str
    seats: int
    dates: tuple[date, ...]
    apply_until: date
    grades: frozenset[int]
    conditions: tuple[str, ...]

    @property
    def pathway_code(self) -> str:
        """Stable over the years."""
        return f"{self.host}-{self.programme.code}"

    def as_row(self) -> list[object]:
        """Cells in the order of `columns.CATALOGUE`."""
        p = self.programme
        grades = f"{min(self.grades)}-{max(self.grades)}" if len(self.grades) > 1 else str(min(self.grades))
        return [
            SCHOOL_YEARS[self.year], self.kind, self.pathway_code, p.code, p.title, self.host, grades,
            ";".join(p.profiles), ";".join(p.subjects), ";".join(p.spo_codes), self.seats, p.hours,
            ";".join(day.isoformat() for day in self.dates), self.apply_until.isoformat(),
            ";".join(self.conditions), ";".join(p.restrictions), p.level,
        ]  # fmt: skip


def school_codes(size: RegionSize) -> list[str]:
    """Codes of the schools, `sch01` on."""
    return [f"sch{number + 1:02d}" for number in range(size.schools)]


def electives(folder: Path) -> list[Programme]:
    """Electives of the examples that grades 8-11 may take."""
    rows = read_rows(folder / "electives_examples.csv", ["code", "profiles", "subjects", "hours_per_year", "grades"])
    found = []
    for row in rows:
        grades = grade_span(row["grades"]) & set(GRADES)
        conditions = ALL_CONDITIONS if row["ovz_accessible"] == "yes" else ("hearing", "speech")
        found.append(
            Programme(
                row["code"], row["title_ru"], frozenset(grades), split_codes(row["profiles"]),
                split_codes(row["subjects"]), (), int(row["group_limit"]), row["hours_per_year"], "school",
                conditions, (), "",
            )
        )  # fmt: skip
    return found


def trials(folder: Path, count: int) -> list[Programme]:
    """The first `count` career trials of the examples."""
    found = []
    for row in read_rows(folder / "career_trials_examples.csv", ["code", "spo_codes", "host_kind", "capacity"])[:count]:
        grades = grade_span(row["grades"]) & set(GRADES)
        conditions = tuple(word for word in ALL_CONDITIONS if row[f"ovz_{word}"] == "y")
        kind = "online" if row["format"] == "online" else row["host_kind"]
        found.append(
            Programme(
                row["code"], row["title_ru"], frozenset(grades), (), (), split_codes(row["spo_codes"]),
                int(row["capacity"]), row["duration_hours"], kind, conditions,
                split_codes(row["restriction_tags"]), row["level"],
            )
        )  # fmt: skip
    return found


def profile_programmes(reference: Reference) -> dict[str, Programme]:
    """Profile classes as programmes, by profile code."""
    grade9 = frozenset({9})
    return {
        code: Programme(
            code, profile.title_ru, grade9, (code,), profile.advanced_subjects, (), 0, "", "school",
            ALL_CONDITIONS, (), "",
        )
        for code, profile in reference.profiles.items()
    }  # fmt: skip


def host_of_trial(trial: Programme) -> str:
    """The host that holds a trial: by the group of its first SPO code and the kind of host it needs."""
    if trial.host_kind == "online":
        return "net01"
    wanted = "enterprise" if trial.host_kind == "enterprise" else "college"
    group = trial.spo_codes[0][:2]
    hosts = [code for code, (_, _, _, groups) in HOSTS.items() if group in groups.split()]
    return next((code for code in hosts if HOSTS[code][1] == wanted), hosts[0])


def profile_offers(size: RegionSize, reference: Reference, year: int) -> list[Offer]:
    """Profile classes that grade 9 may enter after a school year; a class once opened stays."""
    programmes = profile_programmes(reference)
    opening, until = year_day(year, 8, 31) + timedelta(days=1), year_day(year, 8, 20)
    found = []
    for school, host in enumerate(school_codes(size)):
        profiles = list(SCHOOL_PROFILES[school % len(SCHOOL_PROFILES)])
        profiles += [code for since, (where, code) in LATER_PROFILES.items() if where == school and since <= year]
        places = size.class_size * size.classes * 0.85 / len(profiles)
        for profile in profiles:
            seats = max(2, round(places * (1.6 if profile == "univ" else 1.0)))
            conditions = tuple(c for c in ALL_CONDITIONS if school % 3 != 2 or c != "mobility")
            offer = Offer(
                year, "profile_class", programmes[profile], host, seats, (opening,), until, frozenset({9}), conditions
            )
            found.append(offer)
    return found


def elective_offers(
    rng: np.random.Generator, size: RegionSize, programmes: list[Programme], before: Iterable[Offer], year: int
) -> list[Offer]:
    """Electives that the schools open: most of last year's again, 18-24 in each school."""
    found = []
    last = {(offer.host, offer.programme.code) for offer in before}
    for host in school_codes(size):
        kept = [p for p in programmes if (host, p.code) in last and rng.random() < 0.85]
        others = [p for p in programmes if p not in kept]
        missing = max(0, int(rng.integers(18, 25)) - len(kept))
        opened = kept + [others[i] for i in rng.permutation(len(others))[:missing]]
        for programme in sorted(opened, key=lambda p: p.code):
            starts, until = _elective_days(rng, year)
            seats = int(np.clip(round(programme.seats * size.class_size / 32 * rng.uniform(0.5, 0.95)), 4, 30))
            found.append(
                Offer(
                    year, "elective", programme, host, seats, (starts,), until, programme.grades, programme.conditions
                )
            )
    return found


def _elective_days(rng: np.random.Generator, year: int) -> tuple[date, date]:
    """Start and last day to apply; the current year enrols later, so that its choice is still open."""
    if year == CURRENT and rng.random() < 0.92:
        starts = random_day(rng, year_day(year, 10, 7), year_day(year, 10, 16))
        return starts, starts - timedelta(days=1)
    starts = random_day(rng, year_day(year, 9, 15), year_day(year, 10, 1))
    return starts, max(starts - timedelta(days=int(rng.integers(1, 4))), year_day(year, 9, 10))


def trial_offers(
    rng: np.random.Generator, programmes: list[Programme], popular: Container[str], year: int
) -> list[Offer]:
    """Career trials with one to four dates from the end of September to May; popular ones with two groups a date."""
    found = []
    for programme in programmes:
        first, last = year_day(year, 9, 25), year_day(year, 5, 20)
        days = sorted(
            {random_day(rng, first, last) for _ in range(int(rng.choice([1, 2, 3, 4], p=[0.1, 0.3, 0.35, 0.25])))}
        )
        if year == CURRENT and days[-1] < year_day(year, 11, 1):
            days.append(random_day(rng, year_day(year, 11, 5), last))
        seats = programme.seats * len(days) * (2 if programme.code in popular else 1)
        until = days[-1] - timedelta(days=3)
        host = host_of_trial(programme)
        found.append(
            Offer(
                year, "career_trial", programme, host, seats, tuple(days), until, programme.grades, programme.conditions
            )
        )
    return found


def travel_minutes(size: RegionSize, rng: np.random.Generator) -> dict[tuple[str, str], float]:
    """Minutes from each school to each school and host: by bus, with direct lines between some; online 0."""
    places: dict[str, tuple[float, float] | None] = {host: facts[2] for host, facts in HOSTS.items()}
    places |= {code: SCHOOL_PLACES[i % len(SCHOOL_PLACES)] for i, code in enumerate(school_codes(size))}
    minutes = {}
    for school in school_codes(size):
        here = places[school]
        for target, there in places.items():
            if there is None or here is None or target == school:
                minutes[school, target] = 0.0
                continue
            distance = float(np.hypot(here[0] - there[0], here[1] - there[1]))
            direct = rng.random() < 0.35
            minutes[school, target] = 5.0 + distance * (1.8 if direct else 3.2) + (0.0 if direct else 8.0)
    return minutes


def travel_cost(minutes: Floats) -> Floats:
    """Nobody minds a quarter of an hour; from there it costs more and more, and beyond an hour it is all the same."""
    cost: Floats = np.clip((minutes - 15.0) / 45.0, 0.0, 1.0) ** 0.8
    return cost
