"""`vaeedit show training` and `curves`: pictures of runs of `vaeedit train`."""

from typing import Any

import click

from vaeedit.api import debug_option, exists_option
from vaeedit_show import options


def _training(run: str, output: str, exists: str, debug: bool, **how: Any) -> int:
    from vaeedit_show.animation import training

    path = options.picture_target(output, exists, film=True)
    return options.save_picture(training(run, **how), path)


def _curves(runs: tuple[str, ...], values: str, output: str, exists: str, debug: bool, **how: Any) -> int:
    from vaeedit_show.figures import curves

    path = options.figure_target(output, exists)
    return options.save_figure(curves(runs, values=values.split(",") if values else (), **how), path)


training = click.Command(
    "training",
    callback=_training,
    params=[
        click.Argument(["run"], metavar="RUN"), options.output(options.FILM), options.RATE, options.SCALE, exists_option(),
        debug_option(),
    ],
    help="The same samples over the course of training; RUN is the folder of a run of `vaeedit train`.",
    epilog="Example: vaeedit show training runs/mnist-plain -o training.gif",
)  # fmt: skip

curves = click.Command(
    "curves",
    callback=_curves,
    params=[
        click.Argument(["runs"], metavar="RUNS...", nargs=-1, required=True), options.output(options.FIGURE),
        click.Option(
            ["--values"], default="", metavar="LIST", show_default="all",
            help="Logged values to show, such as loss,kl,psnr.",
        ),
        click.Option(
            ["--against"], type=click.Choice(["steps", "minutes"]), default="steps", show_default=True,
            help="What the horizontal axis counts.",
        ),
        click.Option(["--log"], is_flag=True, help="Make the horizontal axis logarithmic."),
        exists_option(), debug_option(),
    ],
    help="Losses, KL divergence and PSNR over training, of one run or several; RUNS are folders of `vaeedit train`.",
    epilog="Example: vaeedit show curves runs/a runs/b -o curves.png",
)  # fmt: skip
