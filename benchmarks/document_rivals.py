"""The pages of docs/measured.md on rivals: the sample region, real ratings, occupations."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.cells import KINDS, cell, number, table, verdict
from benchmarks.records import find

Rows = Sequence[dict[str, Any]]
CONTESTS = {f"rivals.{kind}": f"sample region, {title}" for kind, title in KINDS.items()} | {
    "umass": "UMass electives",
    "onet": "O*NET, own family",
}
RIVALS = {
    "random": "random order",
    "popularity": "popularity",
    "popularity_same_status": "popularity within the same status",
    "interest_correlation": "interest correlation (O*NET's rule)",
    "expected_liking": "O*NET's rule on expected liking (posterior in place of sums)",
    "interest_posterior": "interest posterior x occupation",
    "wishes_only": "wishes only",
    "expert_weights": "expert weights",
    "item_knn": "neighbours by pathway",
    "user_knn": "neighbours by student",
    "user_knn_apart": "neighbours by student, ratings around their mean",
    "svd": "factorisation (SVD)",
    "factorisation": "factorisation (implicit, ALS)",
    "multinomial_logistic": "multinomial logistic regression",
    "gradient_boosting": "gradient boosting, pointwise",
    "lambda_mart": "LambdaMART (LightGBM)",
    "rating_sure": "tastes of the community, ratings, little noise",
    "rating": "tastes of the community, ratings, some noise",
    "rating_noisy": "tastes of the community, ratings, more noise",
    "gain": "tastes of the community, gains",
    "is_liked": "tastes of the community, liked or not",
    "is_needed": "tastes of the community, needed or not",
    "pathway_ranker": "**PathwayRanker**",
    "trained_ranker": "**trained ranker**",
}
OURS = ("pathway_ranker", "trained_ranker")
QUALITY = {"ndcg5": "NDCG@5", "ndcg3": "NDCG@3", "top1": "first place", "top2": "first two", "mrr": "MRR",
           "recall5": "recall@5"}  # fmt: skip
BESIDES = {"coverage5": "coverage@5", "gini5": "Gini of exposure", "novelty5": "novelty, bits",
           "calibration_error": "calibration error", "fit_seconds": "learning, s", "milliseconds": "1,000 students, ms",
           "megabytes": "memory, MB"}  # fmt: skip
WHY = {
    "lambda_mart": "its trees find thresholds and products of terms that a sum leaves out, and it aims at NDCG itself",
    "gradient_boosting": "its trees find thresholds and products of terms that a sum leaves out",
    "multinomial_logistic": "it learns which answers people of each family give, whatever the ratings say",
    "user_knn": "people with the same answers come from the same family",
}
RIVALS_TEXT = """## All rivals, one protocol (synthetic)

The held-back year of the sample region once more, each ranker in a process of its own; it learns from the earlier
years. Neighbours by pathway and factorisation know whom they have seen choose before, of any kind, and give others
what is popular. Fit of each is calibrated in the same way on a quarter of the earlier choice sets (docs/bench.md), so
its error differs from the product's, which is calibrated year by year. Times are of the processor, one thread; ours
includes choosing the pull. Memory is what learning, judging and calibrating added. RecTools is left out because it
wants an older numpy, LensKit because it needs torch.
"""
UMASS_TEXT = """## Real ratings: electives of a university department (UMass)

{students} students of the whole survey (74 courses), half of a student's ratings visible, the other half ranked; five
folds, {runs} seeds, intervals draw students. There are no interests, marks or wishes in these data, so only the
learned part is tested: terms are what the peers below say and what tastes of the community (recommender/community.py)
say, the ranker learns their weights. Published figures of the same protocol stand beside; random order, which no
ranker can move, gives {random} here and 0.349 there. The benchmark's docstring says which detail reproduces it. The
choice of terms was looked at on other folds of the same students, so by a little the figure may flatter; weights never
saw a test half.
"""
ONET_TEXT = """## Occupations: real ratings, synthetic answers (O*NET)

923 occupations and their families are real, the answer sheets are made up (benchmarks/onet.py says how): so all
figures count as synthetic. Relevance: 2 = same minor group, 1 = same major group. Intervals draw families. Multinomial
regression was ahead of products of interests and ratings; so the ranker takes its chance as one more, bent term.
How answers are made, the grades of relevance and the terms were settled while looking at other draws of answers; the
figures here are of a draw taken once afterwards, of the same occupations. The posterior times occupation alone is less
stable than O*NET's rule; what is claimed is claimed of the ranker.
"""
STABILITY_TEXT = """### The first ten from odd and from even items

Four items a type instead of eight. A rule that tells everybody the same is perfectly stable: so beside it stands by
how much more a list shares with the same person's other half than with a stranger's.
"""
STABLE = {"onet.top10_overlap": "O*NET, first ten stable",
          "onet.top10_beyond_stranger": "O*NET, first ten stable beyond a stranger's list"}  # fmt: skip


def first(results: Rows, name: str) -> dict[str, Any] | None:
    """Any figure of a contest."""
    return find(results, f"{name}.ndcg5.random")


def reached(results: Rows) -> list[list[str]]:
    """Lines of what was promised: first or tied with the first, clear of three simple rules, the figure on UMass."""
    lines = []
    own = find(results, "umass.ndcg5.pathway_ranker")
    if own and own["limit"] is not None:
        lines.append(["UMass: NDCG@5", cell(own), f"≥ {number(own['limit'])}", verdict(own), own["data"]])
    for name, title in (CONTESTS | STABLE).items():
        row = find(results, f"{name}.best_rival.reach") or find(results, f"{name}.reach")
        if row:
            what = f"{title}: first or tied with the first; upper end of the lead over {RIVALS[row['against']]}"
            lines.append([what, cell(row), "≥ 0", verdict(row), row["data"]])
    for name, title in CONTESTS.items():
        for rival in ("random", "popularity", "interest_correlation"):
            row = find(results, f"{name}.{rival}.lead")
            if row:
                clear = f"{title}: NDCG@5 beyond {RIVALS[rival]}"
                lines.append([clear, cell(row), "interval above 0", verdict(row), row["data"]])
    return lines


def rivals_page(results: Rows) -> list[str]:
    """The sample region's three contests."""
    if not first(results, "rivals.elective"):
        return []
    parts = [RIVALS_TEXT]
    for kind, title in KINDS.items():
        name = f"rivals.{kind}"
        parts += [f"### {title.capitalize()}, all rivals\n", _contest(results, name), _besides(results, name)]
        parts += [_ahead(results, name)]
    return parts


def umass_page(results: Rows) -> list[str]:
    """Real ratings."""
    row = first(results, "umass")
    if not row:
        return []
    text = UMASS_TEXT.format(runs=row["runs"], random=number(row["value"]), students=_students(results))
    lines = []
    for rival, title in _present(results, "umass"):
        found = find(results, f"umass.ndcg5.{rival}")
        lines.append([title, cell(found), found["against"].removeprefix("published "), *_lead(results, "umass", rival),
                      found["data"]])  # fmt: skip
    head = ["", "NDCG@5 here", "published", "ours leads by", "p", "data"]
    return [text, table(head, lines), _ahead(results, "umass")]


def onet_page(results: Rows) -> list[str]:
    """Occupations."""
    if not first(results, "onet"):
        return []
    lines = []
    for rival, title in _present(results, "onet"):
        shares = [find(results, f"onet.{figure}.{rival}") for figure in ("top10_overlap", "top10_beyond_stranger")]
        if all(shares):
            lines.append([title, *(cell(share) for share in shares), shares[0]["data"]])
    stable = table(["", "shared of ten", "beyond a stranger's", "data"], lines)
    return [ONET_TEXT, _contest(results, "onet"), _ahead(results, "onet"), STABILITY_TEXT, stable]


def _students(results: Rows) -> str:
    row = find(results, "umass.students")
    return number(row["value"]) if row else ""


def _present(results: Rows, name: str) -> list[tuple[str, str]]:
    """Rankers of a contest, best last."""
    found = {rival: find(results, f"{name}.ndcg5.{rival}") for rival in RIVALS}
    there = [(row["value"], rival) for rival, row in found.items() if row]
    return [(rival, RIVALS[rival]) for _, rival in sorted(there)]


def _lead(results: Rows, name: str, rival: str) -> list[str]:
    lead, p = find(results, f"{name}.{rival}.lead"), find(results, f"{name}.{rival}.p")
    if not lead or not p:
        return ["", ""]
    return [cell(lead), "< 0.001" if p["value"] < 1e-3 else f"{p['value']:.3f}"]


def _contest(results: Rows, name: str) -> str:
    lines = []
    for rival, title in _present(results, name):
        values = [find(results, f"{name}.{measure}.{rival}") for measure in QUALITY]
        cells = [cell(values[0]), *(number(row["value"]) for row in values[1:])]
        lines.append([title, *cells, *_lead(results, name, rival), values[0]["data"]])
    return table(["", *QUALITY.values(), "ours leads by", "p", "data"], lines)


def _besides(results: Rows, name: str) -> str:
    lines = []
    for rival, title in _present(results, name):
        values = [find(results, f"{name}.{measure}.{rival}") for measure in BESIDES]
        lines.append([title, *(number(row["value"]) if row else "–" for row in values), "synthetic"])
    return table(["", *BESIDES.values(), "data"], lines)


def _ahead(results: Rows, name: str) -> str:
    """Who leads ours, by how much and why."""
    lines = []
    for rival, title in _present(results, name):
        lead: Mapping[str, Any] | None = find(results, f"{name}.{rival}.lead")
        if lead and lead["value"] < 0:
            low, high = (-end for end in lead["interval"])
            by = f"{number(-lead['value'])} [{number(high)}, {number(low)}]"
            sure = "clear of chance" if low < 0 or high > 0 else "within the interval"
            lines.append(
                f"{title[0].upper()}{title[1:]} is ahead by {by}, {sure}: {WHY.get(rival, 'no reason found yet')}."
            )
    return "\n".join(lines) + "\n" if lines else "Nobody is ahead of ours.\n"
