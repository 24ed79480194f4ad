"""vaeedit edits images through the latent space of trained variational autoencoders (VAEs).

>>> import vaeedit
>>> vaeedit.edit("in.jpg", "soften", strength=0.6).save("out.jpg")  # doctest: +SKIP

Names are resolved at first use (PEP 562), so `import vaeedit` costs nothing; `__init__.pyi` lists them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = "0.1.0"
