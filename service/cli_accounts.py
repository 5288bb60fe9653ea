"""Commands about people, keys of school systems and the trail of what they did."""

from typing import Annotated

import typer

from service.errors import NotFoundError

user_app = typer.Typer(help="Люди, которые входят по паролю.", no_args_is_help=True, rich_markup_mode=None)
key_app = typer.Typer(help="Ключи информационных систем школ.", no_args_is_help=True, rich_markup_mode=None)
audit_app = typer.Typer(help="Журнал действий.", no_args_is_help=True, rich_markup_mode=None)


@user_app.command("add")
def add_user(
    login: Annotated[str, typer.Argument(help="Логин")],
    role: Annotated[str, typer.Option(help="counsellor, school_admin, methodologist или regional_admin")],
    name: Annotated[str, typer.Option(help="Как показывать: «Педагог-навигатор школы № 1»")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Пароль")],
    school: Annotated[str | None, typer.Option(help="Код школы для школьных ролей")] = None,
) -> None:
    """Добавить человека."""
    from service.installed import open_installed

    with open_installed() as here:
        here.add_user(login=login, password=password, display_name=name, role=role, school_code=school)
        typer.echo(f"Логин {login} добавлен.")


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
            raise NotFoundError(f"Цепочка журнала нарушена: первая неверная запись № {check.first_broken}.")
        typer.echo(f"Журнал цел: записей {check.row_count}.")
