"""What pages without a script have in common: their look, reading of a form, cookies that no script reads."""

from pathlib import Path
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

TEMPLATES = Jinja2Templates(Path(__file__).parent / "templates")


async def body_of(request: Request, most_bytes: int) -> bytes:
    """What a form sent; nothing of one that is too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > most_bytes:
            return b""
    return body


def keep(
    request: Request,
    response: Response,
    name: str,
    value: str,
    *,
    same_site: Literal["lax", "strict"],
    path: str = "/",
    max_age: int | None = None,
) -> None:
    """Give the browser a cookie; one without an age ends with the browser."""
    is_secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
    response.set_cookie(name, value, max_age=max_age, httponly=True, samesite=same_site, secure=is_secure, path=path)
