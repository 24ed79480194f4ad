"""Reading and writing of images. Only this package decodes and encodes files, with Pillow, OpenCV and tifffile.

Names are resolved at first use; `__init__.pyi` lists them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
