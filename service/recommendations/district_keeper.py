"""What is known of the whole district, without its students: exact for its own page, at most a while old for cards."""

import math
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.orm import Session

from service.db import Database
from service.log import frames_of
from service.recommendations.district_process import DistrictLostError, DistrictProcess, Picture, find_changes
from service.recommendations.shelf import Serving
from service.settings import Settings

if TYPE_CHECKING:
    from service.recommendations.impact_schemas import EditionImpact

log = structlog.get_logger()

CROWDING_SECONDS = 600.0  # so old may be what a card says about applicants per seat
RETRY_SECONDS = 5.0  # a new layout is left alone for so long: its first requests come first
REMEMBERED_LAYOUTS = 4


class DistrictKeeper:
    """Has the district ranked when its page is asked for, and beside the requests for what every card glances at."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._process = DistrictProcess(settings)
        self._database = database
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Picture] = OrderedDict()  # by the last layouts
        self._turn = threading.Lock()  # one refreshing at a time
        self._refreshing: threading.Thread | None = None
        self._tried: tuple[Serving | None, float] = (None, -math.inf)

    def picture(self, session: Session, serving: Serving) -> Picture:
        """The district as it is now; may take seconds for a region."""
        known = self._known.get(serving.layout)
        if known is not None and known.changes == find_changes(session):
            return known
        from service.recommendations.district_child import draw_picture

        found = self._process.ask(draw_picture)
        with self._lock:
            self._known[found.layout] = found
            self._known.move_to_end(found.layout)
            if len(self._known) > REMEMBERED_LAYOUTS:
                self._known.popitem(last=False)
        return found

    def draft_impact(self, draft_id: int) -> "EditionImpact":
        """What a draft would change, were it published."""
        from service.recommendations.district_child import find_draft_impact

        return self._process.ask(find_draft_impact, draft_id)

    def edition_impact(self, code: str, from_code: str) -> "EditionImpact":
        """What one edition changes after another."""
        from service.recommendations.district_child import find_edition_impact

        return self._process.ask(find_edition_impact, code, from_code)

    def crowding(self, serving: Serving) -> list[float] | None:
        """Expected applicants per seat, at most a while old; None until such a ranker has seen the district.

        A version that is taken back finds what it knew: its lists are the same again.
        """
        found = self._known.get(serving.layout)
        of, moment = self._tried
        if of is not serving:
            self._tried = (serving, time.monotonic())
        elif time.monotonic() - moment > (CROWDING_SECONDS if found is not None else RETRY_SECONDS):
            self._refresh_beside(serving)
        return found.per_seat if found is not None else None

    def _refresh_beside(self, serving: Serving) -> None:
        with self._turn:
            if self._refreshing is not None and self._refreshing.is_alive():
                return
            self._tried = (serving, time.monotonic())
            self._refreshing = threading.Thread(target=self._refresh, args=[serving], name="district")
            self._refreshing.start()

    def _refresh(self, serving: Serving) -> None:
        try:
            with self._database.reading() as session:
                self.picture(session, serving)
        except DistrictLostError:
            log.warning("district not ranked: its process has ended")
        except Exception as error:
            log.error("district not ranked", error=type(error).__name__, frames=frames_of(error))

    def close(self) -> None:
        """End the process, and wait until nothing is read any more."""
        self._process.close()
        with self._turn:
            if self._refreshing is not None:
                self._refreshing.join()

    def forget(self) -> None:
        """Let go of everybody at once: somebody was erased."""
        self._process.drop()
        with self._lock:
            self._known.clear()
