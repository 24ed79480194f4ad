"""Recipes and plans as YAML."""

from typing import TypeVar

import msgspec

from vaeedit.documents import read_yaml
from vaeedit.errors import OptionError
from vaeedit.options import Options

O = TypeVar("O", bound=Options)
YAML = {".yaml", ".yml"}


def parsed(kind: type[O], text: str, name: str) -> O:
    """Text as an object of this kind; raises OptionError, which calls it `name`."""
    try:
        return msgspec.convert(read_yaml(text).value, kind)
    except (msgspec.MsgspecError, ValueError) as error:
        raise OptionError(f"The {kind.__name__.lower()} {name} is not valid: {error}") from None
