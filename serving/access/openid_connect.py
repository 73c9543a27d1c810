"""Sign-in by an OpenID Connect provider: authorization code flow with PKCE, state and nonce."""

import binascii
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple, Self, cast
from urllib.parse import quote, urlsplit

import httpx
import orjson
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from data.domain import BadInputError, ExpediteError
from data.settings import Settings
from serving.access.loopback import is_loopback
from serving.caller import AccountRole

SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Algorithms of signatures by a key pair; the others prove nothing, or need a shared secret."""
SCOPE = "openid profile email"
MAX_SECONDS_TO_ANSWER = 5.0
CLOCK_LEEWAY_SECONDS = 60
ANY_GROUP = "*"


class ProviderError(ExpediteError):
    """The provider does not answer, or its answer proves nothing."""


class SignInState(NamedTuple):
    """Secrets of one sign-in under way; the browser holds them until the provider sends it back.

    Attributes:
        state: Returned by the provider: ties the answer to this browser.
        nonce: Returned in the signed token: ties the token to this sign-in.
        verifier: Sent with the code: ties the code to this sign-in (PKCE).
        target: Path to go to afterwards.
    """

    state: str
    nonce: str
    verifier: str
    target: str

    @classmethod
    def new(cls, target: str) -> Self:
        """Draw the secrets of another sign-in."""
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        return cls(state, nonce, verifier, target)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what `to_text` gave, None where it is something else."""
        try:
            values = orjson.loads(urlsafe_b64decode(text))
        except (binascii.Error, ValueError):
            return None
        is_whole = isinstance(values, list) and len(values) == len(cls._fields)
        return cls(*map(str, values)) if is_whole else None

    def to_text(self) -> str:
        """Return it as the value of a cookie."""
        return urlsafe_b64encode(orjson.dumps(list(self))).decode()


class ProvenPerson(NamedTuple):
    """Person whom the provider has signed in."""

    subject: str
    name: str
    role: AccountRole


class OpenIdProvider:
    """A provider, and the rights that its claims give.

    Attributes:
        title: Host name of the provider, for people.
    """

    def __init__(self, settings: Settings) -> None:
        """Take the settings.

        Raises:
            BadInputError: A setting is missing or wrong.
        """
        self._issuer = settings.openid_issuer.rstrip("/")
        self._client_id = settings.openid_client_id
        self._client_secret = settings.openid_client_secret.get_secret_value()
        self._name_claim = settings.openid_name_claim
        self._role_claim = settings.openid_role_claim
        self._roles = _roles(settings.openid_roles)
        parts = urlsplit(self._issuer)
        self.title = parts.netloc
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            cure = "Give the https address of the provider."
            raise BadInputError("EXPEDITE_OPENID_ISSUER", "is no https address", cure)
        if not self._client_id:
            cure = "Register this service at the provider."
            raise BadInputError("EXPEDITE_OPENID_CLIENT_ID", "is not set", cure)

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Return the provider of the settings, None without one."""
        return cls(settings) if settings.openid_issuer else None

    async def address(self, sign_in: SignInState, redirect_uri: str) -> str:
        """Return the address at the provider to which the browser is sent.

        Raises:
            ProviderError: The provider does not answer as one.
        """
        async with _client() as client:
            metadata = await self._metadata(client)
        return prepare_grant_uri(
            metadata["authorization_endpoint"],
            self._client_id,
            "code",
            redirect_uri=redirect_uri,
            scope=SCOPE,
            state=sign_in.state,
            nonce=sign_in.nonce,
            code_challenge=create_s256_code_challenge(sign_in.verifier),
            code_challenge_method="S256",
        )

    async def person(self, code: str, sign_in: SignInState, redirect_uri: str) -> ProvenPerson:
        """Exchange a code for the person who signed in.

        Raises:
            ProviderError: The provider refuses, or its token proves nothing.
        """
        async with _client() as client:
            metadata = await self._metadata(client)
            tokens = await _object(
                client.post(
                    metadata["token_endpoint"],
                    data={
                        "grant_type": "authorization_code",
                        "code": code,
                        "redirect_uri": redirect_uri,
                        "code_verifier": sign_in.verifier,
                        "client_id": self._client_id,
                    },
                    auth=self._client_auth(),
                )
            )
            keys = await _object(client.get(metadata["jwks_uri"]))
        return self._proven(self._claims(tokens, keys, sign_in))

    def _client_auth(self) -> httpx.Auth:
        if not self._client_secret:
            return httpx.Auth()
        return httpx.BasicAuth(quote(self._client_id, safe=""), quote(self._client_secret, safe=""))

    async def _metadata(self, client: httpx.AsyncClient) -> dict[str, Any]:
        address = f"{self._issuer}/.well-known/openid-configuration"
        metadata = await _object(client.get(address))
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if metadata.get("issuer", "").rstrip("/") != self._issuer or not all(
            isinstance(metadata.get(name), str) for name in needed
        ):
            raise ProviderError("The identity provider describes itself wrongly.")
        return metadata

    def _claims(
        self, tokens: Mapping[str, Any], keys: Mapping[str, Any], sign_in: SignInState
    ) -> CodeIDToken:
        """Return the claims of a token whose signature, issuer, audience, time and nonce hold."""
        try:
            signed = jwt.decode(
                tokens["id_token"],
                KeySet.import_key_set(cast("KeySetSerialization", dict(keys))),
                algorithms=SIGNATURES,
            )
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                options={
                    "iss": {"essential": True, "values": [self._issuer, f"{self._issuer}/"]},
                    "aud": {"essential": True, "value": self._client_id},
                },
                params={
                    "nonce": sign_in.nonce,
                    "client_id": self._client_id,
                    "access_token": tokens.get("access_token"),
                },
            )
            claims.validate(leeway=CLOCK_LEEWAY_SECONDS)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            reason = type(error).__name__
            raise ProviderError(
                f"The identity provider's token proves nothing: {reason}"
            ) from error
        return claims

    def _proven(self, claims: Mapping[str, Any]) -> ProvenPerson:
        name = claims.get(self._name_claim)
        if not isinstance(name, str) or not name.strip():
            raise ProviderError(f"The identity provider names nobody: no '{self._name_claim}'.")
        groups = claims.get(self._role_claim)
        named = groups if isinstance(groups, list) else [groups]
        matches = [self._roles[group] for group in (*named, ANY_GROUP) if group in self._roles]
        if not matches:
            raise ProviderError(f"'{name}' has no group that may come in. Ask an admin.")
        order = list(AccountRole)
        role = max(matches, key=order.index)
        return ProvenPerson(f"{self._issuer} {claims['sub']}", name, role)


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=MAX_SECONDS_TO_ANSWER)


async def _object(request: Any) -> dict[str, Any]:
    """Wait for an answer; return its JSON object."""
    try:
        answer = await request
        value = answer.json() if answer.status_code == 200 else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ProviderError("The identity provider does not answer. Try again later.") from error
    if not isinstance(value, dict):
        status = answer.status_code
        raise ProviderError(f"The identity provider refuses the request, with status {status}.")
    return value


def _roles(text: str) -> dict[Any, AccountRole]:
    """Read `it=admin,*=viewer`.

    Raises:
        BadInputError: A part is no group with a role.
    """
    roles = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        group, _, role = part.rpartition("=")
        if not group or role not in set(AccountRole):
            cure = f"Write GROUP=ROLE; roles are {', '.join(AccountRole)}."
            raise BadInputError("EXPEDITE_OPENID_ROLES", f"'{part}' can't be read", cure)
        roles[group.strip()] = AccountRole(role)
    return roles
