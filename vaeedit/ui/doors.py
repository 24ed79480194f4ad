"""The few routes of Gradio that the page needs; all others are closed."""

import re

API, LOGIN = "/gradio_api/", "/token"
UPLOAD_PATH, HEARTBEAT = f"{API}upload", f"{API}heartbeat/"
OPEN = {
    "GET": re.compile(
        rf"/|/theme\.css|/favicon\.ico|/manifest\.json|/(?:assets|static|download)/.+|{HEARTBEAT}\w+"
        rf"|{API}(?:startup-events|upload_progress|queue/data|file=(?!\w+:).+)"
    ),
    "POST": re.compile(f"{UPLOAD_PATH}|{API}(?:queue/join|run/predict|cancel|reset|component_server/?)"),
}
"""Routes by method. Files by address, as `file=http:...`, are none: the server would fetch them."""


def is_open(method: str, path: str) -> bool:
    """Whether the page needs this route."""
    return method in OPEN and OPEN[method].fullmatch(path) is not None
