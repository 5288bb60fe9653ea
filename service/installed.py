"""What the command line does with an installation: each method is one use case, called with the operator's rights."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa

from recommender.artifact import CARD
from recommender.reference import Reference
from service import audit
from service.access import OPERATOR
from service.accounts import keys, people
from service.accounts.queries import list_keys, list_people
from service.accounts.schemas import Keys, People
from service.anchors import check_audit
from service.backup import Copied, make_backup, move_rows, restore_backup
from service.batches.schemas import BatchRow, NewBatch
from service.catalogue.actions import load_reference
from service.catalogue.queries import get_reference, read_catalogue
from service.db import Database, is_disk_full, open_database
from service.demand import drafts
from service.demand.queries import (
    compare_editions,
    find_followed,
    find_newest_list,
    read_lists,
)
from service.demand.schemas import EditionAdded, EditionChange
from service.demand.understanding import Understood, matcher_of, understand
from service.errors import DISK_FULL
from service.imports.actions import retrain_after_import
from service.imports.folders import FoundFile, find_files, import_files, one_file, read_about
from service.imports.vocabularies import get_tools
from service.installation import get_today
from service.log import configure_logging
from service.model_versions.actions import check_folder, promote_version, roll_back
from service.model_versions.queries import find_active_version, get_version, list_versions, version_row
from service.model_versions.schemas import ModelVersionList, ModelVersionRow
from service.monitoring.queries import list_observations
from service.monitoring.schemas import ObservationList
from service.privacy.erasure import scrub_erased
from service.privacy.notes import read_notes, repeat_erasures
from service.recommendations import actions as recommendations
from service.recommendations.district import read_district
from service.recommendations.edition_impact import impact_of
from service.recommendations.impact_schemas import EditionImpact
from service.recommendations.schemas import ClassRecommendations, StudentRecommendations
from service.recommendations.shelf import Shelf
from service.recommendations.showings import record_answer
from service.revision import check_tables, find_revision, head_revision
from service.settings import BrokenKeyError, Settings, get_settings, read_secret_key


@dataclass(frozen=True)
class Installed:
    """Settings, database and everything that is made of them."""

    settings: Settings
    database: Database

    @cached_property
    def secret_key(self) -> bytes:
        """Key of the installation."""
        return read_secret_key(self.settings)

    @cached_property
    def shelf(self) -> Shelf:
        """The ranker that serves."""
        return Shelf(self.settings)

    @property
    def reference(self) -> Reference:
        """The reference data of this installation."""
        return get_reference(self.settings)

    def check_tables(self) -> None:
        """Refuse to go on with an old or an empty database."""
        check_tables(self.database)

    def load_reference(self) -> dict[str, int]:
        """Check the reference data and store their codes."""
        self.check_tables()
        with self.database.writing() as session:
            return load_reference(session, actor=OPERATOR, reference=self.reference, folder=self.settings.reference_dir)

    def files(self, path: Path, school_code: str | None) -> list[FoundFile]:
        """Files to import, in order."""
        return find_files(path) if path.is_dir() else [one_file(path, school_code)]

    def import_files(
        self, files: list[FoundFile], path: Path, *, keep: bool, on_file: Callable[[str], None]
    ) -> tuple[int, int, int]:
        """Take all files in, in one transaction; counts of rows added, changed, unchanged."""
        self.check_tables()
        tools = get_tools(self.settings)
        counts = [0, 0, 0]
        with self.database.writing() as session:
            if path.is_dir():
                read_about(session, path)
            reports = list(
                import_files(
                    session, actor=OPERATOR, tools=tools, files=files, on_file=lambda file: on_file(file.path.name)
                )
            )
            retrain_after_import(session, actor=OPERATOR, tools=tools, reports=reports)
            for report in reports:
                found = (report.added_count, report.changed_count, report.unchanged_count)
                counts = [total + more for total, more in zip(counts, found, strict=True)]
            if not keep:
                session.rollback()
        return counts[0], counts[1], counts[2]

    def understand(self, file: Path) -> Understood:
        """What a document says, with the decisions of earlier half-years where there is a database."""
        reference = self.reference
        if find_revision(self.database) != head_revision():
            return understand(file.read_bytes(), file.name, matcher_of(None, reference), reference)
        with self.database.reading() as session:
            before = find_newest_list(session, self.settings.demand_region)
            matcher = matcher_of(session, reference, before)
        return understand(file.read_bytes(), file.name, matcher, reference, before)

    def publish_edition(
        self, file: Path, code: str | None, published_on: date | None, although: str | None = None
    ) -> EditionAdded:
        """Publish a list whose every line is understood; otherwise say which lines are not."""
        self.check_tables()
        understood = self.understand(file)
        reference = self.reference
        with self.database.writing() as session:
            draft = drafts.open_draft(
                session,
                actor=OPERATOR,
                understood=understood,
                content=file.read_bytes(),
                name=file.name,
                settings=self.settings,
            )
            drafts.change_head(
                session,
                actor=OPERATOR,
                draft_id=draft.draft_id,
                edition_code=code or draft.edition_code,
                published_on=published_on or draft.published_on,
            )
            return drafts.publish_at_once(
                session,
                actor=OPERATOR,
                draft=draft,
                reference=reference,
                settings=self.settings,
                although=although,
            )

    def compare_editions(self, new: str, old: str | None) -> EditionChange:
        """What changed between two editions; without the old one, since the list before."""
        self.check_tables()
        with self.database.reading() as session:
            today = get_today(session, self.settings)
            before = old or find_followed(session, new)
            catalogue = read_catalogue(session, today.school_year)
            return compare_editions(session, before, new, get_reference(self.settings), catalogue)

    def impact(self, target: str) -> EditionImpact:
        """What an edition, or a file, would change in the district's lists."""
        self.check_tables()
        understood = self.understand(Path(target)) if Path(target).is_file() else None
        with self.database.reading() as session:
            serving = self.shelf.take(session)
            lists = (
                read_lists(session, target)
                if understood is None
                else drafts.lists_as_read(session, understood, self.settings)
            )
            return impact_of(serving, read_district(session, serving), lists)

    def promote(self, version: str, although: str | None = None) -> None:
        """Make a version serve."""
        self.check_tables()
        with self.database.writing() as session:
            promote_version(session, actor=OPERATOR, version=version, settings=self.settings, although=although)

    def roll_back(self) -> str:
        """Make the version that served before the active one serve again."""
        self.check_tables()
        with self.database.writing() as session:
            return roll_back(session, actor=OPERATOR, settings=self.settings)

    def model_versions(self) -> ModelVersionList:
        """All trained versions."""
        self.check_tables()
        with self.database.reading() as session:
            return list_versions(session)

    def model_card(self, version: str) -> str:
        """A version's card, once its signature holds."""
        self.check_tables()
        with self.database.reading() as session:
            check_folder(session, version, self.settings)
        return (self.settings.models_dir / version / CARD).read_text(encoding="utf-8")

    def model_version(self, version: str) -> ModelVersionRow:
        """One version as lists and tables show it."""
        self.check_tables()
        with self.database.reading() as session:
            return version_row(get_version(session, version), find_active_version(session))

    def observations(self) -> ObservationList:
        """The newest observation, and whether the lists may be relied on."""
        with self.database.reading() as session:
            days = self.settings.watch_days
            return list_observations(session, self.shelf.take(session), limit=1, watch_days=days)

    def find_active_version(self) -> str | None:
        """The version that serves."""
        with self.database.reading() as session:
            return find_active_version(session)

    def rank_student(self, student_id: str, k: int, demand_strength: float | None) -> StudentRecommendations:
        """Three lists of one student."""
        self.check_tables()
        strength = self.settings.demand_strength if demand_strength is None else demand_strength
        with self.database.reading() as session:
            serving = self.shelf.take(session)
            answer = recommendations.recommend_student(
                session, serving, actor=OPERATOR, student_id=student_id, k=k, demand_strength=strength
            )
        with self.database.writing() as session:
            record_answer(session, actor=OPERATOR, answer=answer)
        return answer

    def rank_class(self, class_id: str, k: int, demand_strength: float | None) -> ClassRecommendations:
        """Lists of a class."""
        self.check_tables()
        strength = self.settings.demand_strength if demand_strength is None else demand_strength
        with self.database.reading() as session:
            serving = self.shelf.take(session)
            answer = recommendations.recommend_class(
                session, serving, actor=OPERATOR, class_id=class_id, k=k, demand_strength=strength
            )
        with self.database.writing() as session:
            record_answer(session, actor=OPERATOR, answer=answer)
        return answer

    def add_user(
        self,
        *,
        login: str,
        password: str | None,
        display_name: str,
        role: str,
        school_code: str | None,
        signs_in_by: str = people.PASSWORD,
        is_limited: bool | None = None,
        class_ids: tuple[str, ...] = (),
    ) -> str | None:
        """A new person; the temporary password, where none was chosen."""
        self.check_tables()
        with self.database.writing() as session:
            return people.add_user(
                session,
                actor=OPERATOR,
                login=login,
                password=password,
                display_name=display_name,
                role=role,
                school_code=school_code,
                signs_in_by=signs_in_by,
                settings=self.settings,
                is_limited=is_limited,
                class_ids=class_ids,
            ).temporary_password

    def set_classes(self, login: str, *, is_limited: bool, class_ids: tuple[str, ...]) -> None:
        """Limit a counsellor to classes, or open the whole school."""
        self.check_tables()
        with self.database.writing() as session:
            user_id = people.find_user_id(session, login)
            people.set_classes(session, actor=OPERATOR, user_id=user_id, is_limited=is_limited, class_ids=class_ids)

    def list_people(self) -> People:
        """Everybody with a password."""
        self.check_tables()
        with self.database.reading() as session:
            return list_people(session, OPERATOR)

    def reset_password(self, login: str) -> str:
        """A forgotten password: the temporary one."""
        self.check_tables()
        with self.database.writing() as session:
            user_id = people.find_user_id(session, login)
            admitted = people.reset_password(session, actor=OPERATOR, user_id=user_id, settings=self.settings)
            return admitted.temporary_password or ""

    def set_sign_in(self, login: str, signs_in_by: str) -> str | None:
        """Who vouches for a person from now on; the temporary password where it is a password."""
        self.check_tables()
        with self.database.writing() as session:
            user_id = people.find_user_id(session, login)
            return people.set_sign_in(
                session, actor=OPERATOR, user_id=user_id, signs_in_by=signs_in_by, settings=self.settings
            ).temporary_password

    def dismiss_user(self, login: str) -> None:
        """A person who left."""
        self.check_tables()
        with self.database.writing() as session:
            people.dismiss_user(session, actor=OPERATOR, user_id=people.find_user_id(session, login))

    def issue_key(self, *, school: str, title: str, verbs: tuple[str, ...], days: int) -> keys.IssuedKey:
        """A key for a school's system."""
        self.check_tables()
        with self.database.writing() as session:
            return keys.issue_key(
                session,
                actor=OPERATOR,
                title=title,
                school_code=school,
                verbs=verbs,
                days=days,
                secret_key=self.secret_key,
            )

    def list_keys(self) -> Keys:
        """All keys, without secrets."""
        self.check_tables()
        with self.database.reading() as session:
            return list_keys(session, OPERATOR)

    def rotate_key(self, key_id: int, overlap_hours: float) -> keys.IssuedKey:
        """A new key in place of one."""
        self.check_tables()
        with self.database.writing() as session:
            return keys.rotate_key(
                session, actor=OPERATOR, key_id=key_id, overlap_hours=overlap_hours, secret_key=self.secret_key
            )

    def revoke_key(self, key_id: int) -> None:
        """A key that must not work any more."""
        self.check_tables()
        with self.database.writing() as session:
            keys.revoke_key(session, actor=OPERATOR, key_id=key_id)

    def make_batch(
        self, target: Path, *, file_format: str, class_id: str | None, k: int, since: int, reason: str
    ) -> BatchRow:
        """Lists of many students in a file, made here and now."""
        from service.batches.making import make_now  # noqa: PLC0415 -- libraries of file formats are heavy

        self.check_tables()
        wanted = NewBatch.model_validate(
            {"file_format": file_format, "class_id": class_id, "k": k, "since_revision": since, "reason": reason}
        )
        return make_now(self.database, self.settings, actor=OPERATOR, wanted=wanted, target=target)

    def back_up(self, target: Path) -> Copied:
        """A copy of everything but the key; the service may go on meanwhile."""
        self.check_tables()
        copied = make_backup(self.database, self.settings, target)
        with self.database.writing() as session:
            audit.record(session, actor=OPERATOR, deed="backup.made", subject="installation", rows=copied.row_count)
        return copied

    def restore(self, source: Path) -> tuple[Copied, int]:
        """Put a copy back, and erase again whom it brought back; it is recorded in what was put back."""
        notes = read_notes(self.settings)  # first: were they spoilt, nothing must be put back
        copied = restore_backup(source, self.database, self.settings)
        with closing(open_database(self.settings)) as database:
            with database.writing() as session:
                facts = {"made_at": copied.made_at.isoformat(), "rows": copied.row_count}
                audit.record(session, actor=OPERATOR, deed="backup.restored", subject="installation", **facts)
            erased_count = repeat_erasures(database, notes)
            if erased_count:
                scrub_erased(database)
        return copied, erased_count

    def move(self, url: str) -> Copied:
        """Everything into another database, which must be empty; this one stays as it is."""
        self.check_tables()
        with closing(Database(url)) as target:
            return move_rows(self.database, self.settings, target)

    def verify_audit(self) -> audit.ChainCheck:
        """Walk the chain of the audit trail, and hold it against what was noted beside the database."""
        self.check_tables()
        with self.database.reading() as session:
            return check_audit(session, self.settings.audit_anchor_file, self.secret_key)


@contextmanager
def open_installed() -> Iterator[Installed]:
    """The installation that the environment names."""
    settings = get_settings()
    configure_logging("WARNING")
    database = open_database(settings)
    try:
        yield Installed(settings, database)
    finally:
        database.close()


def explain_database_error(error: Exception) -> str | None:
    """A sentence for errors of the database that an operator can do something about."""
    if isinstance(error, BrokenKeyError):
        return str(error)
    if isinstance(error, sa.exc.OperationalError) and is_disk_full(error):
        return DISK_FULL
    if isinstance(error, sa.exc.OperationalError):
        return "База данных не открывается или занята: проверьте ORIENTIR_DATABASE_URL и orientir doctor."
    if isinstance(error, sa.exc.ArgumentError):
        return "ORIENTIR_DATABASE_URL не похож на адрес базы: sqlite:///var/orientir.sqlite или postgresql://…"
    return None
