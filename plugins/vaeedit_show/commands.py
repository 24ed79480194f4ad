"""`vaeedit show`: a command for each kind of picture."""

from vaeedit.api import CommandGroup
from vaeedit_show.of_runs import curves, training
from vaeedit_show.of_vae import grid, interpolate, latent_map, traverse

show = CommandGroup("show")
for command in (grid, traverse, interpolate, latent_map, training, curves):
    show.add_command(command)
