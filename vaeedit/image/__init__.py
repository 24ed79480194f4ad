"""Images in and out. The only place where files are decoded and encoded; Pillow, OpenCV and tifffile stay behind it.

Names are resolved at first use; `__init__.pyi` lists them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
