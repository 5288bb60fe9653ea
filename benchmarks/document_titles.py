"""The page of docs/measured.md on titles of professions, and its calibration plot."""

from collections.abc import Sequence
from typing import Any

from benchmarks.cells import cell, number, table, verdict
from benchmarks.records import find

Rows = Sequence[dict[str, Any]]
SETS = {"hold": "held half", "published": "published titles"}
PROMISED = {
    "accuracy": "right among accepted",
    "accepted_share": "SPO titles accepted, share",
    "wrong_accepted": "wrongly accepted, share of all titles",
    "not_spo_accepted": "titles without SPO codes that were given some, or that mean nothing and were accepted",
}
TEXT = """## Titles of professions matched to SPO codes

Held half: hand-written in the phrasing of publications, its other half seen while tuning; one person wrote labels and
synonyms. Published: titles as they stand in forecasts and on a job board, none of which an earlier set has, so the
easy ones are missing; labels by the same person. No rule, synonym or threshold was made with either in view; of the
held half only sums were seen between rounds of tuning, the published titles were scored when tuning was over. Right =
every code trains what the title names, and every profession of the title is named. Intervals are Wilson's, 95 %.

![Calibration of title matching](images/title_calibration.svg)

Calibration error: {hold} on the held half, {published} on published titles (share of guesses, and {guesses} of them).
Where a title is not accepted, the three candidates and the guess hold the answer in {among} of SPO titles (held half)
and {among_published} (published). 500 titles take {milliseconds} ms of processor time.
"""
WIDTH, HEIGHT, LEFT, TOP, EDGE = 420, 360, 60, 24, 50
COLOURS = {"hold": "#0b5cad", "published": "#a4331f"}


def promised_titles(results: Rows) -> list[list[str]]:
    """Lines of what was promised of matching."""
    lines = []
    for name, set_title in SETS.items():
        for figure, title in PROMISED.items():
            row = find(results, f"title_matching.{name}.{figure}")
            if row:
                bound = f"{'≤' if row['better'] == 'lower' else '≥'} {number(row['limit'])}"
                lines.append(
                    [f"titles of professions, {set_title}: {title}", cell(row), bound, verdict(row), row["data"]]
                )
    return lines


def titles_page(results: Rows) -> list[str]:
    """Both sets, by variety."""
    row = find(results, "title_matching.milliseconds")
    if row is None:
        return []
    errors = {name: find(results, f"title_matching.{name}.calibration_error") for name in SETS}
    among = {name: find(results, f"title_matching.{name}.among_three") for name in SETS}
    text = TEXT.format(
        hold=number(errors["hold"]["value"]),
        published=number(errors["published"]["value"]),
        guesses=" and ".join(str(error["runs"]) for error in errors.values()),
        among=f"{number(among['hold']['value'])} of {among['hold']['runs']}",
        among_published=f"{number(among['published']['value'])} of {among['published']['runs']}",
        milliseconds=number(row["value"]),
    )
    return [text, *(part for name in SETS for part in _varieties(results, name))]


def _varieties(results: Rows, name: str) -> list[str]:
    start = f"title_matching.{name}.variety."
    varieties = sorted(
        {row["figure"][len(start) :].split(".")[0] for row in results if row["figure"].startswith(start)}
    )
    lines = []
    for variety in varieties:
        accepted, wrong = (find(results, f"{start}{variety}.{what}") for what in ("accepted_share", "wrong_accepted"))
        right = find(results, f"{start}{variety}.accuracy")
        count = accepted["runs"]
        found = cell(right) if right else ""
        wrongly = f"{round(wrong['value'] * count)}"
        lines.append([variety.replace("_", " "), str(count), cell(accepted), found, wrongly, accepted["data"]])
    head = ["", "titles", "accepted, share", "right among accepted", "wrongly accepted", "data"]
    return [f"### {SETS[name].capitalize()}\n", table(head, lines)]


def calibration_svg(results: Rows) -> str:
    """Confidence against the share of right guesses, a dot a bin with its interval; plain SVG."""
    right, bottom = WIDTH - 20, HEIGHT - EDGE

    def place(confidence: float, share: float) -> tuple[float, float]:
        return LEFT + (right - LEFT) * confidence, bottom - (bottom - TOP) * share

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#9aa7b5"/>',
        f'<path d="M{LEFT} {bottom}L{right} {TOP}" fill="none" stroke="#9aa7b5" stroke-dasharray="4 4"/>',
        f'<text x="{LEFT}" y="14">guesses that are right, share</text>',
        f'<text x="{right}" y="{HEIGHT - 14}" text-anchor="end">how sure the matcher is; bars: 95 % (Wilson)</text>',
    ]
    for tick in (0.0, 0.5, 1.0):
        x, y = place(tick, tick)
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick}</text>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick}</text>')
    for line, (name, title) in enumerate(SETS.items()):
        colour = COLOURS[name]
        for share in _bins(results, name):
            sure = find(results, share["figure"].removesuffix("right") + "confidence")
            x, y = place(sure["value"], share["value"])
            low, high = (place(0.0, end)[1] for end in share["interval"])
            x += 3 * (2 * line - 1)  # the two sets side by side
            parts.append(f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{colour}"/>')
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{LEFT + 12}" y="{TOP + 14 + 16 * line}" fill="{colour}">{title}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bins(results: Rows, name: str) -> list[dict[str, Any]]:
    start = f"title_matching.{name}.calibration."
    return [row for row in results if row["figure"].startswith(start) and row["figure"].endswith(".right")]
