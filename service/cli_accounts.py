"""Commands about people, keys of school systems and the trail of what they did."""

from typing import Annotated

import typer

from service.errors import ConflictError, InvalidInputError

user_app = typer.Typer(help="Люди, которые входят по паролю.", no_args_is_help=True, rich_markup_mode=None)
key_app = typer.Typer(help="Ключи информационных систем школ.", no_args_is_help=True, rich_markup_mode=None)
audit_app = typer.Typer(help="Журнал действий.", no_args_is_help=True, rich_markup_mode=None)


@user_app.command("add")
def add_user(
    login: Annotated[str, typer.Argument(help="Логин")],
    role: Annotated[str, typer.Option(help="counsellor, school_admin, methodologist, regional_admin или auditor")],
    name: Annotated[str, typer.Option(help="Как показывать: «Педагог-навигатор школы № 1»")],
    password: Annotated[str | None, typer.Option(help="Пароль; без него выдаётся временный")] = None,
    school: Annotated[str | None, typer.Option(help="Код школы для школьных ролей")] = None,
    class_id: Annotated[
        list[str] | None, typer.Option("--class", help="Код класса, которым ограничен педагог; можно несколько раз")
    ] = None,
    whole_school: Annotated[bool, typer.Option("--whole-school", help="Педагог видит всю школу")] = False,
    provider: Annotated[bool, typer.Option("--provider", help="Впускает единый вход, без пароля")] = False,
) -> None:
    """Добавить человека; временный пароль показывается один раз и годится только для смены."""
    from service.installed import open_installed

    with open_installed() as here:
        temporary = here.add_user(
            login=login,
            password=password,
            display_name=name,
            role=role,
            school_code=school,
            signs_in_by="provider" if provider else "password",
            is_limited=_limit_of(class_id, whole_school=whole_school),
            class_ids=tuple(class_id or ()),
        )
        typer.echo(f"Логин {login} добавлен.")
        if temporary is not None:
            typer.echo(f"Временный пароль: {temporary}")


@user_app.command("classes")
def set_classes(
    login: Annotated[str, typer.Argument(help="Логин педагога")],
    class_id: Annotated[list[str] | None, typer.Option("--class", help="Код класса; можно несколько раз")] = None,
    whole_school: Annotated[bool, typer.Option("--whole-school", help="Вся школа вместо классов")] = False,
) -> None:
    """Кого видит педагог: только названные классы или всю школу."""
    from service.installed import open_installed

    is_limited = _limit_of(class_id, whole_school=whole_school)
    if is_limited is None:
        raise InvalidInputError("Назовите классы (--class) или всю школу (--whole-school).")
    with open_installed() as here:
        here.set_classes(login, is_limited=is_limited, class_ids=tuple(class_id or ()))
        typer.echo(f"Классы для {login}: {', '.join(class_id) if class_id else 'вся школа'}.")


def _limit_of(class_ids: list[str] | None, *, whole_school: bool) -> bool | None:
    """What was said of a counsellor's limit; None: nothing."""
    if whole_school:
        return False
    return True if class_ids else None


@user_app.command("list")
def list_people() -> None:
    """Кто входит по паролю."""
    from service.installed import open_installed

    with open_installed() as here:
        for person in here.list_people().people:
            where = person.school_code or "район"
            titles = ", ".join(each.title for each in person.classes) or "ни одного, не видит никого"
            only = f", классы: {titles}" if person.is_limited else ""
            closed = ", вход закрыт" if person.dismissed_at is not None else ""
            typer.echo(f"{person.login:20} {person.role_title}, {where}{only}{closed}")


@user_app.command("sign-in")
def set_sign_in(
    login: Annotated[str, typer.Argument(help="Логин, тот же, что в едином входе")],
    by: Annotated[str, typer.Option(help="provider (единый вход) или password (временный пароль)")],
) -> None:
    """Кто впускает человека: единый вход или пароль; открытые сеансы заканчиваются."""
    from service.installed import open_installed

    if by not in ("provider", "password"):
        raise InvalidInputError("Впускает provider или password.")
    with open_installed() as here:
        temporary = here.set_sign_in(login, by)
        typer.echo(f"Временный пароль для {login}: {temporary}" if temporary else f"{login}: входит единым входом.")


@user_app.command("reset-password")
def reset_password(login: Annotated[str, typer.Argument(help="Логин")]) -> None:
    """Выдать временный пароль; он показывается один раз и годится только для смены."""
    from service.installed import open_installed

    with open_installed() as here:
        typer.echo(f"Временный пароль для {login}: {here.reset_password(login)}")


@user_app.command("dismiss")
def dismiss_user(login: Annotated[str, typer.Argument(help="Логин")]) -> None:
    """Закрыть вход и открытые сеансы человека."""
    from service.installed import open_installed

    with open_installed() as here:
        here.dismiss_user(login)
        typer.echo(f"Логин {login} закрыт.")


@key_app.command("add")
def add_key(
    school: Annotated[str, typer.Option(help="Код школы")],
    title: Annotated[str, typer.Option(help="Какая система")],
    verb: Annotated[list[str], typer.Option(help="Право; можно несколько раз: imports:school, recommendations:read …")],
    days: Annotated[int, typer.Option(min=1, max=730, help="Сколько дней действует")] = 365,
) -> None:
    """Выдать ключ; он показывается один раз."""
    from service.installed import open_installed

    with open_installed() as here:
        issued = here.issue_key(school=school, title=title, verbs=tuple(verb), days=days)
        typer.echo(f"Ключ № {issued.key_id}, действует до {issued.expires_at:%d.%m.%Y}. Сохраните его сейчас:")
        typer.echo(issued.text)


@key_app.command("list")
def list_keys() -> None:
    """Какие ключи выданы и когда ими пользовались."""
    from service.installed import open_installed

    with open_installed() as here:
        for key in here.list_keys().keys:
            used = f"использован {key.last_used_on:%d.%m.%Y}" if key.last_used_on else "не использован"
            state = f"до {key.expires_at:%d.%m.%Y}" if key.is_valid else "не действует"
            typer.echo(f"№ {key.key_id:<5} {key.school_code:10} {state}, {used}: {key.title} ({', '.join(key.verbs)})")


@key_app.command("rotate")
def rotate_key(
    key_id: Annotated[int, typer.Argument(help="Номер ключа")],
    overlap_hours: Annotated[float, typer.Option(min=0, max=720, help="Сколько часов старый ещё действует")] = 24.0,
) -> None:
    """Выдать ключ взамен прежнего; прежний действует ещё указанное время."""
    from service.installed import open_installed

    with open_installed() as here:
        issued = here.rotate_key(key_id, overlap_hours)
        typer.echo(f"Ключ № {issued.key_id}, действует до {issued.expires_at:%d.%m.%Y}. Сохраните его сейчас:")
        typer.echo(issued.text)


@key_app.command("revoke")
def revoke_key(key_id: Annotated[int, typer.Argument(help="Номер ключа")]) -> None:
    """Отозвать ключ."""
    from service.installed import open_installed

    with open_installed() as here:
        here.revoke_key(key_id)
        typer.echo(f"Ключ № {key_id} больше не действует.")


@audit_app.command("verify")
def verify_audit() -> None:
    """Проверить цепочку журнала."""
    from service.installed import open_installed

    with open_installed() as here:
        check = here.verify_audit()
        if check.first_broken is not None:
            raise ConflictError(check.text)
        typer.echo(check.text)
