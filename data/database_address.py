"""Addresses of databases, whose folders may have any name."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url


def database_url(address: str) -> URL:
    """Return the URL of a database by its address, such as `sqlite:///FILE`.

    The folder of a SQLite file may hold `%` and `?`: it is taken as it is written where there is
    such a folder. Everything else is read as a URL, in which `%20` is a blank.

    Raises:
        ArgumentError: it is no address.

    >>> database_url("sqlite:///a%20b/ledger.sqlite?timeout=5").database
    'a b/ledger.sqlite'
    """
    scheme, mark, path = address.partition(":///")
    folder, slash, file = path.rpartition("/")
    if scheme.startswith("sqlite") and Path(folder).is_dir():
        folder = folder.replace("%", "%25").replace("?", "%3F")
    return make_url(f"{scheme}{mark}{folder}{slash}{file}")
