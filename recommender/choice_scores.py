"""What a served ranker says of choice sets: how a version that serves is judged beside a candidate."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import KINDS
from recommender.features import SHAPED_TERMS, TERM_CODES, leanings
from recommender.peers import Peers
from recommender.scoring import ServedRanker
from recommender.splitting import ChoiceSets

Floats = NDArray[np.float64]

PEER_TERMS = tuple(TERM_CODES.index(term) for term in ("peer_facts", "peer_answers"))


class ServedForm(NamedTuple):
    """What scores depend on, as plain arrays: of a version, or of what it was without its last year."""

    ranker: ServedRanker
    peers: Peers


def scores_of_choices(form: ServedForm, sets: ChoiceSets) -> Floats:
    """Scores of choice sets, as they are served.

    Parameters
    ----------
    form : ServedForm
    sets : ChoiceSets
        Made with the interest model of the same version.

    Returns
    -------
    ndarray of shape (n_rows,), log-odds
        Demand and showings of that day are left out.
    """
    ranker, kind = form.ranker, KINDS.index(sets.kind)
    terms = _told(form.peers, kind, sets)
    scores: Floats = terms @ ranker.weights[kind]
    for row, term in enumerate(SHAPED_TERMS):
        bends = np.maximum(terms[:, TERM_CODES.index(term), None] - ranker.knots[kind, row], 0.0)
        scores += bends @ ranker.bend_weights[kind, row]
    for biases, codes in ((ranker.programme_bias, sets.pathways.programmes), (ranker.host_bias, sets.pathways.hosts)):
        scores += np.array([biases[kind].get(code, 0.0) for code in codes.tolist()])[sets.offered]
    return scores


def _told(peers: Peers, kind: int, sets: ChoiceSets) -> Floats:
    """Terms of the choice sets, with those of peers filled in."""
    terms = sets.terms[:, : len(TERM_CODES)].copy()
    if not peers.fields or not peers.fields[kind]:
        return terms
    first = sum(len(fields) for fields in peers.fields[:kind])
    own = slice(first, first + len(peers.fields[kind]))
    at = {field: place for place, field in enumerate(peers.fields[kind])}
    place = np.array([at.get(field, -1) for field in sets.pathways.fields.tolist()])[sets.offered]
    for term, leaning in zip(
        PEER_TERMS,
        (leanings(sets.students, peers.fact_weights[:, own]), leanings(sets.answers, peers.answer_weights[:, own])),
        strict=True,
    ):
        terms[:, term] = np.where(place >= 0, leaning[sets.queries, place], 0.0)
    return terms
