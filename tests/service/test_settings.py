"""Settings from the environment; the key of the installation."""

import stat
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.clock import school_year_of, start_of
from service.db import Database
from service.installation import get_today, save_installation
from service.settings import BrokenKeyError, Settings, read_secret_key


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORIENTIR_AS_OF", "2024-10-01")
    monkeypatch.setenv("ORIENTIR_DEMAND_STRENGTH", "0.1")
    settings = Settings()
    assert (settings.as_of, settings.demand_strength, settings.port) == (date(2024, 10, 1), 0.1, 8000)
    monkeypatch.setenv("ORIENTIR_DEMAND_STRENGTH", "2")
    with pytest.raises(ValidationError):
        Settings()


def test_hosts_are_named_without_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    for fine in ("", "journal.example", "journal.example:8443, [fd00::5]:8080"):
        monkeypatch.setenv("ORIENTIR_WEBHOOK_HOSTS", fine)
        assert Settings().webhook_hosts == fine
    monkeypatch.setenv("ORIENTIR_WEBHOOK_HOSTS", "https://journal.example/")
    with pytest.raises(ValidationError):
        Settings()


def test_the_key_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ORIENTIR_SECRET_KEY", "k" * 32)
    settings = Settings(secret_key_file=tmp_path / "secret.key")
    assert read_secret_key(settings) == b"k" * 32
    assert not settings.secret_key_file.exists()
    assert "kkk" not in repr(settings)
    monkeypatch.setenv("ORIENTIR_SECRET_KEY", "short")
    with pytest.raises(BrokenKeyError, match="ORIENTIR_SECRET_KEY: ключ короче 32 байт; задайте другой ключ"):
        read_secret_key(Settings())


def test_the_key_is_made_once_and_is_the_owners(tmp_path: Path) -> None:
    settings = Settings(secret_key_file=tmp_path / "var" / "secret.key")
    key = read_secret_key(settings)
    assert len(key) == 32
    assert read_secret_key(settings) == key
    assert stat.S_IMODE(settings.secret_key_file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("day", "year"), [("2024-08-31", "2023-24"), ("2024-09-01", "2024-25"), ("1999-12-31", "1999-00")]
)
def test_school_year(day: str, year: str) -> None:
    assert school_year_of(date.fromisoformat(day)) == year
    assert start_of(year) <= date.fromisoformat(day)


def test_today_is_the_settings_then_the_regions_then_the_clocks(database: Database) -> None:
    with database.writing() as session:
        assert get_today(session, Settings()).as_of >= date(2026, 1, 1)
        save_installation(session, region_code="u", region_title="Район", as_of=date(2024, 10, 1), synthetic=True)
        session.flush()
        assert get_today(session, Settings()).school_year == "2024-25"
        assert get_today(session, Settings(as_of=date(2023, 5, 1))).school_year == "2022-23"
