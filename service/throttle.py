"""How often one reader may ask: so many a minute, saved up for a minute at most; each process counts for itself."""

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from service.errors import TooManyRequestsError

WINDOW_SECONDS = 60.0
MOST_READERS = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left to a reader, as headers tell it."""

    a_minute: int
    left: int
    seconds: int  # until all is there again

    def headers(self) -> list[tuple[bytes, bytes]]:
        """RateLimit fields for HTTP (draft-ietf-httpapi-ratelimit-headers)."""
        policy, state = f'"minute";q={self.a_minute};w={WINDOW_SECONDS:.0f}', f'"minute";r={self.left};t={self.seconds}'
        return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", state.encode())]


class Throttle:
    """Allowances by reader; 0 a minute: nobody is held back."""

    def __init__(self, a_minute: int) -> None:
        self._a_minute = a_minute
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # reader -> what was left, when

    def take(self, reader: str) -> Allowance | None:
        """One request of a reader; refused when nothing is left."""
        if not self._a_minute:
            return None
        moment, rate = time.monotonic(), self._a_minute / WINDOW_SECONDS
        with self._lock:
            left, since = self._left.pop(reader, (float(self._a_minute), moment))
            left = min(float(self._a_minute), left + (moment - since) * rate)
            is_allowed = left >= 1.0
            self._left[reader] = (left - 1.0 if is_allowed else left, moment)
            if len(self._left) > MOST_READERS:
                self._left.popitem(last=False)
        if not is_allowed:
            raise TooManyRequestsError(
                f"Слишком часто: не больше {self._a_minute} запросов в минуту. Много учеников сразу — выгрузкой.",
                wait=math.ceil((1.0 - left) / rate),
            )
        return Allowance(self._a_minute, int(left - 1.0), math.ceil((self._a_minute - left + 1.0) / rate))
