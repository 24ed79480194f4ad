"""The one module that a plugin imports. A name is imported from its own module when it is first used.

`api.pyi` lists the names and their modules, for this module and for type checkers.
"""

from typing import Any

import lazy_loader

from vaeedit.extension.deprecation import DEPRECATED, deprecated

_find, __dir__, __all__ = lazy_loader.attach_stub("vaeedit", __file__)


def __getattr__(name: str) -> Any:
    if name in DEPRECATED:
        deprecated(f"vaeedit.api.{name}", DEPRECATED[name])
    return _find(name)
