"""Five hundred spoiled model folders: each refused before anything of it is loaded, nothing of theirs ever runs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import joblib
import pytest

from recommender import artifact
from recommender.artifact import load_served, load_training_form
from recommender.errors import ArtifactError
from service.access import OPERATOR
from service.db import Database
from service.model_versions.actions import promote_version
from service.model_versions.training import train_version
from service.recommendations.shelf import Shelf
from service.settings import Settings, read_secret_key
from tests.service.conftest import *  # noqa: F403 -- the fixtures of the service's tests

SPOILED, FOREIGN_KEY = 500, b"k" * 32
Spoil = Callable[[Path, Random, Path], None]


class Payload:
    """What a stranger would put into a joblib file: loading it writes a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return Path.write_text, (self.target, "executed")


def flip_a_bit(folder: Path, random: Random, _target: Path) -> None:
    path = random.choice(sorted(folder.iterdir()))
    content = bytearray(path.read_bytes())
    content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    path.write_bytes(content)


def cut_short(folder: Path, random: Random, _target: Path) -> None:
    path = random.choice(sorted(folder.iterdir()))
    content = path.read_bytes()
    path.write_bytes(content[: random.randrange(len(content))])


def take_a_file_away(folder: Path, random: Random, _target: Path) -> None:
    random.choice(sorted(folder.iterdir())).unlink()


def sign_with_a_foreign_key(folder: Path, random: Random, _target: Path) -> None:
    rewritten(folder, lambda manifest: manifest.update(seed=random.random()), FOREIGN_KEY)


def claim_another_library(folder: Path, random: Random, _target: Path) -> None:
    """Only who has the key can sign this; the training form is refused all the same."""
    version = f"{random.randrange(9)}.{random.randrange(99)}.0"
    rewritten(folder, lambda manifest: manifest["libraries"].update({"scikit-learn": version}), None)


def plant_code(folder: Path, _random: Random, target: Path) -> None:
    joblib.dump({"profile_class": Payload(target)}, folder / artifact.TRAINING_FORM)


def plant_code_and_sign(folder: Path, _random: Random, target: Path) -> None:
    plant_code(folder, _random, target)
    checksum = artifact._checksum(folder / artifact.TRAINING_FORM)
    rewritten(folder, lambda manifest: manifest["files"].update({artifact.TRAINING_FORM: checksum}), FOREIGN_KEY)


def pickle_into_the_arrays(folder: Path, _random: Random, target: Path) -> None:
    joblib.dump(Payload(target), folder / artifact.RANKER)


def rewritten(folder: Path, change: Callable[[dict], object], key: bytes | None) -> None:
    """The manifest changed and signed: with a foreign key, or (None) with that of the installation."""
    manifest = json.loads((folder / artifact.MANIFEST).read_text(encoding="utf-8"))
    change(manifest)
    manifest["signature"] = artifact._signature(manifest, key if key is not None else KEYS[0])
    (folder / artifact.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


KEYS: list[bytes] = []
SPOILS: tuple[Spoil, ...] = (
    flip_a_bit, flip_a_bit, cut_short, take_a_file_away, sign_with_a_foreign_key, claim_another_library, plant_code,
    plant_code_and_sign, pickle_into_the_arrays,
)  # fmt: skip


@pytest.fixture
def backend() -> str:
    """Folders do not depend on the kind of database."""
    return "sqlite"


def test_five_hundred_spoiled_folders_are_refused(trained: Settings, tmp_path: Path) -> None:
    key, whole = read_secret_key(trained), next(trained.models_dir.iterdir())
    KEYS[:] = [key]
    random, target = Random(20241), tmp_path / "executed.txt"
    assert load_served(whole, key).version == whole.name
    assert load_training_form(whole, key)
    for number in range(SPOILED):
        folder = tmp_path / str(number) / whole.name
        shutil.copytree(whole, folder)
        spoil = SPOILS[number % len(SPOILS)]
        spoil(folder, random, target)
        if same_bytes(whole, folder):
            pytest.fail(f"{spoil.__name__} changed nothing")
        with pytest.raises(ArtifactError):
            load_training_form(folder, key)
        if spoil is not claim_another_library:  # the served form is plain arrays: it needs no library to be the same
            with pytest.raises(ArtifactError):
                load_served(folder, key)
        shutil.rmtree(folder)
    assert not target.exists()


def same_bytes(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files."""
    names = sorted(path.name for path in one.iterdir())
    return names == sorted(path.name for path in other.iterdir()) and all(
        (one / name).read_bytes() == (other / name).read_bytes() for name in names
    )


def test_the_payload_would_have_run(tmp_path: Path) -> None:
    """The test can fail: whoever loads such a file runs it."""
    target = tmp_path / "executed.txt"
    joblib.dump(Payload(target), tmp_path / "model.joblib")
    joblib.load(tmp_path / "model.joblib")
    assert target.read_text(encoding="utf-8") == "executed"


@pytest.mark.parametrize("spoil", dict.fromkeys(SPOILS), ids=lambda spoil: spoil.__name__)
def test_the_service_answers_from_the_previous_version(
    ready: Database, settings: Settings, tmp_path: Path, spoil: Spoil
) -> None:
    own = settings.model_copy(update={"models_dir": tmp_path / "models"})
    shutil.copytree(settings.models_dir, own.models_dir)
    KEYS[:] = [read_secret_key(own)]
    first = next(own.models_dir.iterdir()).name
    second = train_version(ready, settings=own)
    with ready.writing() as session:
        promote_version(session, actor=OPERATOR, version=second, settings=own)
    spoil(own.models_dir / second, Random(1), tmp_path / "executed.txt")
    with ready.reading() as session:
        serving = Shelf(own).take(session)
    assert serving.model.version == first
    assert f"«{second}» использовать нельзя" in (serving.degradation or "")
    assert not (tmp_path / "executed.txt").exists()
