"""What other plugins may import of this one, at first use; the names stand in `api.pyi`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("vaeedit_ladder", __file__)
