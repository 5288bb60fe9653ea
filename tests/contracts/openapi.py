"""`python -m tests.contracts.openapi` writes docs/openapi.json anew and says what of it breaks callers."""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service.app import create_app
from service.settings import Settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
Description = dict[str, Any]


def described() -> Description:
    """The description as this version of the program gives it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        settings = Settings(database_url=f"sqlite:///{folder}/none.sqlite", secret_key_file=place / "secret.key")
        application = create_app(settings)
        description: Description = application.openapi()
        application.state.database.close()
    return description


def written(description: Description) -> str:
    """As it stands in the file."""
    return json.dumps(description, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def breaking_changes(old: Description, new: Description) -> Iterator[str]:
    """What a caller of the old description may trip over: gone routes and answers' fields, new required input."""
    for path, methods in old["paths"].items():
        for method, was in methods.items():
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{method.upper()} {path} is gone"
                continue
            yield from _parameters(f"{method.upper()} {path}", was, now)
    inputs = _inputs(new)
    for name, was in old["components"]["schemas"].items():
        now = new["components"]["schemas"].get(name)
        if now is None:
            continue
        gone = sorted(set(was.get("properties", {})) - set(now.get("properties", {})))
        yield from (f"{name}.{field} is gone" for field in gone)
        if name in inputs:
            required = sorted(set(now.get("required", [])) - set(was.get("required", [])))
            yield from (f"{name}.{field} must be given now" for field in required)


def _parameters(route: str, was: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    known = {(each["in"], each["name"]) for each in was.get("parameters", [])}
    kept = {(each["in"], each["name"]) for each in now.get("parameters", [])}
    yield from (f"{route}: parameter {name} is gone" for _, name in sorted(known - kept))
    for each in now.get("parameters", []):
        if each.get("required") and (each["in"], each["name"]) not in known:
            yield f"{route}: parameter {each['name']} must be given now"


def _inputs(description: Description) -> set[str]:
    """Names of schemas that are sent to us."""
    text = [
        json.dumps(operation["requestBody"])
        for methods in description["paths"].values()
        for operation in methods.values()
        if "requestBody" in operation
    ]
    return {name for name in description["components"]["schemas"] if any(f'schemas/{name}"' in each for each in text)}


if __name__ == "__main__":
    before = json.loads(DOCUMENT.read_text(encoding="utf-8")) if DOCUMENT.exists() else None
    after = described()
    DOCUMENT.write_text(written(after), encoding="utf-8")
    for change in breaking_changes(before, after) if before is not None else ():
        sys.stdout.write(f"breaks callers: {change}\n")
