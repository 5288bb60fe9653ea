"""Where a page of a long list ended, signed: a reader hands it back and cannot make one up."""

import base64
import hashlib
import hmac
import json

from service.errors import InvalidInputError

SEAL_BYTES = 12
REFUSED = "Курсор не подходит: начните со страницы без него."


def sign_cursor(key: bytes, purpose: str, *place: int | str) -> str:
    """Text that stands for a place in a list of this purpose."""
    text = json.dumps(place, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_seal(key, purpose, text) + text).decode().rstrip("=")


def read_cursor(key: bytes, purpose: str, cursor: str) -> tuple[int | str, ...]:
    """The place; InvalidInputError where the cursor is of another list or of nobody's making."""
    try:
        whole = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError as error:
        raise InvalidInputError(REFUSED) from error
    seal, text = whole[:SEAL_BYTES], whole[SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(key, purpose, text)):
        raise InvalidInputError(REFUSED)
    return tuple(json.loads(text))


def _seal(key: bytes, purpose: str, text: bytes) -> bytes:
    return hmac.new(key, f"cursor {purpose} ".encode() + text, hashlib.sha256).digest()[:SEAL_BYTES]
