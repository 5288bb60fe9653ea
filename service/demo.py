"""The sample region from nothing to three lists with reasons."""

from dataclasses import dataclass

import sqlalchemy as sa
import typer

from service.access import Role
from service.errors import NotFoundError, NotReadyError
from service.installation import get_today
from service.installed import Installed
from service.model_versions.training import train_version
from service.recommendations.schemas import StudentRecommendations
from service.serving import addresses
from service.tables import SchoolClass, User
from service.terminal import bar, print_student, share_bar
from service.upgrade import upgrade_database

PASSWORD = "uchebny-raion"  # noqa: S105 -- of the synthetic sample region, printed for whoever tries it


CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A login of the sample region."""

    login: str
    role: str
    display_name: str
    school_code: str | None


LOGINS = (
    DemoLogin("navigator", "counsellor", "Педагог-навигатор школы № 1", "sch01"),
    DemoLogin("director", "school_admin", "Администратор школы № 1", "sch01"),
    DemoLogin("metodist", "methodologist", "Методист района", None),
    DemoLogin("region", "regional_admin", "Региональный администратор", None),
)


def prepare_demo(here: Installed) -> None:
    """Tables, reference, sample region, demand lists, a trained model, logins; what is there already stays."""
    samples = here.settings.samples_dir
    if not samples.is_dir():
        raise NotReadyError(f"Нет папки учебного района {samples}: проверьте ORIENTIR_DATA_DIR.")
    upgrade_database(here.database)
    here.load_reference()
    files = here.files(samples, None)
    with bar("Учебный район", len(files)) as step:
        here.import_files(files, samples, keep=True, on_file=step)
    for file in sorted(here.settings.demand_dir.glob("krasnodar-*.csv")):
        here.publish_edition(file, None, None)
    if here.find_active_version() is None:
        with share_bar("Обучение") as report:
            version = train_version(here.database, settings=here.settings, on_progress=report)
        here.promote(version, although="учебный район")
    for login in LOGINS:
        _add_login(here, login)


def _add_login(here: Installed, login: DemoLogin) -> None:
    with here.database.reading() as session:
        known = session.scalar(sa.select(User.user_id).where(User.login == login.login))
    if known is None:
        here.add_user(
            login=login.login,
            password=PASSWORD,
            display_name=login.display_name,
            role=login.role,
            school_code=login.school_code,
            is_limited=False if login.role == Role.COUNSELLOR else None,
        )


def show_demo(here: Installed) -> StudentRecommendations:
    """Print the lists of the student about whom most is known, and where to look further."""
    answer = _best_known(here)
    typer.echo(f"\nУченик {answer.student_id} учебного района (данные синтетические)")
    print_student(answer)
    api, screens = addresses(here.settings)
    typer.echo(f"\nAPI:    {api}\nЭкраны: {screens}\nПароль для всех учебных логинов: {PASSWORD}")
    for login in LOGINS:
        typer.echo(f"  {login.login:10} {login.display_name}")
    return answer


def _best_known(here: Installed) -> StudentRecommendations:
    """Of the first ninth grade: of those with the fewest gaps, the one about whom there is most to tell."""
    with here.database.reading() as session:
        year = get_today(session, here.settings).school_year
        query = sa.select(SchoolClass.class_id).where(SchoolClass.school_year == year, SchoolClass.grade == 9)
        class_id = session.scalars(query.order_by(SchoolClass.class_id).limit(1)).first()
    if class_id is None:
        raise NotFoundError("В учебном районе нет девятых классов этого года.")
    known = [student for student in here.rank_class(class_id, 1, None).students if student.refusal is None]
    fewest = min(len(student.missing) for student in known)
    candidates = [student.student_id for student in known if len(student.missing) == fewest]
    answers = [here.rank_student(student_id, 3, None) for student_id in sorted(candidates)[:CANDIDATES]]
    return max(answers, key=_told)


def _told(answer: StudentRecommendations) -> int:
    """How many different things are said in favour."""
    items = [item for ranked in answer.lists for item in ranked.items]
    return len({(item.kind, reason.term) for item in items for reason in item.reasons if reason.advantage > 0})
