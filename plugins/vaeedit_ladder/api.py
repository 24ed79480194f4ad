"""The names that other plugins may import from this one. Each is resolved at first use; `api.pyi` lists them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("vaeedit_ladder", __file__)
