"""The command `vaeedit anomaly recalibrate`."""

from pathlib import Path

import click

from vaeedit.api import Session, UsageError, console, debug_option, device_option, exists_option
from vaeedit_anomaly.params import false_alarms_option, model_file, model_option, percent

FEW = 20
"""With fewer images, usual shares of false alarms are mere extrapolations."""


def _recalibrate(
    normals: str, vae: str, output: str, false_alarms: float | None, device: str, exists: str, debug: bool
) -> int:
    from vaeedit_anomaly import recalibrate as work  # imports torch

    target = model_file(output, exists)
    if target.exists() and Path(vae).exists() and target.samefile(vae):
        raise UsageError(
            f"{output} is the model that is recalibrated, which stays as it is; name another file with -o."
        )
    with Session(device=device, precision="float32") as session:
        made = work.recalibrate(Path(normals), vae, target, session, false_alarms)
    if made.held_out < FEW:
        console.warn(
            f"Only {made.held_out} images calibrate the model: below {1 / (made.held_out + 1):.1%}, shares of false alarms "
            f"are extrapolations. Recalibrate with at least {FEW} normal images, better with 100."
        )
    console.say(
        f"{target}  (calibrated on {made.held_out} images: abnormal above {made.limit(made.false_alarms):.3f}, "
        f"at {percent(made.false_alarms)} false alarms)"
    )
    return console.OK


recalibrate = click.Command(
    "recalibrate",
    callback=_recalibrate,
    params=[
        click.Argument(["normals"], metavar="NORMALS"),
        model_option(),
        click.Option(["-o", "--output"], required=True, metavar="FILE", help="Model to write: new.vae.safetensors."),
        false_alarms_option(),
        device_option(),
        exists_option(),
        debug_option(),
    ],
    help="Make the calibration of a model anew, from a folder of normal images that it has not learned from; no training.",
    epilog="Example: vaeedit anomaly recalibrate good-of-today/ --vae part.vae.safetensors -o new.vae.safetensors",
)  # fmt: skip
