"""Signing in by an identity provider: what is believed of it, and everything that is not."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from pydantic import SecretStr, ValidationError
from starlette.testclient import TestClient

from service.access import OPERATOR
from service.accounts.people import add_user, dismiss_user, find_user_id, set_sign_in
from service.app import create_app
from service.clock import now
from service.db import Database
from service.errors import ConflictError
from service.settings import Settings
from service.tables import AuditRecord, SignInRequest, User, UserSession
from tests.service.conftest import PASSWORD, Authorization, sqlite_only
from tests.service.openid import CLIENT, SECRET, Claims, OpenIdProvider, new_key, provider
from tests.service.worked_example import CLASS_A, CLASS_B

LOGIN = "i.ivanova"
DIRECTOR = {"login": "director", "password": PASSWORD}


@pytest.fixture
def there() -> Iterator[OpenIdProvider]:
    """The municipality's provider."""
    with provider() as found:
        yield found


@pytest.fixture
def settings(trained: Settings, ready: Database, there: OpenIdProvider) -> Settings:
    """An installation that knows the provider."""
    url = ready.url.render_as_string(hide_password=False)
    return trained.model_copy(update={"database_url": url} | there.settings())


@pytest.fixture
def ivanova(ready: Database, settings: Settings) -> int:
    """A counsellor whom the provider lets in; her number."""
    with ready.writing() as session:
        person = {"login": LOGIN, "display_name": "Иванова", "role": "counsellor", "school_code": "sch01"}
        limited = {"is_limited": True, "class_ids": (CLASS_A,)}
        admitted = add_user(session, actor=OPERATOR, signs_in_by="provider", settings=settings, **person, **limited)
        assert admitted.temporary_password is None
        return admitted.user.user_id


def begin(client: TestClient) -> dict[str, str]:
    answer = client.post("/v1/sign-in/requests")
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


def come_back(client: TestClient, there: OpenIdProvider, login: str = LOGIN, **change: str) -> tuple[int, dict]:
    begun = begin(client)
    back = there.approve(begun["address"], login)
    sent = {"code": back["code"], "state": back["state"], "browser": begun["browser"]} | change
    answer = client.post("/v1/sign-in/sessions", json=sent)
    return answer.status_code, answer.json()


@pytest.mark.usefixtures("ivanova")
def test_who_is_known_here_comes_in_and_out(client: TestClient, there: OpenIdProvider, ready: Database) -> None:
    assert client.get("/v1/sign-in/provider").json() == {"title": "единый вход"}
    status, opened = come_back(client, there)
    assert status == 201, opened
    header = {"Authorization": f"Bearer {opened['token']}"}
    me = client.get("/v1/me", headers=header).json()
    assert (me["display_name"], me["class_ids"], me["password_is_temporary"]) == ("Иванова", [CLASS_A], False)
    assert client.get(f"/v1/classes/{CLASS_A}/students", headers=header).status_code == 200
    assert client.get(f"/v1/classes/{CLASS_B}/students", headers=header).status_code == 404
    with ready.reading() as session:
        assert session.scalars(sa.select(SignInRequest)).all() == []
        opening = sa.select(AuditRecord.facts).where(AuditRecord.deed == "session.opened")
        assert session.scalars(opening).all() == [{"by": "provider"}]
    assert client.delete("/v1/sessions/current", headers=header).status_code == 204
    assert client.get("/v1/me", headers=header).status_code == 401


@pytest.mark.usefixtures("ivanova")
def test_a_session_of_the_provider_ends_as_others_do(
    client: TestClient, there: OpenIdProvider, ready: Database
) -> None:
    headers = [{"Authorization": f"Bearer {come_back(client, there)[1]['token']}"} for _ in range(2)]
    with ready.writing() as session:
        newest = session.scalars(sa.select(UserSession).order_by(UserSession.session_id.desc())).first()
        assert newest is not None
        newest.expires_at = now() - timedelta(seconds=1)
    assert [client.get("/v1/me", headers=header).status_code for header in headers] == [200, 401]
    with ready.writing() as session:
        dismiss_user(session, actor=OPERATOR, user_id=find_user_id(session, LOGIN))
    assert client.get("/v1/me", headers=headers[0]).status_code == 401
    status, told = come_back(client, there)
    assert (status, told["code"]) == (401, "provider_refused")
    assert "администратора школы" in told["detail"]


@pytest.mark.usefixtures("ivanova")
def test_what_is_asked_of_the_provider(client: TestClient) -> None:
    begun = begin(client)
    asked = parse_qs(urlsplit(begun["address"]).query)
    assert (asked["scope"], asked["redirect_uri"]) == (["openid profile"], ["http://127.0.0.1:8501/"])
    assert len(asked["state"][0]) >= 40
    assert len({*asked["state"], *asked["nonce"], *asked["code_challenge"], begun["browser"]}) == 4
    assert begun["browser"] not in begun["address"]
    another = parse_qs(urlsplit(begin(client)["address"]).query)  # nothing of one sign-in is of use in another
    assert all(another[name] != asked[name] for name in ("state", "nonce", "code_challenge"))


def test_nobody_is_made_by_a_sign_in(client: TestClient, there: OpenIdProvider, ready: Database) -> None:
    for stranger in ("nobody", "navigator"):  # the second one is here, but it is a password that lets her in
        status, told = come_back(client, there, stranger)
        assert (status, told["code"]) == (401, "provider_refused")
    with ready.reading() as session:
        assert session.scalar(sa.select(User.user_id).where(User.login == "nobody")) is None
        assert session.scalars(sa.select(UserSession)).all() == []


def without(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def said(**change: object) -> Callable[[Claims], Claims]:
    return lambda claims: claims | change


SPOILT: dict[str, Callable[[Claims], Claims]] = {
    "another issuer": said(iss="https://id.elsewhere.example"),
    "another audience": said(aud="another"),
    "several audiences and no party": said(aud=[CLIENT, "another"]),
    "another party": said(azp="another"),
    "another nonce": said(nonce="another"),
    "nonce is no text": said(nonce=7),
    "expired": said(exp=int(time.time()) - 3600),
    "not yet": said(nbf=int(time.time()) + 3600),
    "login is no text": said(preferred_username=["i.ivanova"]),
    "login with a line in it": said(preferred_username="i.ivanova\n"),
    **{f"no {name}": without(name) for name in ("iss", "sub", "aud", "exp", "iat", "nonce", "preferred_username")},
}


def unsigned(_there: OpenIdProvider, claims: Claims) -> str:
    return jwt.encode(claims, None, "none", {"kid": "first"})


def by_a_secret(there: OpenIdProvider, claims: Claims) -> str:
    """The public key taken for a shared secret; made by hand, for the library itself refuses to."""
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    public = there.key.public_key().public_bytes(serialization.Encoding.PEM, kind)
    head = {"alg": "HS256", "typ": "JWT", "kid": "first"}
    signed = ".".join(in_letters(json.dumps(part).encode()) for part in (head, claims))
    return f"{signed}.{in_letters(hmac.digest(public, signed.encode(), 'sha256'))}"


def in_letters(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


FORGED: dict[str, Callable[[OpenIdProvider, Claims], str]] = {
    "alg none": unsigned,
    "alg NONE": lambda there, claims: in_letters(b'{"alg": "NONE"}') + "." + unsigned(there, claims).partition(".")[2],
    "a shared secret": by_a_secret,
    "another key": lambda _there, claims: jwt.encode(claims, new_key(), "RS256", {"kid": "first"}),
    "an unknown key": lambda _there, claims: jwt.encode(claims, new_key(), "RS256", {"kid": "second"}),
    "a key of its own": lambda there, claims: _with_own_key(claims),
    "a signature cut off": lambda there, claims: there.signed(claims).rpartition(".")[0] + ".",
    "claims changed": lambda there, claims: _changed(there.signed(claims)),
    "no token": lambda _there, _claims: "token",
}


def _with_own_key(claims: Claims) -> str:
    key = new_key()
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return jwt.encode(claims, key, "RS256", {"jwk": public, "kid": "first"})


def _changed(token: str) -> str:
    head, claims, signature = token.split(".")
    return f"{head}.{claims[:-2]}{'A' if claims[-2] != 'A' else 'B'}{claims[-1]}.{signature}"


@sqlite_only
@pytest.mark.usefixtures("ivanova")
@pytest.mark.parametrize("fault", sorted({**SPOILT, **FORGED}))
def test_a_token_that_is_not_as_it_must_be(
    client: TestClient, there: OpenIdProvider, ready: Database, capfd: pytest.CaptureFixture[str], fault: str
) -> None:
    if fault in SPOILT:
        there.spoil = SPOILT[fault]
    else:
        there.sign = FORGED[fault]
    status, told = come_back(client, there)
    assert (status, told["code"]) == (401, "provider_refused"), told
    with ready.reading() as session:
        assert session.scalars(sa.select(UserSession)).all() == []
    assert LOGIN not in "".join(capfd.readouterr())


@pytest.mark.usefixtures("ivanova")
def test_a_state_counts_once_and_in_its_browser(client: TestClient, there: OpenIdProvider, ready: Database) -> None:
    begun = begin(client)
    back = there.approve(begun["address"], LOGIN)
    sent = {"code": back["code"], "state": back["state"], "browser": begun["browser"]}
    assert client.post("/v1/sign-in/sessions", json=sent).status_code == 201
    again = sent | {"code": there.approve(begun["address"], LOGIN)["code"]}  # even with a code that is new
    assert client.post("/v1/sign-in/sessions", json=again).status_code == 401
    asked = there.calls.count("/token")
    for change in ({"browser": "another"}, {"browser": ""}, {"state": "another"}):
        status, told = come_back(client, there, **change)
        assert (status, told["code"]) == (401, "provider_refused")
    begun = begin(client)
    back = there.approve(begun["address"], LOGIN)
    with ready.writing() as session:
        session.execute(sa.update(SignInRequest).values(expires_at=now() - timedelta(seconds=1)))
    late = {"code": back["code"], "state": back["state"], "browser": begun["browser"]}
    assert client.post("/v1/sign-in/sessions", json=late).status_code == 401
    assert there.calls.count("/token") == asked  # the provider was not even asked


@sqlite_only
@pytest.mark.usefixtures("ivanova")
def test_a_wrong_code_spends_the_state(client: TestClient, there: OpenIdProvider) -> None:
    begun = begin(client)
    back = there.approve(begun["address"], LOGIN)
    sent = {"code": "another", "state": back["state"], "browser": begun["browser"]}
    assert client.post("/v1/sign-in/sessions", json=sent).json()["code"] == "provider_refused"
    assert client.post("/v1/sign-in/sessions", json=sent | {"code": back["code"]}).status_code == 401


@sqlite_only
@pytest.mark.usefixtures("ivanova")
def test_keys_that_change_are_read_again(client: TestClient, there: OpenIdProvider) -> None:
    assert come_back(client, there)[0] == 201
    assert come_back(client, there)[0] == 201
    assert there.calls.count("/keys") == 1
    there.key, there.key_id = new_key(), "second"
    assert come_back(client, there)[0] == 201
    assert there.calls.count("/keys") == 2


@sqlite_only
@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://id.elsewhere.example"},
        {"token_endpoint": "http://id.elsewhere.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_used(
    client: TestClient, there: OpenIdProvider, discovery: Claims
) -> None:
    there.discovery = discovery
    answer = client.post("/v1/sign-in/requests")
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_failed")
    assert "не отвечает" in answer.json()["detail"]


@sqlite_only
def test_without_a_provider_there_is_no_such_door(ready: Database, settings: Settings) -> None:
    settings = settings.model_copy(update={"oidc_issuer": None})
    with TestClient(create_app(settings, ready), raise_server_exceptions=False) as client:
        assert client.get("/v1/sign-in/provider").json() == {"title": None}
        assert client.post("/v1/sign-in/requests").status_code == 404
        sent = {"code": "c", "state": "s", "browser": "b"}
        assert client.post("/v1/sign-in/sessions", json=sent).status_code == 404
        header = {"Authorization": f"Bearer {client.post('/v1/sessions', json=DIRECTOR).json()['token']}"}
        person = {"login": "x", "display_name": "x", "role": "school_admin", "signs_in_by": "provider"}
        assert client.post("/v1/people", headers=header, json=person).status_code == 409


@sqlite_only
@pytest.mark.parametrize("allowed", [True, False])
def test_passwords_of_people_of_the_provider(
    ready: Database, settings: Settings, there: OpenIdProvider, ivanova: int, allowed: bool
) -> None:
    settings = settings.model_copy(update={"oidc_passwords": allowed})
    with TestClient(create_app(settings, ready), raise_server_exceptions=False) as client:
        header = {"Authorization": f"Bearer {client.post('/v1/sessions', json=DIRECTOR).json()['token']}"}
        reset = client.post(f"/v1/people/{ivanova}/password", headers=header)
        assert reset.status_code == (200 if allowed else 409)
        if not allowed:
            assert "пароля здесь у него нет" in reset.json()["detail"]
            with ready.writing() as session:  # as if one had been given while it was allowed
                known = session.scalars(sa.select(User.password_hash).where(User.login == "director")).one()
                session.execute(sa.update(User).where(User.login == LOGIN).values(password_hash=known))
        password = reset.json()["temporary_password"] if allowed else PASSWORD
        entered = client.post("/v1/sessions", json={"login": LOGIN, "password": password})
        assert entered.status_code == (201 if allowed else 401)
        opened = come_back(client, there)[1]
        me = client.get("/v1/me", headers={"Authorization": f"Bearer {opened['token']}"}).json()
        assert (me["password_is_temporary"], me["has_password"]) == (False, allowed)
        if allowed:  # the slip of paper is worth nothing once she has come in by the provider
            again = client.post("/v1/sessions", json={"login": LOGIN, "password": password})
            assert again.status_code == 401


@sqlite_only
def test_from_a_password_to_the_provider_and_back(
    ready: Database, settings: Settings, there: OpenIdProvider, client: TestClient,
    sign_in: Callable[[str], Authorization],
) -> None:  # fmt: skip
    header = sign_in("navigator")
    with ready.writing() as session:
        user_id = find_user_id(session, "navigator")
        set_sign_in(session, actor=OPERATOR, user_id=user_id, signs_in_by="provider", settings=settings)
    assert client.get("/v1/me", headers=header).status_code == 401
    assert client.post("/v1/sessions", json={"login": "navigator", "password": PASSWORD}).status_code == 401
    assert come_back(client, there, "navigator")[0] == 201
    with ready.writing() as session:
        back = set_sign_in(session, actor=OPERATOR, user_id=user_id, signs_in_by="password", settings=settings)
    assert come_back(client, there, "navigator")[0] == 401
    entered = {"login": "navigator", "password": back.temporary_password}
    assert client.post("/v1/sessions", json=entered).status_code == 201
    with ready.writing() as session, pytest.raises(ConflictError, match="ORIENTIR_OIDC_ISSUER"):
        set_sign_in(
            session, actor=OPERATOR, user_id=user_id, signs_in_by="provider",
            settings=settings.model_copy(update={"oidc_issuer": None}),
        )  # fmt: skip


@sqlite_only
@pytest.mark.parametrize("is_verified", [True, False, None])
def test_a_mail_address_counts_once_it_is_verified(
    ready: Database, settings: Settings, there: OpenIdProvider, ivanova: int, is_verified: bool | None
) -> None:
    there.spoil = said(email="i.ivanova", email_verified=is_verified)
    settings = settings.model_copy(update={"oidc_claim": "email"})
    with TestClient(create_app(settings, ready), raise_server_exceptions=False) as client:
        assert ivanova
        assert "scope=openid+email" in begin(client)["address"]
        assert come_back(client, there)[0] == (201 if is_verified else 401)


def test_a_provider_is_named_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ORIENTIR_OIDC_ISSUER", "https://id.example")
    with pytest.raises(ValidationError, match="ORIENTIR_OIDC_CLIENT_ID"):
        Settings()
    monkeypatch.setenv("ORIENTIR_OIDC_CLIENT_ID", CLIENT)
    for unsafe in ("http://orientir.example/", "ftp://orientir.example", "https://orientir.example/?next=x", "x"):
        monkeypatch.setenv("ORIENTIR_OIDC_RETURN_ADDRESS", unsafe)
        with pytest.raises(ValidationError):
            Settings()
    monkeypatch.setenv("ORIENTIR_OIDC_RETURN_ADDRESS", "https://orientir.example/")
    assert Settings().oidc_secret is None
    file = tmp_path / "client.secret"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    assert Settings(oidc_client_secret_file=file).oidc_secret == SECRET
    assert SECRET not in repr(Settings(oidc_client_secret=SecretStr(SECRET)))
