"""A model folder that can introduce itself: `ranker.npz`, `earlier.npz`, `model.joblib`, `manifest.json`, `card.md`.

The served form is plain arrays, read with pickling switched off; beside it stands the same ranker as learned without
the last year, by which a later candidate can be compared with this version fairly. The manifest carries a checksum of
every file and is signed (HMAC-SHA256 with the installation's key); nothing is read before signature and checksums
hold, because a joblib file executes code when loaded.
"""

import hashlib
import hmac
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as library_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.catalogue import KINDS
from recommender.choice_scores import ServedForm
from recommender.errors import ArtifactError
from recommender.evidence import UsualFacts
from recommender.features import SHAPED_TERMS, TERM_CODES
from recommender.instruments import every_question
from recommender.interests import DIMENSIONS, InterestModel
from recommender.model_card import model_card
from recommender.peers import Peers
from recommender.reference import Reference
from recommender.scoring import ServedRanker
from recommender.uncertainty import Doubt
from recommender.version_arrays import doubts_from, form_arrays, form_from, interests_from, usual_from, version_arrays
from recommender.warm_restart import NOTHING_KEPT, Kept

if TYPE_CHECKING:
    from recommender.judging import Judgement
    from recommender.training import Training

FORMAT = 3
FORMATS = (2, FORMAT)  # that can be read; 2 has neither the ranker of the earlier years nor what a warm restart keeps
RANKER, EARLIER, TRAINING_FORM = "ranker.npz", "earlier.npz", "model.joblib"
MANIFEST, CARD = "manifest.json", "card.md"
LIBRARIES = ("numpy", "scipy", "scikit-learn", "joblib")


@dataclass(frozen=True)
class ServedModel:
    """What a serving process needs of a version."""

    manifest: Mapping[str, Any]
    ranker: ServedRanker
    interest_model: InterestModel
    peers: Peers
    doubts: tuple[Doubt | None, ...]
    usual: UsualFacts

    @property
    def version(self) -> str:
        """Such as "2024H1.3"."""
        return str(self.manifest["version"])


def feature_schema() -> str:
    """Hash of the order of terms and dimensions; a model made for another order must not be read."""
    order = json.dumps([KINDS, TERM_CODES, SHAPED_TERMS, DIMENSIONS])
    return hashlib.sha256(order.encode()).hexdigest()[:16]


def reference_schema(reference: Reference) -> str:
    """Hash of the codes that learned weights stand by: a model must not be read beside other ones.

    Parameters
    ----------
    reference : Reference

    Returns
    -------
    str
    """
    groups = sorted({spo.group_code for spo in reference.spo.values()})
    codes = [list(reference.subjects), list(reference.profiles), groups, list(every_question(reference.instruments))]
    return hashlib.sha256(json.dumps(codes).encode()).hexdigest()[:16]


def check_reference(manifest: Mapping[str, Any], reference: Reference) -> None:
    """ArtifactError where a model was trained beside other reference data."""
    if manifest.get("reference_schema") != reference_schema(reference):
        message = f"model {manifest['version']} was trained with other reference data; train it again"
        raise ArtifactError(message, version=str(manifest["version"]))


def _signature(manifest: Mapping[str, Any], key: bytes) -> str:
    content = {name: value for name, value in manifest.items() if name != "signature"}
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def manifest_of(
    training: "Training", *, version: str, edition: str | None, is_synthetic: bool, reference: Reference
) -> dict[str, Any]:
    """Everything a person or a program may ask of a version, except checksums and signature.

    Parameters
    ----------
    training : Training
    version : str
    edition : str or None
        Demand edition in force when it was trained.
    is_synthetic : bool
        Whether the outcomes are synthetic; then every figure of it says so.
    reference : Reference
        That it was trained with.

    Returns
    -------
    dict
        JSON-ready.
    """
    figures = {
        kind: {judged.name: _figures_of(judged) for judged in judgements}
        for kind, judgements in training.judgements.items()
    }
    kinds = {
        trained.kind: {
            "learned": trained.estimator is not None,
            "choice_sets": trained.query_count,
            "peers": dict(zip(("facts", "answers"), trained.peers.ridges, strict=True)) if trained.peers else {},
            **trained.measured.as_data(),
        }
        for trained in training.kinds
    }
    return {
        "format": FORMAT,
        "version": version,
        "edition": edition,
        "data": "synthetic" if is_synthetic else "real",
        "years": list(training.years),
        "held_back": training.held_back,
        "row_counts": dict(training.row_counts),
        "feature_schema": feature_schema(),
        "reference_schema": reference_schema(reference),
        "kinds": kinds,
        "earlier_kinds": {trained.kind: trained.measured.as_data() for trained in training.earlier_kinds},
        "is_warm": training.is_warm,
        "figures": figures,
        "seed": 0,
        "libraries": {name: library_version(name) for name in LIBRARIES},
    }


def _figures_of(judged: "Judgement") -> dict[str, Any]:
    return {
        "ndcg5": judged.ndcg5,
        "interval": list(judged.interval),
        "recall5": judged.recall5,
        "mrr": judged.mrr,
        "coverage5": judged.coverage5,
    }


def kept_of(manifest: Mapping[str, Any]) -> Kept:
    """What a warm restart takes over from a version.

    Parameters
    ----------
    manifest : mapping
        Of `read_manifest`.

    Returns
    -------
    Kept
        Nothing where the version is older than warm restarts or was made for other features.
    """
    if manifest["format"] < FORMAT or manifest["feature_schema"] != feature_schema():
        return NOTHING_KEPT
    return Kept.of_manifest(manifest)


def save_artifact(models_dir: Path, training: "Training", manifest: Mapping[str, Any], key: bytes) -> Path:
    """Write a version's folder whole or not at all.

    Parameters
    ----------
    models_dir : Path
    training : Training
    manifest : mapping
        From `manifest_of`.
    key : bytes
        Signing key of the installation.

    Returns
    -------
    Path
        The folder `models_dir/<version>`.

    Raises
    ------
    ArtifactError
        The version exists already; versions are immutable.
    """
    import joblib  # training only: a serving process never gets here

    target = models_dir / str(manifest["version"])
    if target.resolve().parent != models_dir.resolve():
        raise ArtifactError("a version's name must be a plain folder name", version=str(manifest["version"]))
    if target.exists():
        raise ArtifactError(f"model version {target.name} exists already", version=target.name)
    models_dir.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=models_dir))
    try:
        np.savez(draft / RANKER, **version_arrays(training))
        written = [RANKER, TRAINING_FORM, CARD]
        if training.earlier is not None:
            np.savez(draft / EARLIER, **form_arrays(training.earlier))
            written.append(EARLIER)
        joblib.dump({trained.kind: trained for trained in training.kinds}, draft / TRAINING_FORM)
        (draft / CARD).write_text(model_card(manifest), encoding="utf-8")
        signed = {**manifest, "files": {name: _checksum(draft / name) for name in sorted(written)}}
        signed["signature"] = _signature(signed, key)
        text = json.dumps(signed, ensure_ascii=False, indent=2, sort_keys=True)
        (draft / MANIFEST).write_text(text + "\n", encoding="utf-8")
        draft.chmod(0o755)
        draft.replace(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def read_manifest(folder: Path, key: bytes) -> dict[str, Any]:
    """The manifest of a version, once signature, format and checksums hold.

    Parameters
    ----------
    folder : Path
    key : bytes

    Returns
    -------
    dict

    Raises
    ------
    ArtifactError
        Says what is wrong and that the folder must not be used.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        claimed, computed = str(manifest.get("signature", "")).encode(), _signature(manifest, key).encode()
    except (OSError, ValueError, AttributeError):
        raise ArtifactError(f"model {folder.name} has no readable manifest.json", version=folder.name) from None
    if not hmac.compare_digest(claimed, computed):
        message = f"model {folder.name}: the signature does not match this installation's key; do not use it"
        raise ArtifactError(message, version=folder.name)
    if manifest["format"] not in FORMATS:
        known = ", ".join(map(str, FORMATS))
        message = f"model {folder.name} has format {manifest['format']}, this program reads {known}; train it again"
        raise ArtifactError(message, version=folder.name, format=manifest["format"])
    if manifest["version"] != folder.name:
        message = f"model {folder.name} says it is {manifest['version']}; do not use it"
        raise ArtifactError(message, version=folder.name)
    for name, checksum in manifest["files"].items():
        if not (folder / name).is_file() or _checksum(folder / name) != checksum:
            message = f"model {folder.name}: {name} is missing or was changed after signing; do not use it"
            raise ArtifactError(message, version=folder.name, file=name)
    return manifest


def load_served(folder: Path, key: bytes) -> ServedModel:
    """The served form of a version; needs neither scikit-learn nor pandas.

    Parameters
    ----------
    folder : Path
    key : bytes

    Returns
    -------
    ServedModel

    Raises
    ------
    ArtifactError
        Signature, format, checksum, or a feature order that this program does not have.
    """
    manifest = read_manifest(folder, key)
    if manifest["feature_schema"] != feature_schema():
        message = f"model {folder.name} was made for other features ({manifest['feature_schema']}); train it again"
        raise ArtifactError(message, version=folder.name)
    with np.load(folder / RANKER, allow_pickle=False) as arrays:
        (ranker, peers), model = form_from(arrays), interests_from(arrays)
        return ServedModel(manifest, ranker, model, peers, doubts_from(arrays), usual_from(arrays))


def load_earlier(folder: Path, key: bytes) -> ServedForm | None:
    """What a version's ranker was without its last year; None where nothing was held back.

    Parameters
    ----------
    folder : Path
    key : bytes

    Returns
    -------
    ServedForm or None

    Raises
    ------
    ArtifactError
        As of `load_served`.
    """
    manifest = read_manifest(folder, key)
    if EARLIER not in manifest["files"]:
        return None
    with np.load(folder / EARLIER, allow_pickle=False) as arrays:
        return form_from(arrays)


def load_training_form(folder: Path, key: bytes) -> dict[str, Any]:
    """The estimators of a version, by kind; checked before it is unpickled, and refused under another scikit-learn.

    Parameters
    ----------
    folder : Path
    key : bytes

    Returns
    -------
    dict of kind to TrainedKind

    Raises
    ------
    ArtifactError
    """
    manifest = read_manifest(folder, key)
    trained_with, here = manifest["libraries"]["scikit-learn"], library_version("scikit-learn")
    if trained_with != here:
        message = f"model {folder.name} was trained with scikit-learn {trained_with}, here is {here}; train it again"
        raise ArtifactError(message, version=folder.name)
    import joblib

    kinds: dict[str, Any] = joblib.load(folder / TRAINING_FORM)
    return kinds
