"""The ranker that serves, laid out once and swapped when the version, the edition, the catalogue or the day changes."""

import threading
from dataclasses import dataclass, replace
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.artifact import ServedModel, check_reference, load_served
from recommender.catalogue import Catalogue
from recommender.demand import DemandEdition as ReadEdition
from recommender.demand_weights import demand_weights
from recommender.eligibility import read_rules
from recommender.errors import ArtifactError
from recommender.features import FeatureSpace
from recommender.pipeline import Recommender
from recommender.reference import Reference
from service.catalogue.actions import vocabularies_of
from service.catalogue.queries import get_reference, read_catalogue
from service.demand.queries import find_code_in_force, read_lists
from service.errors import NotReadyError
from service.installation import Today, get_today
from service.model_versions.queries import find_active_version, get_version
from service.settings import Settings, read_secret_key
from service.tables import ImportRun

REGION_TABLES = ("schools", "hosts", "catalogue")
NO_MODEL = "Модель ещё не обучена: оператор запускает orientir train и orientir promote."


@dataclass(frozen=True)
class Serving:
    """Everything an answer about recommendations is made with."""

    reference: Reference
    catalogue: Catalogue
    model: ServedModel
    edition: ReadEdition | None
    today: Today
    recommender: Recommender

    @cached_property
    def titles(self) -> dict[str, dict[str, str]]:
        """Titles of codes, for sentences."""
        return vocabularies_of(self.reference)


class Shelf:
    """Holds the one `Serving` that is current."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._key: tuple[object, ...] | None = None
        self._serving: Serving | None = None

    def take(self, session: Session) -> Serving:
        """The current ranker; NotReadyError before the first promotion."""
        version = find_active_version(session)
        if version is None:
            raise NotReadyError(NO_MODEL)
        checksum = get_version(session, version).checksum
        today = get_today(session, self._settings)
        edition = find_code_in_force(session, self._settings, today.as_of)
        last_import = sa.select(sa.func.max(ImportRun.import_run_id)).where(ImportRun.table_name.in_(REGION_TABLES))
        key = (version, checksum, today, edition, session.scalar(last_import))
        with self._lock:
            if self._serving is None or self._key != key:
                self._serving = self.lay_out(session, version, today, edition)
                self._key = key
            return self._serving

    def lay_out(self, session: Session, version: str, today: Today, edition_code: str | None) -> Serving:
        """A ranker of any version, day and edition: what a list of the past was made with."""
        reference = get_reference(self._settings)
        try:
            model = load_served(self._settings.models_dir / version, read_secret_key(self._settings))
            check_reference(model.manifest, reference)
        except ArtifactError as error:
            raise NotReadyError(f"Модель «{version}» не загружается: {error}") from error
        if model.manifest["signature"] != get_version(session, version).checksum:
            raise NotReadyError(
                f"Папка модели «{version}» не та, что была обучена: верните её или обучите модель заново."
            )
        catalogue = read_catalogue(session, today.school_year)
        edition, follows = read_lists(session, edition_code)
        recommender = Recommender(
            space=FeatureSpace(reference, catalogue, model.interest_model, model.peers),
            ranker=model.ranker,
            rules=read_rules(self._settings.reference_dir / "eligibility.toml"),
            demand=demand_weights(catalogue, reference, edition, follows),
            demand_strength=self._settings.demand_strength,
            doubts=model.doubts,
            usual=model.usual,
        )
        return Serving(reference, catalogue, model, edition, today, recommender)


def with_edition(session: Session, serving: Serving, code: str) -> Serving:
    """The same ranker with another edition's demand: how lists look by it."""
    edition, follows = read_lists(session, code)
    demand = demand_weights(serving.catalogue, serving.reference, edition, follows)
    return replace(serving, edition=edition, recommender=serving.recommender.with_demand(demand))
