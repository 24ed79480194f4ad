"""Nothing leaves the machine: the libraries of the page are told so, and connections to other machines are refused."""

import os
import sys
from pathlib import Path
from socket import AF_INET, AF_INET6
from typing import Any

from vaeedit.batch.addresses import is_loopback

STAYS_HERE = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
}
"""Variables of the libraries, so that they send nothing."""
TO_AN_ADDRESS = ("socket.connect", "socket.sendto", "socket.sendmsg")
FOR_A_NAME = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


def stay_offline(cache: Path) -> None:
    """Set what Gradio reads when it is imported, and refuse connections of this process; for the rest of its life.

    Gradio keeps its files in `cache`. Its own variables are removed: they may open folders, tunnels and tools.
    """
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]
    os.environ.update(STAYS_HERE, GRADIO_TEMP_DIR=str(cache))
    sys.addaudithook(_require_here)


def _require_here(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise PermissionError for an event of Python that would reach another machine."""
    if event in TO_AN_ADDRESS:
        there, address = arguments[0].family in (AF_INET, AF_INET6), arguments[1]
        host = address[0] if there and address else None
    elif event in FOR_A_NAME:
        host = arguments[0]
    else:
        return
    host = host.decode("latin-1") if isinstance(host, bytes) else host
    if host and not is_loopback(host):
        raise PermissionError(f"The page of vaeedit uses no network; {host} is not asked.")
