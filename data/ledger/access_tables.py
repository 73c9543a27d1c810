"""Tables of access: accounts, their sessions and links, API keys, and the log of actions.

No secret is stored: of a password the Argon2 hash, of a token its SHA-256.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, Text

from data.ledger.tables import BIG_KEY, METADATA

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("name", String(120), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("password_hash", Text),
    Column("is_active", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("openid_subject", Text, index=True, unique=True),
    Column("teams", Text),
)
"""One person who may sign in. Accounts are closed and never deleted: the log names them.

`openid_subject` is issuer and subject of a person whom an identity provider knows. `teams` is a
JSON list of the teams whose exceptions alone are shown; empty for all.
"""

FAILED_ATTEMPTS = Table(
    "failed_attempts",
    METADATA,
    Column("subject", String(255), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False, index=True),
)
"""Failed attempts to sign in, by name, address or browser; old rows are deleted."""

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("token_sha256", String(64), primary_key=True),
    Column("account", String(120), ForeignKey("accounts.name"), nullable=False, index=True),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
"""One browser in which somebody is signed in. A session that ended is deleted."""

LOGIN_LINKS = Table(
    "login_links",
    METADATA,
    Column("token_sha256", String(64), primary_key=True),
    Column("account", String(120), ForeignKey("accounts.name"), nullable=False, index=True),
    Column("until_ms", BigInteger, nullable=False),
)
"""A link by which an account's person sets a password, once. A used link is deleted."""

API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger),
    Column("teams", Text),
)
"""One key of a program. `scopes` are words between blanks; it counts until `until_ms`.

`teams` is as of an account.
"""

ACTION_LOG = Table(
    "action_log",
    METADATA,
    Column("seq", BIG_KEY, primary_key=True, autoincrement=True),
    Column("known_at_ms", BigInteger, nullable=False, index=True),
    Column("by", Text),
    Column("credential", String(20), nullable=False),
    Column("address", Text),
    Column("action", String(40), nullable=False),
    Column("subject", Text),
    Column("body", Text),
    Column("model_version", Text),
    Column("policy_version", Text),
)
"""One action of a person or a program. The database refuses to change or delete a row."""
