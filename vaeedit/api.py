"""The one module a plugin imports. Light names come at once; heavy ones are imported at first use.

The names and where they live stand in one place: `api.pyi`, which type checkers read too.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("vaeedit", __file__)
