"""The pages of docs/measured.md on fairness and on the policy of demand, and the chart of its frontier."""

from collections.abc import Sequence
from typing import Any

from benchmarks.cells import cell, number, table, verdict
from benchmarks.records import find

Rows = Sequence[dict[str, Any]]
KINDS = {"profile_class": "profile classes", "elective": "electives", "career_trial": "career trials"}
FLIPS = {
    "sex": "the other sex",
    "name": "another pseudonym, sorted the other way round",
    "school": "another school's identity, access as before",
    "village": "school of a village called a town's and back",
    "needs": "special needs, where every place meets them",
    "all": "**all together**",
}
GROUPS = {
    "sex": {"f": "girls", "m": "boys"},
    "place": {"town": "school in town", "village": "school in a village"},
    "needs": {"none": "no conditions needed", "some": "conditions needed"},
}
TWINS_TEXT = """## Fairness (synthetic)

A twin differs from a student in one thing that no list may depend on; changed = any of the three lists is not the same
bits (pathways, scores, fit, final). Everybody of the two newest school years.
"""
GROUPS_TEXT = """### Groups on the held-back year

The ranker knows none of these groups, but schools through access and conditions through rules. Gap = the group less
everybody else; its intervals are widened for the number of gaps looked at. Exposure = share of pathways in demand
among the first three less their share among what was chosen. Limits of the gate: NDCG@5 ± 0.05, exposure ± 0.1,
broken when the whole interval lies beyond. Schools are looked at too; the widest gap of any of them is given.
"""
FIELDS_TEXT = """### Fields of girls and boys

Total variation between the fields of girls and boys: 0 = the same shares. Shown = first three places of the running
year; chosen = the last ended year; by chance = with sexes dealt out anew among the same students.
"""
ABLE_TEXT = """### Able, not interested

Marks and tests put a class among the first three by subject terms alone while measured interests speak against it:
{share} % of {count} students. With the discovery place switched on, {trial} % of them are shown a trial of such a field
at the end of their list of trials, and {classes} of them a class. A discovery place is filled in {places} % of lists.
"""
POLICY_TEXT = """## What demand brings and costs (synthetic)

![Frontier of demand](images/frontier.svg)

In demand = demand weight above 0.5 in the edition in force. Share = students with a pathway in demand among the first
three; price = mean fit given up per place.
"""
CONGESTION_TEXT = """### Expected applicants per seat

If students chose as the ranker expects and took as many pathways as those of the last ended year did.
"""
WIDTH, HEIGHT, LEFT, TOP = 640, 300, 60, 24
COLOURS = {"profile_class": "#0b5cad", "elective": "#1a7f37", "career_trial": "#a4331f"}


def fairness_page(results: Rows) -> list[str]:
    """Twins, groups, fields, discovery."""
    if find(results, "fairness.twins.all.changed") is None:
        return []
    twins = [(title, find(results, f"fairness.twins.{flip}.changed")) for flip, title in FLIPS.items()]
    rows = [[title, str(row["runs"]), f"{row['value']:.0f}", "0", verdict(row), row["data"]] for title, row in twins]
    fields = []
    for kind, title in KINDS.items():
        names = ("shown", "shown_by_chance", "chosen", "chosen_by_chance")
        found = [find(results, f"fairness.fields.{kind}.{name}") for name in names]
        fields.append([title, *(cell(row) for row in found), found[0]["data"]])
    return [
        TWINS_TEXT,
        table(["twin", "twins", "changed", "limit", "", "data"], rows),
        GROUPS_TEXT,
        table(["", "students", "NDCG@5", "gap", "exposure", "gap", "data"], _groups(results)),
        FIELDS_TEXT,
        table(["", "shown", "by chance", "chosen", "by chance", "data"], fields),
        _able(results),
    ]


def _groups(results: Rows) -> list[list[str]]:
    rows = []
    for attribute, names in GROUPS.items():
        for group, title in names.items():
            own = [
                find(results, f"fairness.groups.{attribute}.{group}.{name}")
                for name in ("ndcg5", "ndcg5.gap", "exposure", "exposure.gap")
            ]
            if all(own):
                rows.append([title, str(own[0]["runs"]), *(cell(row) for row in own), own[0]["data"]])
    schools = [row for row in results if row["figure"].startswith("fairness.groups.school.")]
    widest = []
    for measure in ("ndcg5", "exposure"):
        gaps = [row for row in schools if row["figure"].endswith(f".{measure}.gap")]
        if gaps:
            gap = max(gaps, key=lambda row: abs(row["value"]))
            widest += [cell(find(results, gap["figure"].removesuffix(".gap"))), cell(gap)]
    return [*rows, ["school with the widest gap", "", *widest, "synthetic"]] if widest else rows


def _able(results: Rows) -> str:
    share, trial, classes = (
        find(results, f"fairness.able_not_interested.{name}") for name in ("share", "trial_share", "classes")
    )
    return ABLE_TEXT.format(
        share=round(100 * share["value"]),
        count=share["runs"],
        trial=round(100 * trial["value"]),
        classes=round(classes["value"]) or "none",
        places=round(100 * find(results, "fairness.discovery.place_share")["value"]),
    )


def points(results: Rows, kind: str) -> list[tuple[float, dict[str, Any], dict[str, Any]]]:
    """Strength, share and price of one kind, weakest first."""
    start = f"policy.frontier.{kind}."
    shares = [row for row in results if row["figure"].startswith(start) and row["figure"].endswith(".share")]
    found = [(float(row["figure"][len(start) : -len(".share")]), row) for row in shares]
    return [(at, row, find(results, f"{start}{at:.3f}.price")) for at, row in sorted(found, key=lambda pair: pair[0])]


def policy_page(results: Rows) -> list[str]:
    """Frontier and congestion."""
    if not points(results, "profile_class"):
        return []
    by_kind = {kind: points(results, kind) for kind in KINDS}
    rows = [
        [f"{strength:.3f}", *(text for kind in KINDS for text in _cells(by_kind[kind][place])), "synthetic"]
        for place, (strength, _, _) in enumerate(by_kind["profile_class"])
    ]
    head = ["δ", *(f"{title}: {what}" for title in KINDS.values() for what in ("share", "price")), "data"]
    crowded = []
    for kind, title in KINDS.items():
        names = ("median", "largest", "full_count", "crowded_count")
        found = [find(results, f"policy.congestion.{kind}.{name}") for name in names]
        middle, largest, full, over = (row["value"] for row in found)
        counts = (str(found[0]["runs"]), number(middle), number(largest), f"{full:.0f}", f"{over:.0f}")
        crowded.append([title, *counts, found[0]["data"]])
    names = ["", "pathways told of", "median", "largest", "above 1", "1.5 and more", "data"]
    return [POLICY_TEXT, table(head, rows), CONGESTION_TEXT, table(names, crowded)]


def _cells(point: tuple[float, dict[str, Any], dict[str, Any]]) -> list[str]:
    return [f"{point[1]['value']:.3f}", f"{point[2]['value']:.4f}"]


def frontier_svg(results: Rows) -> str:
    """Share against price, one line a kind, a dot a strength; plain SVG."""
    by_kind = {kind: points(results, kind) for kind in KINDS}
    dearest = max((price["value"] for own in by_kind.values() for _, _, price in own), default=0.0) or 1.0
    lowest = min((share["value"] for own in by_kind.values() for _, share, _ in own), default=0.0)
    floor = int(20 * lowest) / 20 if lowest < 1 else 0.95

    def place(share: float, price: float) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - 20) * price / dearest
        return across, TOP + (HEIGHT - TOP - 50) * (1 - (share - floor) / (1 - floor))

    bottom, right = HEIGHT - 50, WIDTH - 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#9aa7b5"/>',
        f'<text x="{LEFT}" y="14">students with a pathway in demand among the first three (synthetic)</text>',
        f'<text x="{right}" y="{HEIGHT - 14}" text-anchor="end">fit given up per place; a dot every 0.025 of δ</text>',
        f'<text x="{LEFT}" y="{bottom + 18}">0</text>',
        f'<text x="{right}" y="{bottom + 18}" text-anchor="end">{dearest:.3f}</text>',
        f'<text x="{LEFT - 8}" y="{bottom}" text-anchor="end">{floor:.2f}</text>',
        f'<text x="{LEFT - 8}" y="{TOP + 8}" text-anchor="end">1.00</text>',
    ]
    for row, (kind, own) in enumerate(by_kind.items()):
        at = [place(share["value"], price["value"]) for _, share, price in own]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{COLOURS[kind]}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[kind]}"/>' for x, y in at]
        x = right - 110
        parts.append(f'<text x="{x}" y="{bottom - 46 + 16 * row}" fill="{COLOURS[kind]}">{KINDS[kind]}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
