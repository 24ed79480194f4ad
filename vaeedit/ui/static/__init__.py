"""Templates, scripts and style sheets of the page's own components."""

from functools import cache
from importlib.resources import files


@cache
def text(name: str) -> str:
    """The text of one of these files."""
    return (files(__name__) / name).read_text(encoding="utf-8")
