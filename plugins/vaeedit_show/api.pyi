from .animation import training as training
from .figures import curves as curves
from .grids import grid as grid
from .maps import latent_map as latent_map
from .straight import interpolate as interpolate
from .traversal import traverse as traverse
