"""The pages of docs/measured.md on learning with few outcomes, on certainty and on evidence."""

from collections.abc import Sequence
from typing import Any

from benchmarks.cells import KINDS, cell, number, table, verdict
from benchmarks.records import find

Rows = Sequence[dict[str, Any]]
PROMISED = {
    "certainty.profile_class.coverage_miss": "profile classes: share of 90 % score intervals that held, away from 90 %",
    "certainty.elective.coverage_miss": "electives: the same",
    "certainty.career_trial.coverage_miss": "career trials: the same",
    "certainty.all.calibration_error": "calibration error on the held-back year, kinds by their outcomes",
    "next_evidence.any_by_lot.advice.lead": "next best evidence: NDCG@5 gained beyond any evidence by lot",
    "next_evidence.instrument_by_lot.advice.lead": "next best evidence: NDCG@5 gained beyond an instrument by lot",
}
CERTAINTY_TEXT = """## How sure the lists say they are (synthetic)

Intervals: scores of held-back students, known by one answer sheet and to a ranker that learned from half of the
earlier outcomes, against their scores once the other sheets and the other half are there; over five halves and four
regions, the shipped one and three other seeds (in brackets the lowest and the highest of them). Fit, shipped region:
calibrated on the earlier years, asked of the held-back one; "if it were right" is what a perfect fit would show with
as few outcomes.
"""
EVIDENCE_TEXT = """### Next best evidence

Six of ten pieces of evidence are hidden before a choice of the held-back year; one is revealed, by advice or by lot (of
a lot the mean over all its outcomes counts).
"""
ABSTAINED_TEXT = """### Lists that say they are no advice yet

With the same share of evidence hidden, {share} % of the lists of the held-back year say that too little is known.
"""
EVIDENCE = {
    "any_by_lot": "all kinds of evidence",
    "instrument_by_lot": "all kinds, against an instrument by lot",
    "instruments_only": "instruments alone",
}
CURVE_TEXT = """## Few outcomes (synthetic)

NDCG@5 of the held-back year beyond expert weights, learned from some of the earlier choice sets drawn at random: mean
over draws with its interval over schools, and the worst draw. Outcomes are believed only where they lead knowledge by
more than the standard error of that lead.
"""
COLD_TEXT = """## New programmes (synthetic)

A fifth of the programmes is hidden while learning, five times over; NDCG@5 of the held-back choices that fell on one of
them. How much harder a field's bias is pulled than a programme's (ten times; one, three and thirty were tried) was
settled on these figures.
"""
PEERS_TEXT = """## What like students and single answers add (synthetic)

Paired difference of NDCG@5 on the held-back year to the same ranker without these terms, pull chosen anew. A part that
did not foresee unseen students while learning is left out and adds nothing.
"""


def promised(results: Rows) -> list[list[str]]:
    """Lines of what was promised of certainty, evidence and learning."""
    lines = []
    for figure, title in PROMISED.items():
        row = find(results, figure)
        if row:
            bound = "interval above 0" if figure.endswith(".lead") else f"≤ {number(row['limit'])}"
            lines.append([title, cell(row), bound, verdict(row), row["data"]])
    for row in results:
        if row["figure"].startswith("learning_curve.") and row["figure"].endswith(".over_knowledge_reach"):
            _, kind, count, _ = row["figure"].split(".")
            title = f"{KINDS[kind]}, {count} choice sets: upper end of the lead over expert weights"
            lines.append([title, number(row["value"]), "≥ 0", verdict(row), row["data"]])
    return lines


def certainty_page(results: Rows) -> list[str]:
    """Coverage, calibration, evidence."""
    rows = []
    for kind, title in {**KINDS, "all": "all"}.items():
        share, error = (find(results, f"certainty.{kind}.{name}") for name in ("coverage", "calibration_error"))
        noise = find(results, f"certainty.{kind}.calibration_noise")
        if share and error:
            held = f"{number(share['value'])} of {share['runs']:,}"
            rows.append([title, held, cell(error), cell(noise) if noise else "", str(error["runs"]), share["data"]])
    if not rows:
        return []
    head = ["", "90 % intervals that held", "calibration error", "if it were right", "good outcomes", "data"]
    return [CERTAINTY_TEXT, table(head, rows), *_evidence(results)]


def _evidence(results: Rows) -> list[str]:
    rows = []
    for rival, title in EVIDENCE.items():
        figures = [find(results, f"next_evidence.{rival}.{what}") for what in ("by_advice", "by_lot", "advice.lead")]
        if all(figures):
            rows.append([title, *(cell(row) for row in figures), str(figures[0]["runs"]), figures[0]["data"]])
    head = ["", "gained by advice", "gained by lot", "difference", "choices", "data"]
    page = [EVIDENCE_TEXT, table(head, rows)] if rows else []
    lists = {name: find(results, f"next_evidence.lists.{name}") for name in ("sure", "unsure", "abstained")}
    if all(lists.values()):
        page.append(ABSTAINED_TEXT.format(share=number(100 * lists["abstained"]["value"])))
        told = (("advice", lists["sure"]), ("no advice yet", lists["unsure"]))
        page.append(table(["", "NDCG@5", "lists", "data"], [[n, cell(r), str(r["runs"]), r["data"]] for n, r in told]))
    return page


def _cold(results: Rows) -> list[str]:
    rows = []
    for kind, title in KINDS.items():
        names = ("ranker", "no_fields", "expert_weights", "over_no_fields", "over_expert_weights")
        figures = [find(results, f"cold_pathways.{kind}.{name}") for name in names]
        if all(figures):
            rows.append([title, *(cell(row) for row in figures), str(figures[0]["runs"]), figures[0]["data"]])
    head = ["", "ranker", "without fields", "expert weights", "over without fields", "over expert weights", "choices"]
    return [COLD_TEXT, table([*head, "data"], rows)] if rows else []


def learning_page(results: Rows) -> list[str]:
    """The learning curve, and what peers add."""
    curve = []
    for row in results:
        if row["figure"].startswith("learning_curve.") and row["figure"].endswith(".over_knowledge"):
            _, kind, count, _ = row["figure"].split(".")
            worst = find(results, f"learning_curve.{kind}.{count}.worst")
            curve.append([KINDS[kind], int(count), cell(row), cell(worst), row["against"], row["data"]])
    curve.sort(key=lambda line: (list(KINDS.values()).index(line[0]), line[1]))
    told = [[line[0], f"{line[1]:,}", *line[2:]] for line in curve]
    page = [CURVE_TEXT, table(["", "choice sets", "lead", "worst draw", "", "data"], told)] if told else []
    peers = []
    for kind, title in KINDS.items():
        both, answers = (find(results, f"single_answers.{kind}.{name}") for name in ("peers", "answers"))
        if both and answers:
            peers.append([title, cell(both), cell(answers), both["against"], both["data"]])
    head = ["", "facts and answers", "answers alone", "while learning", "data"]
    page += [PEERS_TEXT, table(head, peers)] if peers else []
    return [*page, *_cold(results)]
