"""The same history in another order, in another process: the same bytes."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import hashlib, random, sys, tempfile
from dataclasses import replace
from pathlib import Path
from recommender.artifact import CARD, MANIFEST, RANKER, TRAINING_FORM, save_artifact
from recommender.training import train
from tests.recommender.test_training import EXPERT, KEY, made_history, manifest

def shuffled(rows):
    rows = list(rows)
    order.shuffle(rows)
    return rows

order = random.Random(int(sys.argv[1]))
history = made_history()
students = {year: shuffled(rows) for year, rows in shuffled(history.students.items())}
rows = replace(history.rows, marks=shuffled(history.rows.marks))
history = replace(history, pathways=shuffled(history.pathways), students=students, rows=rows,
                  outcomes=shuffled(history.outcomes))
training = train(history, EXPERT)
folder = save_artifact(Path(tempfile.mkdtemp()), training, manifest(training), KEY)
content = b"".join((folder / name).read_bytes() for name in (RANKER, TRAINING_FORM, CARD, MANIFEST))
print(hashlib.sha256(content).hexdigest())
"""


def test_three_fresh_processes_with_shuffled_rows_make_one_model(tmp_path: Path) -> None:
    found = set()
    for seed in ("0", "1", "2"):
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": seed}
        environment["TMPDIR"] = str(tmp_path)
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, seed], capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        found.add(done.stdout.strip().splitlines()[-1])
    assert len(found) == 1
