"""`vaeedit show grid`, `traverse`, `interpolate` and `map`: pictures of a VAE."""

from typing import TYPE_CHECKING, Any

import click

from vaeedit.api import debug_option, device_option, exists_option
from vaeedit_show import defaults, options

if TYPE_CHECKING:
    from vaeedit.api import LoadedVae


def _opened(vae: str, device: str) -> "LoadedVae":
    from vaeedit.api import Session

    return Session(device=device).vae(vae)


def _grid(vae: str, data: str, output: str, exists: str, device: str, debug: bool, **how: Any) -> int:
    from vaeedit_show.grids import grid

    path = options.picture_target(output, exists, film=False)
    return options.save_picture(grid(_opened(vae, device), data, **how), path)


def _traverse(
    vae: str, data: str | None, output: str, latents: str, exists: str, device: str, debug: bool, **how: Any
) -> int:
    from vaeedit_show.traversal import traverse

    path = options.picture_target(output, exists, film=True)
    names = latents.split(",") if latents else ()
    return options.save_picture(traverse(_opened(vae, device), data, latents=names, **how), path)


def _interpolate(
    vae: str, first: str, second: str, output: str, exists: str, device: str, debug: bool, **how: Any
) -> int:
    from vaeedit_show.straight import interpolate

    path = options.picture_target(output, exists, film=True)
    return options.save_picture(interpolate(_opened(vae, device), first, second, **how), path)


def _map(vae: str, data: str, output: str, exists: str, device: str, debug: bool, **how: Any) -> int:
    from vaeedit_show.maps import latent_map

    path = options.figure_target(output, exists)
    return options.save_figure(latent_map(_opened(vae, device), data, **how), path)


grid = click.Command(
    "grid",
    callback=_grid,
    params=[
        options.DATA, options.VAE, options.output(options.PICTURE),
        click.Option(
            ["--columns"], type=click.IntRange(1, 64), default=defaults.COLUMNS, show_default=True, help="Images in a row."
        ),
        click.Option(
            ["--rows"], type=click.IntRange(1, 64), default=defaults.ROWS, show_default=True,
            help="Rows, where the data has no labels.",
        ),
        click.Option(
            ["--samples/--no-samples"], default=True, show_default=True, help="Show samples of a VAE that has a prior."
        ),
        click.Option(
            ["--crop"], type=click.IntRange(1), metavar="N",
            help="Take the central square of N x N pixels, for images of several sizes.",
        ),
        options.SPLIT, options.SEED, options.SCALE, exists_option(), device_option(), debug_option(),
    ],
    help="Images of DATA beside their reconstructions and samples, a row for each class.",
    epilog="Example: vaeedit show grid mnist/ --vae digits.safetensors -o grid.png",
)  # fmt: skip

traverse = click.Command(
    "traverse",
    callback=_traverse,
    params=[
        click.Argument(["data"], metavar="[DATA]", required=False), options.VAE, options.output(options.FILM),
        click.Option(
            ["--image"], metavar="FILE|N", show_default="the mean of the prior",
            help="Image whose latents are varied: a file, or the number of one in DATA, from 0.",
        ),
        click.Option(
            ["--latents"], default="", metavar="LIST", show_default="the most active ones",
            help="Latents to vary, such as 0,3,7; of a VAE with several levels LEVEL.CHANNEL or LEVEL.CHANNEL.ROW.COLUMN, "
            "where level 1 is the coarsest.",
        ),
        click.Option(
            ["--count"], type=click.IntRange(1, 100), default=defaults.LATENTS, show_default=True,
            help="Number of latents that are varied: those whose posterior mean varies most over images of DATA.",
        ),
        click.Option(
            ["--images"], type=click.IntRange(2), default=defaults.RANKED, show_default=True,
            help="Images of DATA by which the activity of latents is measured.",
        ),
        options.steps(defaults.VALUES), options.label("that of the image"), options.SPLIT, options.RATE, options.SCALE,
        exists_option(), device_option(), debug_option(),
    ],
    help="Vary one latent at a time from -3 to 3 standard deviations of the prior: a row for each latent.",
    epilog="Example: vaeedit show traverse mnist/ --vae digits.safetensors --image 7 -o latents.gif",
)  # fmt: skip

interpolate = click.Command(
    "interpolate",
    callback=_interpolate,
    params=[
        click.Argument(["first"], metavar="IMAGE"), click.Argument(["second"], metavar="OTHER"), options.VAE,
        options.output(options.FILM),
        click.Option(["--data"], metavar="DATA", help="Data that holds the images, which are then numbers from 0."),
        click.Option(
            ["--way"], type=click.Choice(["linear", "slerp"]), default="linear", show_default=True,
            help="A straight line, or a great circle (slerp), which keeps the length of the latents.",
        ),
        options.steps(defaults.BETWEEN), options.label("any class"), options.SPLIT, options.RATE, options.SCALE,
        exists_option(), device_option(), debug_option(),
    ],
    help="The way from one image to another through the latents. IMAGE and OTHER are files or, with --data, numbers.",
    epilog="Example: vaeedit show interpolate 3 8 --data mnist/ --vae digits.safetensors -o between.gif",
)  # fmt: skip

latent_map = click.Command(
    "map",
    callback=_map,
    params=[
        options.DATA, options.VAE, options.output(options.FIGURE),
        click.Option(
            ["--method"], type=click.Choice(["pca", "umap"]), default="pca", show_default=True,
            help="Principal components, or UMAP, which needs the extra `umap`.",
        ),
        click.Option(
            ["--color-by-label/--no-color-by-label"], default=None, show_default="where there are labels",
            help="Give each class a color.",
        ),
        click.Option(["--level"], type=click.IntRange(1), help="Show only the latents of this level; 1 is the coarsest."),
        click.Option(
            ["--images"], type=click.IntRange(3), default=defaults.MAPPED, show_default=True,
            help="Number of images, the first ones.",
        ),
        options.SPLIT, options.SEED, exists_option(), device_option(), debug_option(),
    ],
    help="The posterior means of images of DATA as points of a plane.",
    epilog="Example: vaeedit show map mnist/ --vae digits.safetensors -o map.png",
)  # fmt: skip
