"""What the schools of the sample region write down: rosters, journals, surveys, diagnostics, exams."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from recommender.reference import Reference
from recommender.synthetic_answers import answer_sheets
from recommender.synthetic_catalogue import Offer
from recommender.synthetic_choices import early_wishes, with_noise
from recommender.synthetic_people import (
    AS_OF,
    CURRENT,
    SCHOOL_YEARS,
    Bools,
    Floats,
    Ints,
    People,
    RegionSize,
    random_day,
    true_marks,
    year_day,
)
from recommender.synthetic_spheres import GROUP_SPHERES, SUBJECT_SPHERES, sphere_vector
from recommender.synthetic_tastes import EXAM_SUBJECTS, SUBJECTS, Tastes, liking, worth

LETTERS = "АБВГ"
METHODS_OF_GRADE = {
    8: ("DDO20", "PROFIL50"),
    9: ("HOL43", "PROFIL50", "RIASEC48"),
    10: ("RIASEC48", "HOL43"),
    11: ("RIASEC48",),
}
CLASS_TESTED, STUDENT_TESTED, CLASS_TESTED_THIS_SEPTEMBER = 0.42, 0.82, 0.25
ANSWERED_PROFILE, ANSWERED_EXAM, ANSWERED_ELECTIVE = 0.68, 0.72, 0.68
MARK_NOISE = 0.36
KNOWN_AT_SCHOOL = 1.3  # how much more readily a profile of the own school is named in a survey
EASE_OF_CHOICE = {"geo": 0.5, "soc": 0.6, "inf": 0.35}  # exams that are taken because they are thought easy
TERMS = {8: (1, 2, 3, 4), 9: (1, 2, 3, 4), 10: (2, 4), 11: (2, 4)}


@dataclass
class Region:
    """The region while it is being made; `rows` collects what goes into the files of each school.

    Attributes
    ----------
    rows : mapping of (school, file) to list of rows
    profile_of : mapping of student to profile code
        Profile class of those in grades 10 and 11.
    exams_of : mapping of student to subject codes
        Chosen exams of the year.
    profile_wishes, elective_wishes : mapping of student to programme codes
        What the surveys of the year say.
    """

    size: RegionSize
    reference: Reference
    people: People
    tastes: Tastes
    offers: list[list[Offer]]
    minutes: dict[tuple[str, str], float]
    rows: dict[tuple[int, str], list[list[object]]] = field(default_factory=dict)
    profile_of: dict[int, str] = field(default_factory=dict)
    exams_of: dict[int, tuple[str, ...]] = field(default_factory=dict)
    profile_wishes: dict[int, tuple[str, ...]] = field(default_factory=dict)
    elective_wishes: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def add(self, file: str, year: int, student: int, cells: list[object], on: date | None = None) -> None:
        """Keep a row in the file of the student's school of that year, unless it lies after the day of the sample."""
        if on is None or on <= AS_OF:
            school = int(self.people.school[student, year])
            self.rows.setdefault((school, file), []).append([self.people.student_id[student], *cells])

    def offers_of(self, year: int, kind: str) -> list[Offer]:
        """Offers of one kind."""
        return [offer for offer in self.offers[year] if offer.kind == kind]

    def marks(self, year: int) -> Floats:
        """True marks in SUBJECTS, shape (n_students, n_subjects)."""
        return true_marks(self.people, year, SUBJECTS, self.tastes.teachers)

    def in_grade(self, year: int, grade: int) -> Ints:
        """Students on the rosters of a grade."""
        return np.flatnonzero(self.people.present(year) & (self.people.grade(year) == grade))


def write_roster(region: Region, year: int) -> None:
    """Class lists of a year."""
    people = region.people
    for student in np.flatnonzero(people.present(year)).tolist():
        last, first = people.names[student]
        title = f"{people.grade(year)[student]}{LETTERS[people.letter[student, year]]}"
        consents = ["yes" if given else "no" for given in people.consents[student]]
        conditions, restrictions = people.conditions[student], people.restrictions[student]
        sex = "f" if people.is_girl[student] else "m"
        cells = [SCHOOL_YEARS[year], title, last, first, sex, *consents, ";".join(conditions), ";".join(restrictions)]
        region.add("roster", year, student, list(cells))


def write_marks(rng: np.random.Generator, region: Region, year: int) -> None:
    """Marks by term; of those new to the rosters with the last term of the grade before."""
    worth_of_work = region.marks(year)
    grades = region.people.grade(year)
    for student in np.flatnonzero(region.people.present(year) & ~region.people.marks_missing).tolist():
        grade = int(grades[student])
        joined = int(region.people.first_year[student])
        if year == joined and (joined == 0 or grade == 8):
            before = f"{int(SCHOOL_YEARS[year][:4]) - 1}-{SCHOOL_YEARS[year][2:4]}"
            cells = _term_marks(rng, region, student, year, grade - 1, worth_of_work[student])
            region.add("marks", year, student, [before, 4, *cells])
        for term in () if year == CURRENT else TERMS[grade]:
            cells = _term_marks(rng, region, student, year, grade, worth_of_work[student])
            region.add("marks", year, student, [SCHOOL_YEARS[year], term, *cells])


def _term_marks(
    rng: np.random.Generator, region: Region, student: int, year: int, grade: int, worth_of_work: Floats
) -> list[object]:
    motivated = _advanced(region, student) if grade >= 10 else ()
    school = int(region.people.school[student, year])
    noisy = worth_of_work + rng.normal(0.0, MARK_NOISE, len(SUBJECTS))
    absent = rng.random(len(SUBJECTS)) < 0.012
    cells: list[object] = []
    for column, code in enumerate(SUBJECTS):
        taught = grade in region.reference.subjects[code].grades and (code != "draw" or school % 2 == 0)
        exempt = code == "pe" and region.people.conditions[student]
        value = noisy[column] + (0.12 if code in motivated else 0.0)
        cells.append("" if not taught or exempt or absent[column] else int(np.clip(round(value), 2, 5)))
    return cells


def _advanced(region: Region, student: int) -> tuple[str, ...]:
    profile = region.profile_of.get(student)
    return region.reference.profiles[profile].advanced_subjects if profile else ()


def write_answers(rng: np.random.Generator, region: Region, year: int) -> None:
    """Diagnostics class by class: not every class, not every student, nobody without consent."""
    people = region.people
    share = CLASS_TESTED_THIS_SEPTEMBER if year == CURRENT else CLASS_TESTED
    for grade, methods in METHODS_OF_GRADE.items():
        for method in methods:
            tested = _tested(rng, people, region.in_grade(year, grade), year, share)
            if method == "RIASEC48" and year == 0:
                continue  # the built-in test came a year later
            instrument = region.reference.instruments[method]
            sheets = answer_sheets(instrument, rng, people, tested, year)
            last = year_day(year, 9, 28) if year == CURRENT else year_day(year, 11, 20)
            for student, sheet in zip(tested.tolist(), sheets, strict=True):
                on = random_day(rng, year_day(year, 9, 6), last)
                region.add(f"answers_{method}", year, student, [on, *sheet], on)


def _tested(rng: np.random.Generator, people: People, students: Ints, year: int, share: float) -> Ints:
    rooms = people.school[students, year] * 10 + people.letter[students, year]
    every = np.unique(rooms)
    chosen = rng.permutation(every)[: round(share * len(every))]
    takes: Bools = np.isin(rooms, chosen)
    takes &= people.consents[students, 0] & (rng.random(len(students)) < STUDENT_TESTED)
    return students[takes]


def write_profile_survey(rng: np.random.Generator, region: Region, year: int, leaning: Floats) -> None:
    """Grade 9 says which profile it would like; `leaning` > 0 = towards a college, shape (n_students,)."""
    students = region.in_grade(year, 9)
    profiles = sorted({offer.programme.code for offer in region.offers_of(year, "profile_class")})
    order = early_wishes(
        rng, worth(region.tastes, region.people, year, students, profiles), _known(region, year, students)
    )
    trades = _trades(rng, region, year, students)
    count = round(len(students) * (0.65 if year == CURRENT else ANSWERED_PROFILE))
    answered = np.sort(rng.permutation(len(students))[:count])
    first, last = (9, 16), (9, 27)
    if year != CURRENT:
        first, last = (10, 10), (12, 20)
    for row in answered.tolist():
        student = int(students[row])
        on = random_day(rng, year_day(year, *first), year_day(year, *last))
        wish = [profiles[j] for j in order[row, :2]]
        wish[0] = "" if rng.random() < 0.07 else wish[0]
        wish[1] = "" if rng.random() < 0.35 or not wish[0] else wish[1]
        region.profile_wishes[student] = tuple(wish)
        stated = leaning[student] + rng.normal(0.0, 0.5)
        plan = "grade10" if stated < -0.3 else "college" if stated > 0.3 else "undecided"
        plan = "" if rng.random() < 0.05 else plan
        codes = [] if rng.random() < 0.45 else trades[row][: int(rng.integers(1, 4))]
        region.add("profile_survey", year, student, [on, *wish, plan, ";".join(codes)], on)


def _known(region: Region, year: int, students: Ints) -> Floats:
    """Profiles of the own school come to mind first, shape (n_students, n_profiles), columns sorted by code."""
    offers = region.offers_of(year, "profile_class")
    profiles = sorted({offer.programme.code for offer in offers})
    own = np.zeros((region.size.schools, len(profiles)))
    for offer in offers:
        own[int(offer.host[3:]) - 1, profiles.index(offer.programme.code)] = KNOWN_AT_SCHOOL
    known: Floats = own[region.people.school[students, year]]
    return known


def _trades(rng: np.random.Generator, region: Region, year: int, students: Ints) -> list[list[str]]:
    """SPO codes that students would name, best first."""
    codes = [code for code, spo in region.reference.spo.items() if spo.status == "active"]
    known = [codes[i] for i in sorted(rng.choice(len(codes), size=min(90, len(codes)), replace=False))]
    mixtures = np.array([sphere_vector(GROUP_SPHERES[code[:2]]) for code in known])
    wanted = with_noise(rng, 1.75 * liking(region.people.interests[year, students], mixtures), 0.5)
    return [[known[j] for j in np.argsort(-row, kind="stable")[:3]] for row in wanted]


def choose_exams(
    rng: np.random.Generator, region: Region, year: int, students: Ints, count: int
) -> list[tuple[str, ...]]:
    """Exams of choice: what is liked, what goes well, what the profile asks, what is thought easy."""
    subjects = [code for code in EXAM_SUBJECTS if code not in {"rus", "math"}]
    mixtures = np.array([sphere_vector(SUBJECT_SPHERES[code]) for code in subjects])
    columns = np.array([SUBJECTS.index(code) for code in subjects], dtype=np.int64)
    marks = region.marks(year)[np.ix_(students, columns)]
    utility = 0.8 * liking(region.people.interests[year, students], mixtures) + 0.9 * (marks - 3.7)
    utility += np.array([EASE_OF_CHOICE.get(code, 0.0) for code in subjects])
    profiles = sorted({offer.programme.code for offer in region.offers_of(year, "profile_class")})
    leaning = early_wishes(rng, worth(region.tastes, region.people, year, students, profiles))[:, 0]
    for row, student in enumerate(students.tolist()):
        wished = region.reference.profiles[region.profile_of.get(student, profiles[leaning[row]])]
        wanted = wished.advanced_subjects if student in region.profile_of else wished.oge_subjects[:2]
        utility[row] += [1.2 if code in wanted else 0.0 for code in subjects]
    order = np.argsort(-with_noise(rng, utility, 0.3), axis=1, kind="stable")[:, :count]
    return [tuple(sorted(subjects[j] for j in row)) for row in order.tolist()]


def write_exam_survey(rng: np.random.Generator, region: Region, year: int) -> None:
    """Grades 9 and 11 name the exams they mean to take; most keep to it."""
    for grade, count in ((9, 2), (11, 2)):
        students = region.in_grade(year, grade)
        planned = choose_exams(rng, region, year, students, count)
        final = choose_exams(rng, region, year, students, count)
        for student, plan, later in zip(students.tolist(), planned, final, strict=True):
            region.exams_of[student] = plan if rng.random() < 0.85 else later
            if rng.random() < ANSWERED_EXAM:
                on = random_day(rng, year_day(year, 11, 5), year_day(year, 1, 25))
                region.add("exam_survey", year, student, [on, ";".join(plan)], on)


def write_elective_survey(rng: np.random.Generator, region: Region, year: int) -> None:
    """Before the school year students name electives they would like, also some that will not be opened."""
    people = region.people
    region.elective_wishes.clear()
    everything = sorted({offer.programme.code for offer in region.offers_of(year, "elective")})
    for school in range(region.size.schools):
        students = np.flatnonzero(people.present(year) & (people.school[:, year] == school))
        opened = {o.programme.code for o in region.offers_of(year, "elective") if o.host == f"sch{school + 1:02d}"}
        codes = sorted(opened | {code for code in everything if rng.random() < 0.15})
        order = early_wishes(rng, worth(region.tastes, people, year, students, codes))
        for row in np.flatnonzero(rng.random(len(students)) < ANSWERED_ELECTIVE).tolist():
            student = int(students[row])
            new = int(people.first_year[student]) == year or people.school[student, year - 1] != school
            first = year_day(year, 9, 1) - timedelta(days=10 if new else 105)
            on = random_day(rng, first, first + timedelta(days=8 if new else 25))
            wished = [codes[j] for j in order[row, : int(rng.integers(1, 5))]]
            region.elective_wishes[student] = tuple(wished)
            region.add("elective_survey", year, student, [on, ";".join(wished)], on)


def write_knowledge(rng: np.random.Generator, region: Region, year: int) -> None:
    """April diagnostics in profile subjects, grades 9 and 10, about two students of three."""
    marks = region.marks(year)
    for grade in (9, 10):
        for student in region.in_grade(year, grade).tolist():
            chosen = region.exams_of.get(student, ()) if grade == 9 else _advanced(region, student)
            for code in chosen if rng.random() < 0.66 else ():
                share = 0.56 + 0.2 * (marks[student, SUBJECTS.index(code)] - 3.7) + rng.normal(0.0, 0.1)
                top = 20 if code in {"math", "phys", "inf"} else 25
                on = random_day(rng, year_day(year, 4, 8), year_day(year, 4, 26))
                region.add("knowledge", year, student, [on, code, int(np.clip(round(share * top), 0, top)), top], on)


def write_exams(rng: np.random.Generator, region: Region, year: int) -> Floats:
    """OGE after grade 9 in primary points, EGE after grade 11 out of 100; returns shares of the maximum.

    Returns
    -------
    ndarray of shape (n_students, n_subjects), NaN = not taken
    """
    marks = region.marks(year)
    shares = np.full(marks.shape, np.nan)
    for grade, exam in ((9, "oge"), (11, "ege")):
        for student in region.in_grade(year, grade).tolist():
            for code in ("rus", "math", *region.exams_of.get(student, ())):
                column = SUBJECTS.index(code)
                middle = 0.6 if exam == "oge" else 0.55
                share = middle + 0.19 * (marks[student, column] - 3.7) + rng.normal(0.0, 0.07)
                shares[student, column] = np.clip(share, 0.05, 1.0)
                top = region.reference.subjects[code].oge_max if exam == "oge" else 100
                on = random_day(rng, year_day(year, 5, 24), year_day(year, 6, 21))
                region.add(
                    "exam_results",
                    year,
                    student,
                    [exam, on, code, round(float(shares[student, column]) * (top or 0))],
                    on,
                )
    return shares
