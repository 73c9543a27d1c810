"""Tokens of keys, sessions and links, and hashes of passwords.

A token is 256 random bits, which nobody can guess: its plain SHA-256 is stored, and looking it up
costs a microsecond. A password can be guessed: Argon2 makes each guess dear.
"""

import secrets
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from data.domain import BadInputError

KEY_PREFIX = "exp_"
"""Begins the token of a key, so that scanners of leaked secrets can tell one."""
TOKEN_BYTES = 32
MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 200
_HASHER = PasswordHasher()
_NO_HASH = _HASHER.hash(secrets.token_urlsafe(TOKEN_BYTES))
"""Compared with where an account has no password: both take the same time."""


def new_token(prefix: str = "") -> str:
    """Return a new token, which is shown once and never stored."""
    return prefix + secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return sha256(token.encode()).hexdigest()


def hash_password(password: str) -> str:
    """Return what is stored of a password.

    Raises:
        BadInputError: It is too short or too long.
    """
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        problem = f"has {len(password)} characters"
        cure = f"Take {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH}."
        raise BadInputError("the password", problem, cure)
    return _HASHER.hash(password)


def is_password(password_hash: str | None, password: str) -> bool:
    """Return whether a password is that of a hash; no hash has none."""
    if len(password) > MAX_PASSWORD_LENGTH:
        return False
    try:
        return _HASHER.verify(password_hash or _NO_HASH, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False
