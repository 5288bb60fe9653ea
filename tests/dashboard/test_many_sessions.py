"""Twenty people at the screens at once: nobody is sent anything of another's class, and their memory has an end."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa

from benchmarks.visitor import cookie_of, visiting
from dashboard import text
from service.tables import ClassMember, SchoolClass, StudentIdentity
from tests.conftest import District, database_of, let_in

PEOPLE, ROUNDS = 20, 2
MB_OF_ONE = 12  # what a session may hold: its page as it stands, for a reconnection


@dataclass(frozen=True)
class Counsellor:
    """One of twenty: limited to a class."""

    login: str
    class_id: str
    names: dict[str, str]  # by student_id


@pytest.fixture
def counsellors(own_district: District) -> list[Counsellor]:
    """Each sees one class; where classes do not suffice, two see the same."""
    people = []
    with database_of(own_district) as database, database.writing() as session:
        newest = sa.select(sa.func.max(SchoolClass.school_year)).scalar_subquery()
        classes = session.execute(
            sa.select(SchoolClass.class_id, SchoolClass.school_code)
            .where(SchoolClass.school_year == newest)
            .order_by(SchoolClass.class_id)
        ).all()
        for number in range(PEOPLE):
            class_id, school_code = classes[number % len(classes)]
            let_in(session, own_district, f"teacher{number}", school_code, class_id)
            members = sa.select(ClassMember.student_id).where(ClassMember.class_id == class_id)
            named = session.execute(
                sa.select(StudentIdentity.student_id, StudentIdentity.last_name + " " + StudentIdentity.first_name)
                .where(StudentIdentity.student_id.in_(members))
                .order_by(StudentIdentity.student_id)
            ).all()
            people.append(Counsellor(f"teacher{number}", class_id, dict(named)))
    return people


def one_visit(district: District, counsellor: Counsellor, cookie: str, together: Barrier) -> str:
    """Everything that was sent to one of them: the class, a card, the slider."""
    of_the_class, student_id = f"class={counsellor.class_id}", next(iter(counsellor.names))
    with visiting(district.screens, cookie) as visitor:
        together.wait()
        said = [visitor.open(of_the_class).words()]
        together.wait()
        said.append(visitor.open(f"{of_the_class}&student={student_id}").words())
        if any(kind == "slider" for kind, _, _ in visitor.widgets.values()):
            said.append(visitor.slide(text.DEMAND_SLIDER, 20).words())
    return "\n".join(said)


def resident_mb(district: District) -> float:
    """Memory of the process that serves the screens."""
    port = district.environment["ORIENTIR_DASHBOARD_PORT"]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if b"streamlit" in words and any(word.endswith(port.encode()) for word in words):
                status = (folder / "status").read_text()
                return int(status.partition("VmRSS:")[2].split()[0]) / 1024
        except OSError:
            continue
    raise AssertionError(f"nobody serves screens on port {port}")


def test_twenty_at_once_see_their_own_and_no_more(own_district: District, counsellors: list[Counsellor]) -> None:
    everybody = {name for each in counsellors for name in each.names.values()}
    everybody_ids = {student_id for each in counsellors for student_id in each.names}
    cookies = [cookie_of(own_district.screens, each.login, own_district.password) for each in counsellors]
    memory = []
    for _ in range(ROUNDS):
        visit = partial(one_visit, own_district, together=Barrier(PEOPLE, timeout=120))
        with ThreadPoolExecutor(PEOPLE) as at_once:
            seen = list(at_once.map(visit, counsellors, cookies))
        for counsellor, said in zip(counsellors, seen, strict=True):
            own = set(counsellor.names.values())
            assert own & {name for name in everybody if name in said}, counsellor.login
            assert not [name for name in everybody - own if name in said], counsellor.login
            assert not [each for each in everybody_ids - set(counsellor.names) if each in said], counsellor.login
        memory.append(resident_mb(own_district))
    assert memory[-1] - memory[0] < MB_OF_ONE * PEOPLE, memory
