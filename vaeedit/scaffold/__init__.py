"""`vaeedit plugins new`: a project for a plugin, made of the templates in this folder.

A template `FILE.tmpl` in `common` or in the folder of a kind becomes FILE, its $placeholders replaced; where both have it,
the text of the kind follows the common one. The folder `package` becomes the package, and the placeholders in the header of
a VAE file are replaced, too.
"""

KINDS = ("none", "latent", "own")
"""What the operation of a new plugin does: edit pixels, edit latents of a shipped VAE, or edit those of its own VAE."""
