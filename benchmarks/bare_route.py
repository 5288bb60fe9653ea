"""A web application that does nothing but return bytes it holds: what a list over HTTP costs at the very least.

`python -m benchmarks.bare_route PORT FOLDER`: each file of the folder is the answer about the student it is named for.
With more words, these modules are imported besides: what the fixed parts of the house cost before a line of ours runs.
"""

import sys
from importlib import import_module
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response


def create_bare(folder: Path) -> FastAPI:
    """One route, no access, no database."""
    app = FastAPI()
    bodies = {path.name: path.read_bytes() for path in folder.iterdir()}

    @app.get("/v1/students/{student_id}/recommendations")
    async def get_bytes(student_id: str, k: int = 5) -> Response:
        return Response(bodies[student_id], media_type="application/json")

    return app


if __name__ == "__main__":
    for name in sys.argv[3:]:
        import_module(name)
    uvicorn.run(
        create_bare(Path(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False
    )
