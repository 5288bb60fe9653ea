"""Databases for tests, copied from templates that are built once a run."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import sqlalchemy as sa


@dataclass
class Yard:
    """Gives each test a database of its own."""

    folder: Path
    find_postgres: Callable[[], str]  # URL of a running cluster; starts it when it is first asked for
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    templates: dict[tuple[str, str], str] = field(default_factory=dict)

    def fresh(self, backend: str) -> str:
        """URL of an empty database."""
        return self._named(backend, f"fresh_{next(self.numbers)}")

    def copy(self, backend: str, level: str, build: Callable[[str], None]) -> str:
        """URL of a copy of the template `level`, which `build` fills the first time."""
        if (backend, level) not in self.templates:
            url = self._named(backend, f"template_{level}")
            build(url)
            self.templates[backend, level] = url
        template = sa.make_url(self.templates[backend, level])
        name = f"copy_{next(self.numbers)}"
        if backend == "sqlite":
            target = self.folder / f"{name}.sqlite"
            shutil.copyfile(str(template.database), target)
            return f"sqlite:///{target}"
        return self._named(backend, name, template.database)

    def drop(self, url: str) -> None:
        """A test is over."""
        address = sa.make_url(url)
        if address.get_backend_name() == "postgresql":
            self._run(f"DROP DATABASE {address.database} WITH (FORCE)")

    def _named(self, backend: str, name: str, template: str | None = None) -> str:
        if backend == "sqlite":
            return f"sqlite:///{self.folder}/{name}.sqlite"
        self._run(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return sa.make_url(self.find_postgres()).set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        server = sa.create_engine(self.find_postgres(), isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(sa.text(statement))
        server.dispose()
