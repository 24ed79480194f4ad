"""The functions behind `vaeedit show`, for notebooks. Each is resolved at first use; `api.pyi` lists them.

    import vaeedit_show.api as show

    show.traverse("digits.safetensors", "mnist/", image=7)

Pictures are a `Result`, whose `save` also writes GIF and MP4 where there is a film; `latent_map` and `curves` return a figure
of matplotlib. A notebook displays both.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("vaeedit_show", __file__)
