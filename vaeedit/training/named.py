"""What is named by a built-in name or by a YAML file: recipes and plans."""

from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import msgspec

from vaeedit.documents import read_yaml, text_of
from vaeedit.errors import OptionError, UnknownName
from vaeedit.options import Options

O = TypeVar("O", bound=Options)


def load_named(kind: type[O], name: str, folder: str) -> O:
    """The built-in one of that name in `folder`, beside this module, or the one in a YAML file.

    Raises UnknownName, UsageError for a file that cannot be read, or OptionError.
    """
    what = kind.__name__.lower()
    built_in = {Path(entry.name).stem: entry for entry in (files("vaeedit.training") / folder).iterdir()}
    path = Path(name)
    if name in built_in:
        text = built_in[name].read_text(encoding="utf-8")
    elif path.suffix in {".yaml", ".yml"}:
        text = text_of(path)
    else:
        raise UnknownName(what, name, built_in)
    try:
        return msgspec.convert(read_yaml(text).value, kind)
    except (msgspec.MsgspecError, ValueError) as error:
        raise OptionError(f"The {what} {name} is not valid: {error}") from None
