"""The address of a Dask scheduler, checked before anything is imported, made or waited for."""

from __future__ import annotations

from urllib.parse import urlsplit

from nnfd.core.sweep.errors import SweepError
from nnfd.core.text import printable


def host_and_port(address: str) -> tuple[str, int]:
    """Take apart ``tcp://HOST:PORT`` or ``tls://HOST:PORT``. Raises :class:`SweepError`."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:  # a port that is no number, an unfinished [::1
        host = port = None
    else:
        if parts.scheme not in {"tcp", "tls"} or parts.path or parts.query or parts.fragment or parts.username:
            host = None
    if not host or not port or not address.isprintable() or " " in address:
        raise SweepError(f"--cluster: {printable(address)!r} is not allowed: it is to be tcp://HOST:PORT")
    return host, port
