"""What the process does that ranks the whole district: questions come in on its standard input, answers go out.

Everything it reads it reads itself, by the settings that come first; nobody's facts travel between processes.
"""

import os
import pickle
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from service.db import open_database
from service.demand.drafts import edition_of, get_draft, with_followed
from service.demand.queries import read_lists
from service.log import configure_logging
from service.recommendations.balance import balance_of
from service.recommendations.district import District, policy_of, read_district
from service.recommendations.district_process import Changes, Picture, find_changes
from service.recommendations.edition_impact import impact_of
from service.recommendations.impact_schemas import EditionImpact
from service.recommendations.shelf import Serving, Shelf, with_edition
from service.settings import Settings

IDLE_SECONDS = 120.0
NICENESS = 10


class Desk:
    """The ranker that serves and the district, kept between questions while neither has changed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._shelf = Shelf(settings)
        self._of: tuple[Serving, Changes, District] | None = None

    @contextmanager
    def reading(self) -> Iterator[tuple[Session, Serving, District, Changes]]:
        """A session, the ranker and the district as they are now; no connection outlives the question."""
        database = open_database(self.settings)
        try:
            with database.reading() as session:
                serving, changes = self._shelf.take(session), find_changes(session)
                if self._of is None or self._of[0] is not serving or self._of[1] != changes:
                    self._of = (serving, changes, read_district(session, serving))
                yield session, serving, self._of[2], changes
        finally:
            database.close()


def draw_picture(desk: Desk) -> Picture:
    """Frontier, crowding and balance of the district."""
    with desk.reading() as (session, serving, district, changes):
        policy = policy_of(serving, district, desk.settings.demand_strength)
        lists = read_lists(session, serving.edition.code if serving.edition is not None else None)
        balance = balance_of(serving, district, lists)
        return Picture(serving.layout, changes, policy, balance, district.congestion.per_seat.tolist())


def find_draft_impact(desk: Desk, draft_id: int) -> EditionImpact:
    """What a draft would change, were it published."""
    with desk.reading() as (session, serving, district, _):
        lists = with_followed(session, edition_of(session, get_draft(session, draft_id)))
        return impact_of(serving, district, lists)


def find_edition_impact(desk: Desk, code: str, from_code: str) -> EditionImpact:
    """What one edition changes after another."""
    with desk.reading() as (session, serving, district, _):
        lists = read_lists(session, code)
        return impact_of(with_edition(session, serving, from_code), district, lists)


def main() -> None:
    """Answer until nobody asks for a while or whoever asked has gone."""
    os.nice(NICENESS)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints must not stand among answers
    questions = os.fdopen(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
    settings: Settings = pickle.load(questions)  # noqa: S301 -- from the process that started this one
    configure_logging(settings.log_level)
    desk = Desk(settings)
    while select.select([questions], [], [], IDLE_SECONDS)[0]:
        try:
            question, wanted, named = pickle.load(questions)  # noqa: S301 -- as above
        except EOFError:
            return
        try:
            answer = (True, question(desk, *wanted, **named))
        except Exception as error:
            answer = (False, error)
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    main()
