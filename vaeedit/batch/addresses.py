"""Who may use a server of this machine: rules of `vaeedit serve` and `vaeedit ui`."""

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from vaeedit.errors import UsageError


def is_loopback(host: str | None) -> bool:
    """Whether only this machine reaches a host of this name."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_foreign(listens_at: str, host: str) -> bool:
    """Whether a request to a server for this machine alone carries another name in its header Host.

    A page of the web sends one where its own name leads to this machine (DNS rebinding).
    """
    return is_loopback(listens_at) and not is_loopback(_name_in(host))


def is_same(given: bytes, secret: str) -> bool:
    """Whether two secrets are equal; the time that it takes does not tell where they differ."""
    return hmac.compare_digest(given, secret.encode())


def require_token(host: str, token: str | None) -> None:
    """Raise UsageError where other machines can use the server and it has no secret."""
    if not token and not is_loopback(host):
        raise UsageError(
            f"With --host {host} other machines can use the server; set a secret with VAEEDIT_TOKEN or --token, "
            "which they must know."
        )


def url(host: str, port: int) -> str:
    """The URL of a server."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _name_in(host: str) -> str | None:
    """The name in a header Host, without the port."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
