"""`python -m benchmarks.fit_title_confidence`: what recommender/title_evidence.py holds, from the tune half.

Each title is read as it is and, where its name is known, once more as if it were not. Weights are kept above zero;
thresholds are chosen on folds that the weights were not fitted on, all readings of a title in one fold.
"""

import numpy as np
from scipy.optimize import minimize
from sklearn.model_selection import GroupKFold

from benchmarks.sample import REFERENCE_DIR
from benchmarks.spo_titles import TUNED_WITH, LabelledTitle, read_titles
from recommender.reference import read_reference
from recommender.spo_titles import SpoTitles
from recommender.title_evidence import WEIGHTS
from recommender.title_reading import TitleReading, evidence_of
from recommender.title_words import TitleReader

FOLDS, PULL = 10, 0.02
WRONG_LIMIT = 0.005
"""Share of all titles that may be wrongly accepted: half of what is promised."""


def examples() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features, right or not, number of the title, read as it is or not."""
    reference = read_reference(REFERENCE_DIR)
    reader = TitleReader(reference.titles.abbreviations)
    titles = SpoTitles(reference, reader)
    reading = TitleReading(titles, reader)
    rows: list[tuple[list[float], bool, int, bool]] = []
    for number, labelled in enumerate(title for folder in TUNED_WITH for title in read_titles("tune", folder)):
        words = reader.read(labelled.title)
        if not words.lemmas or labelled.must_confirm:
            continue
        found = reading.read(reader.plain(labelled.title))
        if found.ground != "nothing" and found.doubt is None:
            is_right = _is_right(labelled, found.codes, found.profiles)
            rows.append((list(found.evidence.features.values()), is_right, number, True))
        near = [other for other in titles.nearest(words) if other.name.words.bag != words.bag]
        if near and found.evidence.exact and len(labelled.parts) == 1:
            is_right = _is_right(labelled, near[0].name.codes, near[0].name.profiles)
            rows.append((list(evidence_of(near).features.values()), is_right, number, False))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return columns[0], columns[1], columns[2], columns[3]


def _is_right(labelled: LabelledTitle, codes: tuple[str, ...], profiles: tuple[str, ...]) -> bool:
    if labelled.kind == "higher":
        return not codes and bool(labelled.profiles & set(profiles))
    return labelled.kind == "spo" and labelled.is_meant(codes)


def fitted(features: np.ndarray, is_right: np.ndarray) -> np.ndarray:
    """Logistic weights, those of features kept >= 0 and all pulled to 0."""
    signs = np.where(is_right, 1.0, -1.0)

    def loss(weights: np.ndarray) -> float:
        margins = signs * (features @ weights)
        return float(np.logaddexp(0.0, -margins).mean() + PULL / len(signs) * (weights[1:] ** 2).sum())

    bounds = [(None, None)] + [(0.0, None)] * (features.shape[1] - 1)
    return np.asarray(minimize(loss, np.zeros(features.shape[1]), bounds=bounds, method="L-BFGS-B").x)


def main() -> None:
    """Print weights, and what each threshold would accept."""
    features, is_right, groups, is_read = examples()
    chances = np.zeros(len(is_right))
    for train, test in GroupKFold(FOLDS).split(features, is_right, groups):
        chances[test] = 1.0 / (1.0 + np.exp(-features[test] @ fitted(features[train], is_right[train])))
    print(dict(zip(WEIGHTS, fitted(features, is_right).round(2).tolist(), strict=True)), len(is_right), "readings")
    for threshold in np.arange(0.9, 1.0, 0.005):
        for name, rows in (("as read", is_read), ("names left out", ~is_read)):
            taken = rows & (chances >= threshold)
            wrong = int((taken & ~is_right).sum())
            print(f"{threshold:.3f} {name:15} accepted {taken.sum():4} of {rows.sum():4}, wrong {wrong}")


if __name__ == "__main__":
    main()
