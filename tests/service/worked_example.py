"""The worked example: two schools, four students, four pathways; small enough to follow with a pencil.

Day taken for today: 1 October 2024.  School sch01: student s2222222 of 9А knows a lot, s3333333 of 9А nearly nothing,
s4444444 of 9Б did not consent to recommendations.  School sch02: student s5555555 of 9А.
"""

from pathlib import Path

from sqlalchemy.orm import Session

from recommender.reference import read_reference
from service.access import OPERATOR
from service.catalogue.actions import load_reference
from service.imports.actions import import_table
from service.imports.formats import read_formats
from service.imports.vocabularies import ImportTools
from service.installation import save_installation
from service.settings import Settings

DATA = Path("data")
KNOWN, BLANK, REFUSED, ELSEWHERE = "s2222222", "s3333333", "s4444444", "s5555555"
CLASS_A, CLASS_B, CLASS_ELSEWHERE = "sch01-2024-25-9a", "sch01-2024-25-9b", "sch02-2024-25-9a"

REGION = {
    "schools": """school_code,title_ru,x_km,y_km
sch01,Школа № 1,0,0
sch02,Школа № 2,3,4
""",
    "hosts": """host_code,title_ru,host_kind,x_km,y_km
col01,Политехнический колледж,college,6,8
""",
    "catalogue": """school_year,kind,pathway_code,programme_code,title_ru,host_code,grades,profiles,subjects,spo_codes,\
seats,hours,dates,apply_until,conditions_met,restriction_tags,level
2023-24,career_trial,col01-tr001,tr001,Собери и настрой школьную сеть,col01,8-11,,,09.02.06,12,2,2024-04-10,2024-04-07,,,intro
2024-25,profile_class,sch01-tech-eng,tech-eng,Технологический (инженерный),sch01,9,tech-eng,math;phys,,25,,2025-09-01,2025-08-20,,,
2024-25,profile_class,sch02-sci-med,sci-med,Естественно-научный (медицинский),sch02,9,sci-med,chem;bio,,25,,2025-09-01,2025-08-20,,,
2024-25,elective,sch01-el003,el003,Инженерная графика и 3D-моделирование,sch01,8-10,tech-eng;eng-pre,draw;inf;math,,25,34,2024-10-20,2024-10-15,,,
2024-25,career_trial,col01-tr001,tr001,Собери и настрой школьную сеть,col01,8-11,,,09.02.06,12,2,2024-11-14;2024-12-05,2024-12-02,,,intro
""",
}

SCHOOLS: dict[str, dict[str, str]] = {
    "sch01": {
        "roster": """student_id,school_year,class_title,last_name,first_name,sex,consent_testing,consent_recommending,\
consent_learning,conditions_needed,restriction_tags
s2222222,2023-24,8А,Ольхина,Вера,f,yes,yes,yes,,
s2222222,2024-25,9А,Ольхина,Вера,f,yes,yes,yes,,
s3333333,2024-25,9А,Рябинин,Пётр,m,yes,yes,no,,
s4444444,2024-25,9Б,Кленова,Анна,f,no,no,no,mobility,
""",
        "marks": """student_id,school_year,term,math,phys,rus,chem
s2222222,2023-24,3,5,5,4,3
s2222222,2023-24,4,5,4,4,3
s4444444,2023-24,4,4,,5,
""",
        "knowledge": """student_id,taken_on,subject_code,points,points_max
s2222222,2024-04-16,math,15,20
""",
        "answers_DDO20": "student_id,taken_on,"
        + ",".join(str(item) for item in range(1, 21))
        + "\ns2222222,2024-02-06,"
        + ",".join("abbabababbababbabbab")
        + "\n",
        "profile_survey": """student_id,surveyed_on,first_profile,second_profile,plan,profession_codes
s2222222,2024-09-18,tech-eng,,grade10,09.02.06
s3333333,2024-09-18,,,,
""",
        "exam_survey": "student_id,surveyed_on,subjects\n",
        "elective_survey": """student_id,surveyed_on,programme_codes
s2222222,2024-06-05,el003
""",
        "trial_attendance": """student_id,pathway_code,signed_up_on,attended_on,rating_before,rating_after
s2222222,col01-tr001,2024-04-01,2024-04-10,6,9
""",
    },
    "sch02": {
        "roster": """student_id,school_year,class_title,last_name,first_name,sex,consent_testing,consent_recommending,\
consent_learning,conditions_needed,restriction_tags
s5555555,2024-25,9А,Осинин,Лев,m,yes,yes,yes,,
""",
    },
}


def make_tools() -> ImportTools:
    """Real reference data and real formats."""
    return ImportTools(read_reference(DATA / "reference"), read_formats(DATA / "formats"))


def load(session: Session, tools: ImportTools) -> None:
    """Take the whole example in, as an operator does."""
    load_reference(session, actor=OPERATOR, reference=tools.reference, folder=DATA / "reference")
    save_installation(
        session, region_code="example", region_title="Пример", as_of=Settings(as_of="2024-10-01").as_of, synthetic=True
    )
    for table, text in REGION.items():
        take(session, tools, table, text)
    for school, tables in SCHOOLS.items():
        for table, text in tables.items():
            take(session, tools, table, text, school)


def take(session: Session, tools: ImportTools, table: str, text: str, school: str | None = None):
    """One file."""
    return import_table(
        session, actor=OPERATOR, tools=tools, table=table, content=text.encode(), mode="apply", school_code=school
    )
