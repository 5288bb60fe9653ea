"""Whether lists depend on who somebody is: twins, gaps between groups, and what becomes of "able but not interested".

Twins: everybody of the two newest school years, five twins each. Groups: the ranker fitted on earlier years, judged on
the held-back one; sex comes from the schools' rosters and goes into the audit alone. All data are synthetic.
"""

import csv
from collections import Counter

import numpy as np

from benchmarks.records import Record
from benchmarks.sample import REFERENCE_DIR, SAMPLES_DIR, Current, K, current_year, read_sample
from recommender.candidate_audit import groups_of, judgements_of
from recommender.catalogue import KINDS, PathwayKind
from recommender.discovery import able_not_interested
from recommender.expert import read_expert_weights
from recommender.fairness import Audited, Person, twin_audit
from recommender.groups import GroupFigure, group_figures
from recommender.region import Region
from recommender.training import train

FIRST = 3


def records() -> list[Record]:
    """Twins, groups, fields by sex, discovery."""
    region = read_sample()
    training = train(region.history, read_expert_weights(REFERENCE_DIR / "expert_weights.toml"), with_challenger=False)
    current, sexes = current_year(region, training), read_sexes()
    figures = group_figures(judgements_of(training), groups_of(region.history, training, sexes))
    return [
        *_twins(current, region, sexes),
        *(record for figure in figures for record in _group(figure)),
        *_fields_by_sex(current, region, sexes),
        *_able_not_interested(current),
    ]


def read_sexes() -> dict[str, str]:
    """Sex by pseudonym, from the rosters."""
    sexes = {}
    for path in sorted(SAMPLES_DIR.glob("schools/*/roster.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            sexes |= {row["student_id"]: row["sex"] for row in csv.DictReader(file) if row["sex"]}
    return sexes


def _twins(current: Current, region: Region, sexes: dict[str, str]) -> list[Record]:
    counts: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    history = region.history
    for year in sorted(history.students)[-2:]:
        people = tuple(Person(student, sexes.get(student.student_id, "")) for student in history.students[year])
        found = twin_audit(Audited(current.recommender, people, history.rows, history.as_of))
        counts.update(found.twin_counts)
        changed.update(found.changed_counts)
    about = [("all", sum(changed.values()), sum(counts.values())), *((f, changed[f], counts[f]) for f in counts)]
    return [
        Record(f"fairness.twins.{flip}.changed", float(number), None, 0.0, "lower", "synthetic", "", count)
        for flip, number, count in about
    ]


def _group(found: GroupFigure) -> list[Record]:
    name = f"fairness.groups.{found.attribute}.{found.group}.{found.measure}"
    return [
        Record(name, found.value, found.interval, None, "higher", "synthetic", "", found.student_count),
        Record(
            f"{name}.gap", found.gap, found.gap_interval, None, "higher", "synthetic", f"± {found.limit}",
            found.student_count,
        ),
    ]  # fmt: skip


def _fields_by_sex(current: Current, region: Region, sexes: dict[str, str]) -> list[Record]:
    """How far apart girls and boys are in fields: of the first three shown, and of what they chose the year before."""
    recommender, history = current.recommender, region.history
    pathways = recommender.space.catalogue.pathways
    known = recommender.space.catalogue.known
    made = recommender.recommend(current.facts(current.students, history.rows), k=FIRST)
    year = history.years()[-1]
    found = []
    for row, kind in enumerate(KINDS):
        shown = [
            (student.student_id, pathways[pathway].field_code)
            for place, student in enumerate(current.students)
            for pathway in made.listed.pathways[place, row]
            if pathway >= 0 and student.student_id in sexes
        ]
        chosen = [
            (outcome.student_id, known[outcome.pathway_code].field_code)
            for outcome in history.outcomes
            if outcome.kind == kind and outcome.school_year == year and outcome.student_id in sexes
        ]
        for name, pairs in (("shown", shown), ("chosen", chosen)):
            for what, value in (("", apart(pairs, sexes)), ("_by_chance", apart_by_chance(pairs, sexes))):
                figure = f"fairness.fields.{kind}.{name}{what}"
                found.append(Record(figure, value, None, None, "lower", "synthetic", "", len(pairs)))
    return found


def apart(pairs: list[tuple[str, str]], sexes: dict[str, str]) -> float:
    """Total variation between the fields of girls and boys: 0 = the same shares, 1 = nothing in common."""
    counts = {sex: Counter(field for student, field in pairs if sexes[student] == sex) for sex in "fm"}
    totals = {sex: max(sum(counter.values()), 1) for sex, counter in counts.items()}
    fields = sorted(set(counts["f"]) | set(counts["m"]))
    return sum(abs(counts["f"][field] / totals["f"] - counts["m"][field] / totals["m"]) for field in fields) / 2


def apart_by_chance(pairs: list[tuple[str, str]], sexes: dict[str, str], draws: int = 50) -> float:
    """The same with sexes dealt out anew among these students: what so few of them show without any difference."""
    students = sorted({student for student, _ in pairs})
    own = np.array([sexes[student] for student in students])
    random = np.random.default_rng(0)
    dealt = (dict(zip(students, random.permutation(own).tolist(), strict=True)) for _ in range(draws))
    return float(np.mean([apart(pairs, each) for each in dealt]))


def _able_not_interested(current: Current) -> list[Record]:
    """How many students are able for what they are not drawn to, and how many of them are shown a trial of it."""
    recommender = current.recommender
    made = recommender.recommend(current.facts(current.students, current.history.rows), k=K)
    every = np.arange(len(recommender.compiled.kind_of))
    grounds: Counter[tuple[PathwayKind, str | None]] = Counter()
    able, answered, lists = 0, 0, 0
    for student in range(len(current.students)):
        contributions = recommender.compiled.contributions(made.vectors, np.full(len(every), student), every)
        is_able = len(able_not_interested(recommender.space, made.vectors, student, contributions)) > 0
        answer = recommender.explain(made, student, evidence=False, discovery=True)
        shown = {ranked.kind: ranked.items[-1].discovery for ranked in answer.lists if ranked.items}
        grounds.update(shown.items())
        lists += len(shown)
        able += is_able
        answered += is_able and shown.get(PathwayKind.CAREER_TRIAL) == "able"
    count = len(current.students)
    classes = sum(n for (kind, why), n in grounds.items() if kind == PathwayKind.PROFILE_CLASS and why is not None)
    places = sum(n for (_, why), n in grounds.items() if why is not None)
    return [
        Record("fairness.able_not_interested.share", able / count, None, None, "higher", "synthetic", "", count),
        Record(
            "fairness.able_not_interested.trial_share", answered / able, None, None, "higher", "synthetic", "", able
        ),
        Record("fairness.able_not_interested.classes", float(classes), None, 0.0, "lower", "synthetic", "", lists),
        Record("fairness.discovery.place_share", places / lists, None, None, "higher", "synthetic", "", lists),
    ]
