"""A municipality's identity provider, small and real: discovery, published keys, a page, codes, ID tokens."""

import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

CLIENT, SECRET = "orientir", "s3cret: of the client"
Claims = dict[str, Any]
PAGE = """<!doctype html><html lang="ru"><title>Единый вход района</title><h1>Единый вход района</h1>
<form action="/approve"><input type="hidden" name="asked" value="{asked}">
<label>Учётная запись <input name="login"></label><button>Подтвердить</button></form></html>"""


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class OpenIdProvider:
    """What it says; `spoil` changes claims, `sign` signs them, `calls` counts what was asked of it."""

    port: int
    key: rsa.RSAPrivateKey = field(default_factory=new_key)
    key_id: str = "first"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    spoil: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[["OpenIdProvider", Claims], str] = lambda self, claims: self.signed(claims)
    discovery: Claims = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def settings(self) -> dict[str, Any]:
        """Of an installation that knows this provider."""
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SecretStr(SECRET),
            "oidc_return_address": "http://127.0.0.1:8501/",
            "oidc_claim": "preferred_username",
        }

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def signed(self, claims: Claims) -> str:
        return jwt.encode(claims, self.key, "RS256", {"kid": self.key_id})

    def described(self) -> Claims:
        at = self.issuer
        return {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys",
        } | self.discovery

    def keys(self) -> Claims:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [public | {"kid": self.key_id, "use": "sig", "alg": "RS256"}]}

    def approve(self, address: str, login: str) -> dict[str, str]:
        """Somebody confirms; what the browser is sent back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked | {"login": login}
        return {"code": code, "state": asked["state"], "return_to": asked["redirect_uri"]}

    def exchange(self, sent: dict[str, str], authorization: str) -> tuple[int, Claims]:
        """A code for an ID token, once, for the client that knows its secret and the verifier."""
        pair = b64decode(authorization.removeprefix("Basic ")).decode()
        asked = self.codes.pop(sent.get("code", ""), None)
        challenge = urlsafe_b64encode(sha256(sent.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if pair != "orientir:s3cret%3A%20of%20the%20client":
            return 401, {"error": "invalid_client"}
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != sent["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        claims = {
            "iss": self.issuer,
            "sub": f"subject of {asked['login']}",
            "preferred_username": asked["login"],
            "aud": CLIENT,
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "nonce": asked["nonce"],
        }
        token = self.sign(self, self.spoil(claims))
        return 200, {"id_token": token, "access_token": "not asked for", "token_type": "Bearer"}


@contextmanager
def provider() -> Iterator[OpenIdProvider]:
    """A provider on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        found = OpenIdProvider(server.server_address[1])
        server.RequestHandlerClass = _handler(found)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def _handler(provider: OpenIdProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            provider.calls.append(path)
            if path == "/.well-known/openid-configuration":
                self._json(200, provider.described())
            elif path == "/keys":
                self._json(200, provider.keys())
            elif path == "/authorize":
                self._say(200, "text/html; charset=utf-8", PAGE.format(asked=self.path.replace("&", "&amp;")).encode())
            elif path == "/approve":
                given = parse_qs(urlsplit(self.path).query)
                back = provider.approve(given["asked"][0], given["login"][0])
                address = f"{back.pop('return_to')}?{urlencode(back)}"
                self._say(303, "text/plain", b"", {"Location": address})
            else:
                self._json(404, {})

        def do_POST(self) -> None:
            provider.calls.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent = {name: values[0] for name, values in parse_qs(body).items()}
            self._json(*provider.exchange(sent, self.headers.get("Authorization", "")))

        def _json(self, status: int, told: Claims) -> None:
            self._say(status, "application/json", json.dumps(told).encode())

        def _say(self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    return Handler
