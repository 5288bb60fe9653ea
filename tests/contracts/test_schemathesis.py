"""Everything that the description of the API allows, and much that it does not, asked of a running service.

All checks of Schemathesis, those of authorisation among them: what one school's people and keys read is asked for again
by another school's. With ORIENTIR_CASES, the number of examples per operation and phase, all who may ask do so.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from service.db import Database
from service.settings import Settings
from tests.conftest import ROOT, free_port, wait_for
from tests.service.conftest import *  # noqa: F403 -- the fixtures of the service's tests
from tests.service.conftest import PASSWORD, Authorization

CASES = int(os.environ.get("ORIENTIR_CASES", "0"))
SEED = 20261127
VERBS = (
    "classes:read", "students:read", "recommendations:read", "recommendations:inline", "imports:school", "demand:read"
)  # fmt: skip
STRANGERS = {
    "director": ("navigator2", "key2"),
    "key": ("navigator2", "key2"),
    "navigator": ("navigator2", "key2"),
    "metodist": ("key2",),  # of models and lists, which they keep, counsellors may read
    "region": ("key2",),
}
# whoever is asked as would be signed out, dismissed or locked out: tests/contracts/test_access_matrix.py asks these
ENDS_SESSIONS = (
    "/v1/sessions/current", "/v1/me/password", "/v1/me/sessions/{session_id}", "/v1/people/{user_id}/password",
    "/v1/people/{user_id}/dismissal", "/v1/keys/{key_id}", "/v1/keys/{key_id}/rotation",
)  # fmt: skip

# requests that are well formed and may still not suit: 422 says why in words
MAY_NOT_SUIT = {
    "GET /v1/audit": "a cursor is only good as it was given",
    "GET /v1/events": "a cursor is only good as it was given",
    "GET /v1/students": "a cursor is only good as it was given",
    "PATCH /v1/webhooks/{webhook_id}": "the operator names the hosts",
    "POST /v1/batches": "a reason is words",
    "POST /v1/broken-glass": "a reason is words",
    "POST /v1/demand-drafts": "the file may be no list",
    "POST /v1/demand-editions": "the file may be no list",
    "POST /v1/imports/{table}": "rows of a file may not fit",
    "POST /v1/keys": "verbs are those that the list of keys names",
    "POST /v1/people": "classes are those of the school",
    "POST /v1/recommendations": "codes are those of the catalogue and of the reference data",
    "POST /v1/students/{student_id}/decisions": "who declines says why",
    "POST /v1/students/{student_id}/notes": "a step and its day come together",
    "POST /v1/students/{student_id}/what-if": "codes and bounds are those of an import",
    "PUT /v1/students/{student_id}/notes/{note_id}/done": "a note may ask for nothing",
    "POST /v1/webhooks": "the operator names the hosts",
    "PUT /v1/demand-drafts/{draft_id}/lines/{position}": "codes are those of the reference data",
    "PUT /v1/people/{user_id}/classes": "classes are those of the school, and of a counsellor",
    "POST /v1/imports": "not every file is a table",
    "POST /v1/marked-copies": "not every file is a table",
    "PUT /v1/column-meanings": "columns are those of the table",
    "PUT /v1/students/{student_id}/consents": "none is withdrawn before it was given",
}
CONFIGURATION = """
hooks = "asking"

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "429"]

[auth.wfc]
path = "people.json"
peers = [{peers}]
"""
SUITS_OR_NOT = """
[[operations]]
include-name = "{name}"
checks.positive_data_acceptance.expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "429"]
"""
# every request has a key of its own, where its key is one at all
A_KEY_OF_ITS_OWN = """
import re
from itertools import count

import schemathesis

numbers = count()


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers or {}
    for name in [name for name in headers if name.lower() == "idempotency-key"]:
        if re.fullmatch(r'"?[A-Za-z0-9_.:-]{8,128}"?', str(headers[name])):
            headers[name] = f"request-{next(numbers)}-{case.id}"
"""


@dataclass
class Api:
    """A running service, the header of each who speaks to it, and what it wrote of itself."""

    address: str
    headers: dict[str, Authorization]
    log: Path


@pytest.fixture
def backend() -> str:
    """What the description says does not depend on the kind of database."""
    return "sqlite"


@pytest.fixture
def api(ready: Database, settings: Settings, give_key: Callable[..., Authorization], tmp_path: Path) -> Iterator[Api]:
    """The worked example, served as an installation is; nobody is asked to wait."""
    headers = {"key": give_key(*VERBS), "key2": give_key(*VERBS, school="sch02")}
    port = free_port()
    told = {
        "DATABASE_URL": settings.database_url, "MODELS_DIR": settings.models_dir, "AS_OF": settings.as_of,
        "SECRET_KEY_FILE": settings.secret_key_file, "REQUESTS_A_MINUTE": 0, "PORT": port, "LOG_LEVEL": "WARNING",
        "WEBHOOK_HOSTS": "journal.example.org",
    }  # fmt: skip
    environment = os.environ | {f"ORIENTIR_{name}": str(value) for name, value in told.items()}
    address, log = f"http://127.0.0.1:{port}", tmp_path / "service.log"
    command = [sys.executable, "-m", "service.cli", "serve", "--api-only"]
    with log.open("wb") as file, subprocess.Popen(command, cwd=ROOT, env=environment, stderr=file) as server:
        try:
            wait_for(f"{address}/readyz")
            for login in ("director", "navigator", "navigator2", "metodist", "region"):
                opened = httpx2.post(f"{address}/v1/sessions", json={"login": login, "password": PASSWORD})
                headers[login] = {"Authorization": f"Bearer {opened.json()['token']}"}
            yield Api(address, headers, log)
        finally:
            server.terminate()


def ask_everything(api: Api, who: str, folder: Path) -> tuple[int, int, str]:
    """Exit code, number of requests made as somebody, and what is wrong."""
    folder.mkdir()
    people = [
        {"name": name, "fixedHeaders": [{"name": name_of, "value": value} for name_of, value in header.items()]}
        for name, header in api.headers.items()
    ]
    (folder / "people.json").write_text(json.dumps({"auth": people}))
    (folder / "asking.py").write_text(A_KEY_OF_ITS_OWN)
    (folder / "schemathesis.toml").write_text(
        CONFIGURATION.format(peers=", ".join(f'"{name}"' for name in (who, *STRANGERS[who])))
        + "".join(SUITS_OR_NOT.format(name=name) for name in MAY_NOT_SUIT)
    )
    excluded = [word for path in ENDS_SESSIONS for word in ("--exclude-path", path)]
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{api.address}/openapi.json", "--auth-wfc-user", who,
        "--checks", "all", "--seed", str(SEED), "--max-examples", str(CASES or 1), "--workers", "1",
        "--generation-database", "none", "--continue-on-failure", "--no-color", "--warnings", "off", *excluded,
        "--report", "json", "--report-json-path", str(folder / "report.json"),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False
    )
    assert (folder / "report.json").exists(), done.stdout + done.stderr
    report = json.loads((folder / "report.json").read_text())
    return done.returncode, report["test_cases"]["generated"], done.stdout + done.stderr


@pytest.mark.parametrize("who", list(STRANGERS) if CASES else ["director", "key"])
def test_all_that_the_description_allows(api: Api, who: str, tmp_path: Path) -> None:
    code, count, said = ask_everything(api, who, tmp_path / "asked")
    assert code == 0, said
    assert count > 2000
    assert "Traceback" not in api.log.read_text()
