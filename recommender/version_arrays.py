"""The arrays of a version: what was learned, written as plain arrays, and read again for serving.

Nothing but numbers and codes, so that a file of them is read with pickling switched off. A name that ends in a number
tells of one row: of a kind, an instrument, a term that bends.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.answer_norms import AnswerNorms
from recommender.catalogue import KINDS
from recommender.choice_scores import ServedForm
from recommender.evidence import FACT_KINDS, UsualFacts
from recommender.interests import InterestModel, MethodReading
from recommender.peers import Peers
from recommender.scoring import ServedRanker
from recommender.uncertainty import Doubt

if TYPE_CHECKING:
    from recommender.training import Training

BIASED = ("programmes", "hosts", "fields")


def version_arrays(training: "Training") -> dict[str, Any]:
    """Everything that serving needs of a training.

    Parameters
    ----------
    training : Training

    Returns
    -------
    dict of str to ndarray
        Read again by `form_from`, `interests_from`, `doubts_from` and `usual_from`.
    """
    model = training.model
    arrays: dict[str, Any] = {
        "prior_mean": model.prior_mean,
        "prior_covariance": model.prior_covariance,
        "method_codes": np.array([code for code, _ in model.methods], dtype=np.str_),
        "questions": np.array(model.answer_norms.questions, dtype=np.str_),
        "answer_moments": np.array([model.answer_norms.mean, model.answer_norms.spread]),
    }
    arrays |= form_arrays(ServedForm(training.served, training.peers))
    arrays["rating_deviation"] = np.array(training.usual.rating_deviation)
    for name, table in (("root", training.usual.roots), ("rate", training.usual.rates)):
        for kind, usual in table.items():
            arrays[f"{name}_{kind}"] = usual
    for row, doubt in enumerate(training.doubts):
        if doubt is not None:
            arrays[f"doubt_factor_{row}"] = doubt.factor
            arrays[f"doubt_scales_{row}"] = np.array([*doubt.unseen_variances, doubt.width])
            for name in BIASED:
                arrays[f"doubt_{name}_{row}"] = np.array(getattr(doubt, name), dtype=np.str_)
    for row, (_, reading) in enumerate(model.methods):
        arrays[f"loadings_{row}"] = reading.loadings
        arrays[f"moments_{row}"] = np.array([reading.mean, reading.spread, reading.noise])
        arrays[f"ipsative_{row}"] = np.array(reading.ipsative)
    return arrays


def form_arrays(form: ServedForm) -> dict[str, Any]:
    """What scores depend on.

    Parameters
    ----------
    form : ServedForm

    Returns
    -------
    dict of str to ndarray
        Read again by `form_from`.
    """
    ranker, peers = form
    arrays: dict[str, Any] = {
        "weights": ranker.weights,
        "knots": ranker.knots,
        "bend_weights": ranker.bend_weights,
        "calibration": ranker.calibration,
        "is_calibrated": ranker.is_calibrated,
        "fact_weights": peers.fact_weights,
        "answer_weights": peers.answer_weights,
        "scattered": np.array(sorted(peers.scatter), dtype=np.str_),
    }
    for row, method in enumerate(sorted(peers.scatter)):
        arrays[f"scatter_{row}"] = peers.scatter[method]
    for row, fields in enumerate(peers.fields):
        arrays[f"fields_{row}"] = np.array(fields, dtype=np.str_)
    for row in range(len(KINDS)):
        for name, biases in (("programme", ranker.programme_bias[row]), ("host", ranker.host_bias[row])):
            arrays[f"{name}_codes_{row}"] = np.array(sorted(biases), dtype=np.str_)
            arrays[f"{name}_bias_{row}"] = np.array([biases[code] for code in sorted(biases)], dtype=float)
    return arrays


def form_from(arrays: Mapping[str, Any]) -> ServedForm:
    """What scores depend on, of `form_arrays`.

    Parameters
    ----------
    arrays : mapping of str to ndarray

    Returns
    -------
    ServedForm
    """
    biases = {
        name: tuple(
            dict(zip(arrays[f"{name}_codes_{row}"].tolist(), arrays[f"{name}_bias_{row}"].tolist(), strict=True))
            for row in range(len(KINDS))
        )
        for name in ("programme", "host")
    }
    ranker = ServedRanker(
        arrays["weights"], arrays["knots"], arrays["bend_weights"], biases["programme"], biases["host"],
        arrays["calibration"], arrays["is_calibrated"],
    )  # fmt: skip
    fields = tuple(tuple(arrays[f"fields_{row}"].tolist()) for row in range(len(KINDS)) if f"fields_{row}" in arrays)
    scatter = {method: arrays[f"scatter_{row}"] for row, method in enumerate(arrays["scattered"].tolist())}
    return ServedForm(ranker, Peers(fields, arrays["fact_weights"], arrays["answer_weights"], scatter))


def interests_from(arrays: Mapping[str, Any]) -> InterestModel:
    """How interests are read out of answers, of `version_arrays`.

    Parameters
    ----------
    arrays : mapping of str to ndarray

    Returns
    -------
    InterestModel
    """
    methods = []
    for row, code in enumerate(arrays["method_codes"].tolist()):
        mean, spread, noise = arrays[f"moments_{row}"]
        reading = MethodReading(arrays[f"loadings_{row}"], mean, spread, noise, bool(arrays[f"ipsative_{row}"]))
        methods.append((code, reading))
    norms = AnswerNorms(tuple(arrays["questions"].tolist()), *arrays["answer_moments"])
    return InterestModel(arrays["prior_mean"], arrays["prior_covariance"], tuple(methods), norms)


def doubts_from(arrays: Mapping[str, Any]) -> tuple[Doubt | None, ...]:
    """What is not known of the weights, of `version_arrays`.

    Parameters
    ----------
    arrays : mapping of str to ndarray

    Returns
    -------
    tuple of Doubt or None, one a kind of KINDS
        None where nothing was learned of a kind.
    """
    return tuple(_doubt_from(arrays, row) if f"doubt_factor_{row}" in arrays else None for row in range(len(KINDS)))


def _doubt_from(arrays: Mapping[str, Any], row: int) -> Doubt:
    programmes, hosts, fields = (tuple(arrays[f"doubt_{name}_{row}"].tolist()) for name in BIASED)
    programme, host, field, width = arrays[f"doubt_scales_{row}"].tolist()
    return Doubt(arrays[f"doubt_factor_{row}"], programmes, hosts, fields, (programme, host, field), width)


def usual_from(arrays: Mapping[str, Any]) -> UsualFacts:
    """How facts scatter, of `version_arrays`.

    Parameters
    ----------
    arrays : mapping of str to ndarray

    Returns
    -------
    UsualFacts
        Without the kinds of facts that the training knew nothing of.

    Examples
    --------
    >>> usual_from({"rating_deviation": np.array(0.5)})
    UsualFacts(roots={}, rates={}, rating_deviation=0.5)
    """
    roots, rates = (
        {kind: arrays[f"{name}_{kind}"] for kind in FACT_KINDS if f"{name}_{kind}" in arrays}
        for name in ("root", "rate")
    )
    return UsualFacts(roots, rates, float(arrays["rating_deviation"]))
