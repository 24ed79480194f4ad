"""The one module that a plugin imports. A name is imported from its own module when it is first used.

`api.pyi` lists the names and their modules, for this module and for type checkers.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("vaeedit", __file__)
