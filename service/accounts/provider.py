"""The municipality's identity provider (OpenID Connect): where people are sent, and what of its answer is believed.

Authorization Code with PKCE. Of the ID token everything is checked before a word of it counts: signature by a key that
the provider publishes, issuer, audience, times, nonce. Nothing of a token is kept, logged or put into an address.
"""

import hmac
import re
import ssl
import time
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import structlog

from service.errors import ProviderFailedError, ProviderRefusedError
from service.settings import LOOPBACK, Settings

if TYPE_CHECKING:
    from jwt import PyJWK

log = structlog.get_logger()

ALGORITHMS = frozenset({"RS256", "PS256", "ES256", "EdDSA"})  # of a pair of keys: never `none`, never a shared secret
CLAIMS = ["iss", "sub", "aud", "exp", "iat"]
SCOPES = {"sub": "openid", "email": "openid email"}  # no more than the claim needs
LOGIN = re.compile(r"[^\s\x00-\x1F\x7F-\x9F]{1,64}")
SECONDS, LEEWAY_SECONDS = 10.0, 60
KEPT_SECONDS = 600.0  # so long a key that the provider has taken back may still count
LARGEST_ANSWER = 1024 * 1024
FAILED = "Единый вход сейчас не отвечает. Подождите минуту и войдите снова; если не поможет — позовите администратора."
REFUSED = "Единый вход не подтвердил, кто вы. Начните вход заново."


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the provider says of itself."""

    authorization: str
    token: str
    keys: str
    takes_basic: bool


class Provider:
    """The provider that the settings name; its endpoints and keys are read when they are first needed."""

    def __init__(self, settings: Settings) -> None:
        self._issuer, self._client_id = settings.oidc_issuer or "", settings.oidc_client_id or ""
        self._secret, self._claim = settings.oidc_secret, settings.oidc_claim
        self.return_address = settings.oidc_return_address or ""
        self._endpoints: tuple[float, Endpoints] | None = None
        self._keys: tuple[float, list[PyJWK]] | None = None

    def address(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where the browser is sent."""
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self.return_address,
            "scope": SCOPES.get(self._claim, "openid profile"),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        authorization = self._found().authorization
        return f"{authorization}{'&' if urlsplit(authorization).query else '?'}{urlencode(asked)}"

    def login_of(self, *, code: str, nonce: str, verifier: str) -> str:
        """Login of whoever the provider let in; ProviderRefusedError where anything is not as it must be."""
        endpoints = self._found()
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.return_address,
            "code_verifier": verifier,
        }
        headers = {}
        if self._secret is not None and endpoints.takes_basic:
            pair = f"{quote(self._client_id, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            sent |= {"client_id": self._client_id} | ({"client_secret": self._secret} if self._secret else {})
        answer = _ask("POST", endpoints.token, data=sent, headers=headers)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _refused("no ID token")
        claims = self._believed(token)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise _refused("nonce")
        return self._login_in(claims)

    def _believed(self, token: str) -> dict[str, Any]:
        """Claims of an ID token, once it is the provider's own and meant for us, now."""
        import jwt

        try:
            key = self._key_of(jwt.get_unverified_header(token).get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._client_id,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": CLAIMS},
            )
        except jwt.PyJWTError as error:
            raise _refused(type(error).__name__) from None  # what the error says may quote the token
        party = claims.get("azp")
        if party != self._client_id and (party is not None or (isinstance(claims["aud"], list) and claims["aud"][1:])):
            raise _refused("authorized party")
        return claims

    def _login_in(self, claims: dict[str, Any]) -> str:
        login = claims.get(self._claim)
        if not isinstance(login, str) or not LOGIN.fullmatch(login):
            raise _refused("no login in the claim")
        if self._claim == "email" and claims.get("email_verified") is not True:
            raise _refused("email not verified")
        return login

    def _key_of(self, key_id: str | None) -> "PyJWK":
        """The published key that a token names, or the only one; keys are read again for a name that is new."""
        for is_last in (False, True):
            keys = self._published(anew=is_last)
            fitting = [key for key in keys if key_id is None or key.key_id == key_id]
            if len(fitting) == 1:
                return fitting[0]
        raise _refused("unknown key")

    def _published(self, *, anew: bool) -> list["PyJWK"]:
        import jwt

        if self._keys is not None and not anew and time.monotonic() - self._keys[0] < KEPT_SECONDS:
            return self._keys[1]
        found = _ask("GET", self._found().keys)
        try:
            keys = jwt.PyJWKSet.from_dict(found).keys
        except (jwt.PyJWTError, AttributeError, TypeError) as error:
            raise _failed("keys cannot be read") from error
        fit = [key for key in keys if key.algorithm_name in ALGORITHMS and key.public_key_use in (None, "sig")]
        self._keys = (time.monotonic(), fit)
        return fit

    def _found(self) -> Endpoints:
        if self._endpoints is not None and time.monotonic() - self._endpoints[0] < KEPT_SECONDS:
            return self._endpoints[1]
        found = _ask("GET", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self._issuer:
            raise _failed("the provider calls itself otherwise than ORIENTIR_OIDC_ISSUER")
        ways = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        authorization, token, keys = (
            str(found.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        )
        if not all(map(is_safe, (authorization, token, keys))):
            raise _failed("an address of the provider is not https")
        endpoints = Endpoints(authorization, token, keys, takes_basic="client_secret_basic" in ways)
        self._endpoints = (time.monotonic(), endpoints)
        return endpoints


def is_safe(address: str) -> bool:
    """Whether nobody on the way can read what is sent there: https, or this very machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _ask(method: str, address: str, **sent: Any) -> dict[str, Any]:
    """One call to the provider, never through a proxy and never elsewhere than asked."""
    import httpx2

    try:
        with httpx2.Client(timeout=SECONDS, trust_env=False, verify=ssl.create_default_context()) as connection:
            response = connection.request(method, address, **sent)
            is_refusal = method == "POST" and response.status_code in (400, 401, 403)
            found = response.json() if response.is_success and len(response.content) <= LARGEST_ANSWER else None
    except (httpx2.HTTPError, ValueError) as error:
        raise _failed(type(error).__name__) from None
    if is_refusal:
        raise _refused("code not taken")
    if not isinstance(found, dict):
        raise _failed(f"answered {response.status_code}")
    return found


def _refused(why: str) -> ProviderRefusedError:
    log.warning("provider refused", why=why)
    return ProviderRefusedError(REFUSED)


def _failed(why: str) -> ProviderFailedError:
    log.warning("provider failed", why=why)
    return ProviderFailedError(FAILED)
