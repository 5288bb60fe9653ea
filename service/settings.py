"""Settings of an installation, read from the environment (prefix ORIENTIR_)."""

import os
import secrets
import tempfile
from contextlib import suppress
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

KEY_BYTES = 32
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
SAFE_ADDRESS = r"^(https://[^\s?#]+|http://(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?(/[^\s?#]*)?)$"  # others could listen
# in the environment of our processes beside a service: docs/decisions/0005
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
HOST_LIST = r"^[A-Za-z0-9.:, \[\]-]*$"  # names with or without a port, comma-separated: no addresses with a path


class Settings(BaseSettings):
    """One installation. Every field can be set as ORIENTIR_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="ORIENTIR_", frozen=True, extra="ignore")

    database_url: str = "sqlite:///var/orientir.sqlite"
    data_dir: Path = Path("data")
    models_dir: Path = Path("models")
    secret_key: SecretStr | None = None  # instead of the file, where secrets come from outside
    secret_key_file: Path = Path("var/secret.key")
    as_of: date | None = None  # the day taken for today; else the sample region's day, else today
    demand_region: str = "Краснодарский край"  # editions of this region come into force
    demand_strength: Annotated[float, Field(ge=0, le=0.3)] = 0.05
    discovery_place: bool = False  # whether lists may keep their last place for something new
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    dashboard_host: str = "127.0.0.1"
    dashboard_port: Annotated[int, Field(ge=1, le=65535)] = 8501
    body_limit_bytes: Annotated[int, Field(ge=1024)] = 10 * 1024 * 1024
    requests_a_minute: Annotated[int, Field(ge=0)] = 3000  # of one person or key; 0: as many as they like
    session_hours: Annotated[float, Field(gt=0, le=168)] = 10.0
    idle_minutes: Annotated[float, Field(gt=0, le=1440)] = 60.0
    failures_before_lock: Annotated[int, Field(ge=1)] = 5
    lock_minutes: Annotated[float, Field(gt=0)] = 15.0
    worker: bool = True  # whether `serve` runs a worker beside the service
    job_lease_seconds: Annotated[float, Field(ge=1, le=3600)] = 30.0
    retrain_after_outcomes: Annotated[int, Field(ge=1)] = 500
    retrain_days: Annotated[int, Field(ge=1)] | None = None  # None: not on a schedule
    gate_margin: Annotated[float, Field(ge=0, le=0.2)] = 0.04  # docs/gate.md explains these six
    gate_calibration_error: Annotated[float, Field(ge=0, le=1)] = 0.1
    gate_gap_ndcg5: Annotated[float, Field(ge=0, le=1)] = 0.05
    gate_gap_exposure: Annotated[float, Field(ge=0, le=1)] = 0.1
    gate_latency_ratio: Annotated[float, Field(ge=1, le=100)] = 1.5
    gate_abstention_rise: Annotated[float, Field(ge=0, le=1)] = 0.05
    promotion: Literal["person", "automatic"] = "person"  # who makes a candidate serve that passed the gate
    keep_candidates: Annotated[int, Field(ge=1)] = 10  # folders of versions that never served
    watch_days: Annotated[int, Field(ge=1)] | None = 1  # None: only after imports and promotions
    batch_processes: Annotated[int, Field(ge=1, le=256)] = 1  # that make a batch side by side on this machine
    dask: str | None = None  # address of a scheduler whose workers make batches instead
    batch_days: Annotated[int, Field(ge=1, le=90)] = 7  # so long the file of a batch stands
    kept_answers_mb: Annotated[int, Field(ge=0, le=4096)] = 64  # lists kept in memory by each process that serves
    retention_years: Annotated[int, Field(ge=0, le=75)] | None = 3  # after the last school year; None: no clock
    webhook_hosts: Annotated[str, Field(pattern=HOST_LIST)] | None = None  # that may be told of events; None: nobody
    webhook_internal_hosts: Annotated[str, Field(pattern=HOST_LIST)] | None = (
        None  # and these by http, inside the network
    )
    oidc_issuer: Annotated[str, Field(pattern=SAFE_ADDRESS)] | None = None  # None: nobody signs in by a provider
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None  # instead of the file; neither: a public client, by PKCE alone
    oidc_client_secret_file: Path | None = None
    oidc_return_address: Annotated[str, Field(pattern=SAFE_ADDRESS)] | None = (
        None  # of the screens, as people open them
    )
    oidc_claim: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/-]{1,100}$")] = "sub"  # that names the login
    oidc_title: Annotated[str, Field(min_length=1, max_length=60)] = "единый вход"
    oidc_passwords: bool = True  # whether people of the provider may have a password here besides
    event_days: Annotated[int, Field(ge=1, le=3650)] = 90  # so long events and their deliveries are kept
    log_level: str = "INFO"

    @model_validator(mode="after")
    def check_provider(self) -> Self:
        """A provider is named whole or not at all."""
        if self.oidc_issuer is not None and not (self.oidc_client_id and self.oidc_return_address):
            raise ValueError("ORIENTIR_OIDC_ISSUER: задайте ещё ORIENTIR_OIDC_CLIENT_ID и ORIENTIR_OIDC_RETURN_ADDRESS")
        return self

    @property
    def oidc_secret(self) -> str | None:
        """The client's secret at the provider, from outside or from its file."""
        if self.oidc_client_secret is not None:
            return self.oidc_client_secret.get_secret_value()
        file = self.oidc_client_secret_file
        return file.read_text(encoding="utf-8").strip() if file is not None else None

    @property
    def audit_anchor_file(self) -> Path:
        """Where the audit ended, day by day: beside the key, outside the database."""
        return self.secret_key_file.with_name("audit.anchors")

    @property
    def erasure_notes_file(self) -> Path:
        """Who was erased, in digests: beside the key, for a copy of before that is put back."""
        return self.secret_key_file.with_name("erasures.notes")

    @property
    def batches_dir(self) -> Path:
        """Folder of the files of batches."""
        return self.secret_key_file.with_name("batches")

    @property
    def reference_dir(self) -> Path:
        """Folder of the reference data."""
        return self.data_dir / "reference"

    @property
    def formats_dir(self) -> Path:
        """Folder of the descriptions of incoming files."""
        return self.data_dir / "formats"

    @property
    def demand_dir(self) -> Path:
        """Folder of the demand editions that come with the installation."""
        return self.data_dir / "demand"

    @property
    def samples_dir(self) -> Path:
        """Folder of the sample region."""
        return self.data_dir / "samples"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Settings of this process."""
    return Settings()


class BrokenKeyError(ValueError):
    """The key file is empty or cut short: signatures and tokens made with it would protect nothing."""


def read_secret_key(settings: Settings) -> bytes:
    """Key of this installation: from the environment, else from its file; made on first use, its owner's alone."""
    if settings.secret_key is not None:
        return _checked(settings.secret_key.get_secret_value().encode(), "ORIENTIR_SECRET_KEY: задайте другой ключ")
    path = settings.secret_key_file
    if not path.exists():
        _make_key(path)
    return _checked(path.read_bytes(), f"{path}: верните файл из резервной копии")


def _checked(key: bytes, remedy: str) -> bytes:
    if len(key) < KEY_BYTES:
        place, _, what = remedy.partition(": ")
        raise BrokenKeyError(f"{place}: ключ короче {KEY_BYTES} байт; {what}")
    return key


def _make_key(path: Path) -> None:
    """Write the whole key beside its place and link it there: nobody ever reads half a key, the first one stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mkstemp: readable by its owner only
    whole = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first: its key is the key
            path.hardlink_to(whole)
    finally:
        whole.unlink()
