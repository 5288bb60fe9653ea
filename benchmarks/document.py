"""docs/measured.md, and the small tables of the READMEs, from benchmarks/results.json: nothing here is typed twice."""

import re
from collections.abc import Sequence
from typing import Any

from benchmarks.cells import KINDS, cell, number, table, verdict
from benchmarks.document_certainty import certainty_page, learning_page, promised
from benchmarks.document_fairness import fairness_page, frontier_svg, policy_page
from benchmarks.document_rivals import RIVALS, onet_page, reached, rivals_page, umass_page
from benchmarks.document_titles import calibration_svg, promised_titles, titles_page
from benchmarks.records import ROOT, find, read_results

Rows = Sequence[dict[str, Any]]
RANKERS = {
    "random": "random order",
    "popularity": "popularity",
    "interest_correlation": "interest correlation (O*NET's rule)",
    "wishes_only": "wishes only",
    "expert_weights": "expert weights",
    "gradient_boosting": "gradient boosting (challenger)",
    "trained_ranker": "**trained ranker**",
}
DRAWINGS = {"frontier.svg": frontier_svg, "title_calibration.svg": calibration_svg}
MEASURES = {"ndcg5": "NDCG@5", "recall5": "recall@5", "mrr": "MRR", "coverage5": "coverage@5"}
PROMISED = {
    "sample_region.contributions_error": "contributions add up to the score, largest error",
    "faithfulness.contributions_error": "contributions by fact and differences of two pathways add up, largest error",
    "faithfulness.deletion_random.standing.lead": "standing lost without the first reason's facts, beyond a lot's",
    "faithfulness.deletion_random.places.lead": "the same in places of the list",
    "faithfulness.deletion_placebo.standing.lead": "standing lost without the first reason's facts, beyond a placebo's",
    "faithfulness.deletion_placebo.places.lead": "the same in places of the list",
    "faithfulness.counterfactual.hold_share": "smallest changes told that hold when ranked again, share",
    "sample_region.demand_excess": "demand lifts a pathway over a better fit by more than δ, excess",
    "sample_region.alone_equals_batch": "students with the same bits alone and in the region's batch, share",
    "sample_region.plain_ratio": "sample region scored, ratio to the bare product",
    "sample_region.nudged_ratio": "the same with the demand nudge",
    "sample_region.rank_milliseconds": "one student's three lists from facts, in a running process, processor ms",
    "fairness.twins.all.changed": "twins of other sex, name, school, place or needs with any list changed",
    "fairness.able_not_interested.classes": "profile classes in a discovery place",
    "policy.frontier.falls": "share in demand or its price falls as demand counts for more, largest fall",
    "scoring_speed.plain_ratio": "100,000 x 500: full additive score and lists, one thread, ratio to the bare product",
    "scoring_speed.nudged_ratio": "the same with the demand nudge",
    "scoring_speed.plain_both_cores_ratio": "two threads, ratio of times on the clock to the bare product on one",
    "scoring_speed.nudged_both_cores_ratio": "the same with the demand nudge",
    "scoring_speed.arrays_plain_ratio": "without numba, one thread, ratio to the bare product",
    "scoring_speed.arrays_nudged_ratio": "the same with the demand nudge",
    "scoring_speed.arrays_same": "students with the same bits of lists and reasons without numba, share",
    "scoring_speed.plain_reasons_ratio": "reasons for every listed pathway add, ratio to the bare product",
    "scoring_speed.nudged_reasons_ratio": "the same with the demand nudge",
    "scoring_speed.nudged_reasons_share": "reasons add to the time of our own lists as served, share",
    "scoring_speed.added_megabytes": "memory above inputs and lists, 100,000 students, MB",
    "scoring_speed.arrays_added_megabytes": "the same without numba",
    "scoring_speed.million_added_megabytes": "memory above inputs and lists, 1,000,000 students, MB",
    "scoring_speed.million_times": "1,000,000 students in one call take so many times as long as 100,000",
    "demand_impact.from_facts.ratio": "impact of a new list on 100,000 x 500, ratio to one full ranking from facts",
    "demand_impact.from_vectors.ratio": "the same from kept vectors, ratio to one ranking from them",
    "api_throughput.kept.ratio": "lists asked for before, over HTTP: requests a second, share of a bare route's",
    "api_throughput.kept.p99_to_median": "the same: the slowest of a hundred, times the median",
    "api_throughput.beside_training.p99_milliseconds": "100 lists a second beside a training: slowest of a hundred, ms",
    "cold_start.ratio": "a serving process from nothing to its first answer, times a minimal application",
    "cold_start.memory_ratio": "memory it then holds, times a minimal application",
    "cold_start.parts_ratio": "the same of an application that imports our libraries and has no line of ours",
    "cold_start.parts_memory_ratio": "memory of that application, times a minimal one",
    "batch_files.sqlite_ratio": "a batch of 100,000 students into SQLite, times bare executemany of the same rows",
    "batch_files.parquet_ratio": "ranked and written as Parquet, times the ranking alone",
    "intake_rows.check_ratio": "a workbook of 100,000 rows checked, times bare reading of its cells",
    "intake_rows.all_ratio": "the same taken in all or nothing, and refused for its bad rows",
    "intake_rows.memory_mb": "memory of the process that checks or takes in, MB",
    "intake_rows.child_mb": "memory of the child that reads, MB",
    "intake_rows.wrong": "bad rows not named by row, column and code, others named, rows stored amiss",
    "screens.class_ratio": "the page of a class, from the question to the end of the script, times an empty page",
    "gate_power.equal.passed": "gate: candidates as good as what serves that pass, share",
    "gate_power.worse.refused": "gate: candidates with a fault that costs .06 of NDCG@5 or more, refused, share",
    "training_city.features_and_fit_ratio": "a city of 1.44 million pairs: features and fit, times scikit-learn's fit",
    "training_city.warm_ratio": "the same city: a warm restart, share of a full training's time",
    "training_city.warm_same_bits": "a warm restart of the same outcomes gives the same bits, share",
    "training_city.peak_megabytes": "the same city: peak memory of a full training, MB",
    "training_beside.all.p99_ratio": "p99 of card and lists while the worker trains on these cores, times p99 without",
    "training_beside.card.p99_ratio": "the same for the card",
    "training_beside.ranking.p99_ratio": "the same for the lists",
    "drift_alarms.false_alarm_share": "quiet windows of a region with any alarm of drift, share",
    "drift_alarms.detected_share": "shifts of one input to a PSI of .25 that raise its alarm, share of those tellable",
    "demo.once_seconds": "demo: loading, training, ranking, seconds",
    "demo.help_seconds": "`orientir --help`, seconds",
    "fresh_clone.demo_seconds": "`make demo ONCE=1` in a fresh clone, seconds",
}
REPORTED = {
    "intake_rows.good_ratio": "the same workbook with its good rows stored, ten marks each, times bare reading",
    "screens.class_students": "the class opened: students",
    "screens.class_milliseconds": "its page, from the question to the end of the script, ms",
    "screens.empty_milliseconds": "a page of the framework with a heading and nothing else, ms",
    "screens.class_kilobytes": "what goes over the line for the page of the class, kB",
    "screens.session_megabytes": "memory of one more person at the page of a class, of twenty, MB",
    "drift_alarms.rises.false_alarms": "12 schools, eight shares: quiet windows in which any is told as risen",
    "drift_alarms.rises.detected": "rises by 20 points found, of those tellable",
    "drift_alarms.rises.told_share": "windows that can tell of one",
    "drift_alarms.same_schools.6.false_alarm_share": "6 schools, new students of the same: quiet windows with an alarm",
    "drift_alarms.same_schools.6.told_share": "of the inputs, those that so few schools can tell of",
    "drift_alarms.same_schools.6.detected_share": "shifts to a PSI of .25 found, of those tellable",
    "drift_alarms.same_schools.12.false_alarm_share": "12 schools: quiet windows with an alarm",
    "drift_alarms.same_schools.12.told_share": "inputs that they can tell of",
    "drift_alarms.same_schools.12.detected_share": "shifts found, of those tellable",
    "drift_alarms.same_schools.24.false_alarm_share": "24 schools: quiet windows with an alarm",
    "drift_alarms.same_schools.24.told_share": "inputs that they can tell of",
    "drift_alarms.same_schools.24.detected_share": "shifts found, of those tellable",
    "drift_alarms.other_schools.15.false_alarm_share": "15 schools against 15 others: quiet windows with an alarm",
    "drift_alarms.other_schools.15.told_share": "inputs that they can tell of",
    "demo.processor_seconds": "demo, processor seconds (the machine's other work left out)",
    "gate_power.interests_of_others.loss": "gate, faults: interests of others, NDCG@5 lost in the kind that loses most",
    "gate_power.interests_of_others.refused": "refused, share",
    "gate_power.marks_of_others.loss": "marks of others, lost",
    "gate_power.marks_of_others.refused": "refused, share",
    "gate_power.wishes_lost.loss": "wishes that do not arrive, lost",
    "gate_power.wishes_lost.refused": "refused, share",
    "gate_power.experience_lost.loss": "experience that does not arrive, lost",
    "gate_power.experience_lost.refused": "refused, share",
    "gate_power.programmes_mixed.loss": "what was learned of programmes at other ones, lost",
    "gate_power.programmes_mixed.refused": "refused, share",
    "gate_power.learned_from_noise.loss": "electives learned from outcomes of other rows, lost",
    "gate_power.learned_from_noise.refused": "refused, share",
    "gate_power.told_the_future.loss": "electives learned with the outcome among the experiences, lost",
    "gate_power.told_the_future.refused": "refused, share",
    "gate_power.at_0.03.equal_passed": "gate with a margin of .03: equal candidates that pass, share",
    "gate_power.at_0.03.worse_refused": "worse ones refused, share",
    "gate_power.at_0.04.equal_passed": "with a margin of .04: equal candidates that pass, share",
    "gate_power.at_0.04.worse_refused": "worse ones refused, share",
    "gate_power.at_0.05.equal_passed": "with a margin of .05: equal candidates that pass, share",
    "gate_power.at_0.05.worse_refused": "worse ones refused, share",
    "training_city.pairs": "the city: pairs of a pathway preferred and one passed over",
    "training_city.features_share": "of features and fit, the features' share",
    "training_city.features_and_fit_ratio_loose": "features and fit, times a fit that stops at the default tolerance",
    "training_city.loose_error": "by how much that fit's scores are off, of their size",
    "training_city.whole_ratio": "the whole training (all measured, all judged), times scikit-learn's fit",
    "training_city.whole_seconds": "the whole training, processor seconds",
    "training_beside.all.p50_ratio": "the API while a model is trained: median wait, times the median without",
    "training_beside.all.p99_milliseconds": "p99 while a model is trained, ms",
    "training_beside.all.p99_quiet_milliseconds": "p99 without a training, ms",
    "training_beside.all.p50_quiet_milliseconds": "median without a training, ms",
    "sample_region.read_seconds": "reading the region's files, seconds",
    "sample_region.train_seconds": "training all three kinds, judging and the challenger included, seconds",
    "sample_region.plain_seconds": "scoring the region, processor seconds",
    "sample_region.added_megabytes": "memory that scoring the region adds, MB",
    "sample_region.facts_rank_milliseconds": "one student: facts and three lists, processor ms",
    "sample_region.card_milliseconds": "one student: facts, three lists, reasons and what would help, processor ms",
    "scoring_speed.plain_seconds": "scoring 100,000 x 500, processor seconds",
    "scoring_speed.nudged_seconds": "the same with the demand nudge, processor seconds",
    "scoring_speed.million_seconds": "1,000,000 students with the demand nudge, in one call, processor seconds",
    "scoring_speed.million_at_once_times": "the same with fresh memory for all lists, times 100,000 with fresh memory",
    "scoring_speed.plain_both_cores_processor_ratio": "two threads, half their processor time, ratio to the bare one",
    "scoring_speed.nudged_both_cores_processor_ratio": "the same with the demand nudge",
    "scoring_speed.plain_reasons_share": "reasons add to the time of our own lists without demand, share",
    "scoring_speed.dense_ratio": "ratio for students without a single zero, as no school has them",
    "scoring_speed.narrow_ratio": "ratio to a bare product of fewer columns",
    "demand_impact.from_facts.seconds": "impact of a new list on 100,000 x 500 from facts, processor seconds",
    "demand_impact.from_vectors.seconds": "the same from kept vectors, processor seconds",
    "demand_impact.changed.profile_class": "students whose first three classes that list changes, share",
    "demand_impact.changed.elective": "the same for electives",
    "demand_impact.changed.career_trial": "the same for career trials",
    "scoring_speed.rivals": "batch recommendation of others measured beside it",
    "scoring_speed.implicit_seconds": "implicit (`topk`, single precision), processor seconds",
    "scoring_speed.implicit_ratio": "implicit, ratio to the bare product",
    "scoring_speed.implicit_times_ours": "implicit, times our full score",
    "scoring_speed.rectools_seconds": "RecTools (`ImplicitRanker`), processor seconds",
    "scoring_speed.rectools_ratio": "RecTools, ratio to the bare product",
    "scoring_speed.rectools_times_ours": "RecTools, times our full score",
    "scoring_speed.process_megabytes": "peak of that process, MB",
}
HEAD = """# Measured

Made by `make bench` from [benchmarks/results.json](../benchmarks/results.json); do not edit. Machine: {machine}.
Libraries: {versions}. Commit: {commits} (`+`: the tree had changes).

**synthetic** = measured on the made-up sample region, whose truth comes from our own generator: it says how the
software behaves, not how well it advises real children. **real** = real people's ratings. **none** = no data matter.
Intervals of quality are 95 % bootstrap; intervals of times are where nine of ten runs lay. The machine did other work
meanwhile.

The bare product = a dense matrix product, a mask and an argpartition of each kind over the same arrays, one thread.
The made-up 100,000 students are as full as those of the sample region: most of what a vector could hold is not known
of a student, and the served form passes over zeros while the bare product cannot. As many of their pathways share
their content as there, which is scored once. The million are these students ten times.
"""
SAMPLE_TEXT = """## Ranking on the held-back year

Year held back: 2023-24, the last complete one; everything learns from the years before. One choice set = what one
student could choose from, with the facts as of the day before the choice; gain = 0 offered, 1 chosen, 2 liked or
stayed, 3 succeeded. Intervals draw whole schools; there are only six, so they are rather too narrow than too wide.
The means of the instruments' scales come from all answer sheets, the held-back year's among them; outcomes do not.
"""
SEEDS_TEXT = """## Other regions of the same generator

The shipped seed was looked at while the generator and the expert weights were being made, so its figures may
flatter. These seeds are reported as they come out; nothing was tuned on them.
"""
FAITHFULNESS = {
    "deletion_random.first_reason.standing": "standing lost without the first reason's facts, log-odds",
    "deletion_random.random.standing": "without the facts of another kind, by lot",
    "deletion_placebo.placebo.standing": "without placebo facts: of a kind that the reasons hardly count",
    "deletion_random.first_reason.places": "places lost without the first reason's facts",
    "deletion_random.random.places": "without the facts of another kind, by lot",
    "deletion_placebo.placebo.places": "without placebo facts",
    "stability.mark": "first three reasons that stay when one mark changes by one, share",
    "stability.scale": "the same when one scale of one answer sheet changes by a point, share",
    "counterfactual.found_share": "pathways in places 4-10 for which a single change was found, share",
}
FAITHFULNESS_TEXT = """## Whether reasons are the causes

Students before their choices of the held-back year, a ranker that learned from the years before. The facts behind the
first reason of the first pathway are taken away and the student is ranked again, beside other facts taken away. The
standing of a pathway is its score less the mean of its kind for this student, as reasons compare. Smallest changes are
found on copies of the student's facts and verified as rows of files.
"""
LAST = """## Not measured yet

How well advice serves real children: no school's data have been seen. Regions larger than one machine.
"""


def write_documents() -> None:
    """Write docs/measured.md and refresh the tables of the READMEs."""
    results = read_results()
    (ROOT / "docs" / "measured.md").write_text(measured(results), encoding="utf-8")
    for name, drawn in DRAWINGS.items():
        (ROOT / "docs" / "images" / name).write_text(drawn(results), encoding="utf-8")
    for name, words in READMES.items():
        path = ROOT / name
        if path.exists():
            path.write_text(with_figures(path.read_text(encoding="utf-8"), results, words), encoding="utf-8")


def measured(results: Rows) -> str:
    """The whole document."""
    first = results[0]
    head = HEAD.format(
        machine=" and ".join(sorted({row["machine"] for row in results})),
        versions=", ".join(f"{name} {number}" for name, number in first["versions"].items()),
        commits=", ".join(sorted({row["commit"] for row in results})),
    )
    parts = [head, "## Promised\n", _limits(results), SAMPLE_TEXT, *_kinds(results), "### Lead of the trained ranker\n"]
    parts += [_leads(results, "sample_region"), SEEDS_TEXT, *_seeds(results)]
    parts += [
        *learning_page(results),
        *certainty_page(results),
        *_faithfulness(results),
        *fairness_page(results),
        *policy_page(results),
        *rivals_page(results),
        *umass_page(results),
        *onet_page(results),
        *titles_page(results),
    ]
    parts += ["## Times and memory\n", _reported(results), LAST]
    return "\n".join(part for part in parts if part)


def _limit(record: dict[str, Any]) -> str:
    if record["figure"].endswith(".lead"):
        return f"interval above {number(record['limit'])}"
    return f"{'≤' if record['better'] == 'lower' else '≥'} {number(record['limit'])}"


def _limits(results: Rows) -> str:
    rows = []
    for kind, name in KINDS.items():
        row = find(results, f"sample_region.{kind}.best_baseline.lead")
        if row:
            title = f"{name}: NDCG@5 beyond the best baseline ({RANKERS[row['against']]})"
            rows.append([title, cell(row), _limit(row), verdict(row), row["data"]])
    lead = find(results, "umass.best_peer.lead")
    if lead:
        title = f"UMass: NDCG@5 beyond the best peer ({RIVALS[lead['against']]})"
        rows.append([title, cell(lead), _limit(lead), verdict(lead), lead["data"]])
    rows += reached(results) + promised(results) + promised_titles(results)
    for figure, title in PROMISED.items():
        row = find(results, figure)
        if row and row["limit"] is not None:  # measured before it was promised: reported at its next measuring
            rows.append([title, cell(row), _limit(row), verdict(row), row["data"]])
    return table(["what", "value", "limit", "", "data"], rows)


def _kinds(results: Rows) -> list[str]:
    tables = []
    for kind, title in KINDS.items():
        rows = []
        for ranker, name in RANKERS.items():
            found = [find(results, f"sample_region.{kind}.{measure}.{ranker}") for measure in MEASURES]
            if all(found):
                rows.append([name, *(cell(row) for row in found), found[0]["data"]])
        if rows:
            sets = find(results, f"sample_region.{kind}.ndcg5.trained_ranker")["runs"]
            tables += [
                f"### {title.capitalize()}: {sets} choice sets\n",
                table(["", *MEASURES.values(), "data"], rows),
            ]
    return tables


def _leads(results: Rows, name: str) -> str:
    rows = []
    for kind, title in KINDS.items():
        for rival in ("best_baseline", "challenger"):
            row = find(results, f"{name}.{kind}.{rival}.lead")
            if row:
                rows.append([title, RANKERS[row["against"]], cell(row), verdict(row), row["data"]])
    return table(["", "over", "paired difference of NDCG@5", "", "data"], rows) if rows else ""


def _seeds(results: Rows) -> list[str]:
    rows = []
    for seed in sorted({row["figure"].split(".")[1] for row in results if row["figure"].startswith("other_seeds.")}):
        for kind, title in KINDS.items():
            lead = find(results, f"other_seeds.{seed}.{kind}.best_baseline.lead")
            boosting = find(results, f"other_seeds.{seed}.{kind}.challenger.lead")
            own = find(results, f"other_seeds.{seed}.{kind}.ndcg5.trained_ranker")
            best = RANKERS[lead["against"]]
            rows.append([seed, title, number(own["value"]), best, cell(lead), verdict(lead), cell(boosting)])
    head = ["seed", "", "NDCG@5", "best baseline", "lead over it", "", "lead over boosting"]
    return [table([*head, "data"], [[*row, "synthetic"] for row in rows])] if rows else []


def _faithfulness(results: Rows) -> list[str]:
    rows = []
    for figure, title in FAITHFULNESS.items():
        row = find(results, f"faithfulness.{figure}")
        rows += [[title, cell(row), number(row["runs"]), row["data"]]] if row else []
    return [FAITHFULNESS_TEXT, table(["what", "value", "of", "data"], rows)] if rows else []


def _reported(results: Rows) -> str:
    found = [(find(results, figure), title) for figure, title in REPORTED.items()]
    rows = [[title, cell(row), row["against"], row["data"]] for row, title in found if row]
    return table(["what", "value", "", "data"], rows)


READMES = {
    "README.md": {
        "head": ("", "NDCG@5", "best baseline", "data"),
        **KINDS,
        "random": "random order", "popularity": "popularity", "interest_correlation": "interest correlation",
        "wishes_only": "wishes only", "expert_weights": "expert weights", "synthetic": "synthetic", "real": "real",
        "umass": "university electives (UMass)", "user_knn": "neighbours by student", "svd": "factorisation",
    },
    "README.ru.md": {
        "head": ("", "NDCG@5", "лучшее простое правило", "данные"),
        "profile_class": "профильные классы", "elective": "элективные курсы", "career_trial": "профессиональные пробы",
        "random": "случайный порядок", "popularity": "популярность", "interest_correlation": "совпадение интересов",
        "wishes_only": "только пожелания", "expert_weights": "экспертные веса",
        "synthetic": "синтетические", "real": "настоящие",
        "umass": "курсы университета (UMass)", "user_knn": "соседи по ученикам", "svd": "разложение матрицы",
    },
}  # fmt: skip


def with_figures(text: str, results: Rows, words: dict[str, Any]) -> str:
    """A README with its table of figures made anew between its two marks."""
    rows = []
    for kind in KINDS:
        own = find(results, f"sample_region.{kind}.ndcg5.trained_ranker")
        lead = find(results, f"sample_region.{kind}.best_baseline.lead")
        best = find(results, f"sample_region.{kind}.ndcg5.{lead['against']}") if lead else None
        if own and best:
            rows.append((words[kind], own, words[lead["against"]], best))
    own, lead = find(results, "umass.ndcg5.pathway_ranker"), find(results, "umass.best_peer.lead")
    if own and lead:
        rows.append((words["umass"], own, words[lead["against"]], find(results, f"umass.ndcg5.{lead['against']}")))
    cells = [[t, f"{own['value']:.3f}", f"{best['value']:.3f} ({b})", words[own["data"]]] for t, own, b, best in rows]
    if words["head"][1:] == READMES["README.ru.md"]["head"][1:]:
        cells = [[cell.replace("0.", "0,") for cell in line] for line in cells]
    made = table(words["head"], cells)
    return re.sub(r"(<!-- figures -->\n).*?(<!-- /figures -->)", rf"\g<1>{made}\g<2>", text, flags=re.DOTALL)


if __name__ == "__main__":
    write_documents()
