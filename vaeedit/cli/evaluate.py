"""`vaeedit evaluate OPERATION DIR`: measured quality on reference images, with the protocol in the output."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vaeedit.cli import console
from vaeedit.cli.batch import debug_option
from vaeedit.cli.evaluate_anomaly import evaluate_anomaly
from vaeedit.errors import UsageError

if TYPE_CHECKING:
    from vaeedit.evaluation.measure import Row
    from vaeedit.evaluation.tasks import Task
    from vaeedit.session import Session


def _denoise(sigma: tuple[float, ...], blind: bool, real: bool, quality: str, **common: Any) -> int:
    from vaeedit.evaluation.tasks import Denoising, RealNoise

    if real:
        return _run([RealNoise(quality)], **common)
    return _run([Denoising(level, blind, quality) for level in sigma], **common)


def _super_resolve(scale: tuple[int, ...], model: str, quality: str, **common: Any) -> int:
    from vaeedit.evaluation.tasks import Enlarging

    return _run([Enlarging(factor, model, quality) for factor in scale], **common)


def _reconstruct(channels: tuple[int, ...], refine: int, **common: Any) -> int:
    from vaeedit.evaluation.tasks import Reconstructing

    return _run([Reconstructing(count, refine) for count in channels], **common)


def _fuse(folder: str, mode: str, vae: str, device: str, precision: str, as_json: bool, debug: bool) -> int:
    import msgspec

    from vaeedit.evaluation.fusing import FusionMode, evaluate_fusion
    from vaeedit.session import Session

    kind = msgspec.convert(mode, FusionMode)
    with Session(device=device, precision=precision) as session:
        row = evaluate_fusion(session, Path(folder), kind, vae=vae, progress=_progress)
    if as_json:
        console.say_json(row)
    else:
        _table([row])
    return console.OK


def _run(
    tasks: Sequence[Task],
    folder: str,
    lpips: str | None,
    vae: str,
    device: str,
    precision: str,
    record: bool,
    as_json: bool,
    debug: bool,
    samples: int = 0,
    calibrate: bool = False,
) -> int:
    from vaeedit.evaluation.lpips import Lpips
    from vaeedit.evaluation.measure import evaluate as measure
    from vaeedit.session import Session

    if not Path(folder).is_dir():
        raise UsageError(f"There is no folder {folder}.")
    rows = []
    with Session(device=device, precision=precision) as session:
        if calibrate:
            return _calibrate(session, Path(folder), tasks, vae)
        distance = None if lpips is None else Lpips(Path(lpips), session.device)
        for task in tasks:
            row = measure(
                session, Path(folder), task, vae=vae, samples=samples, lpips=distance, progress=_progress
            )
            rows.append(row)
            if as_json:
                console.say_json(row)
        if record:
            _record(session, vae, Path(folder).name, tasks, rows)
    if not as_json:
        _table(rows)
    return console.OK


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        console.note(text)


def _table(rows: list[Row]) -> None:
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        console.say(f"protocol: {protocol}")
    console.say_table(rows, without="protocol")


def _record(session: Session, vae: str, data: str, tasks: Sequence[Task], rows: list[Row]) -> None:
    """Put the figures into the VAE file's header and its model card, but those of time and memory."""
    import msgspec

    from vaeedit.vae.card import write_card
    from vaeedit.vae.files import find_vae, read_info, update_info

    path = find_vae(vae, session.registry)
    info = read_info(path)
    figures = dict(info.figures)
    for task, row in zip(tasks, rows, strict=True):
        setting = " ".join(f"{name} {value}" for name, value in task.setting.items())
        left_out = {"seconds_per_megapixel", "peak_memory_mb", *task.setting}
        figures[f"{data}, {setting}"] = {k: v for k, v in row.items() if k not in left_out}
    info = msgspec.structs.replace(info, figures=figures)
    update_info(path, info)
    write_card(path, info)


def _calibrate(session: Session, folder: Path, tasks: Sequence[Task], vae: str) -> int:
    """Fit the temperature of the predicted deviations and write it into the VAE's header."""
    import msgspec

    from vaeedit.evaluation.calibrate import fit_temperature
    from vaeedit.vae.files import find_vae, read_info, update_info

    temperature = fit_temperature(session, folder, tasks, vae=vae)
    path = find_vae(vae, session.registry)
    update_info(path, msgspec.structs.replace(read_info(path), temperature=temperature))
    console.say(f"{path}: temperature {temperature}")
    return console.OK


def _where(vae: str) -> list[click.Parameter]:
    """Of which VAE and how; parameters of every evaluation."""
    return [
        click.Option(["--vae"], default=vae, show_default=True, help="Name or file of the VAE."),
        click.Option(["--device"], default="auto", show_default=True, help="As for every operation."),
        click.Option(
            ["--precision"], default="float32", show_default=True, help="float32, bfloat16, float16 or auto."
        ),
        click.Option(["--json", "as_json"], is_flag=True, default=False, help="One JSON line a measurement."),
        debug_option(),
    ]


def _common(vae: str) -> list[click.Parameter]:
    """Parameters of every evaluation against references."""
    return [
        click.Argument(["folder"], metavar="DIR"),
        click.Option(
            ["--lpips"], metavar="DIR", help="Folder with squeeze.backbone.pth and squeeze.pth: adds LPIPS."
        ),
        click.Option(
            ["--record"],
            is_flag=True,
            default=False,
            help="Write the figures into the VAE's header and card.",
        ),
        *_where(vae),
    ]


def _restoring() -> list[click.Parameter]:
    """Parameters of evaluations whose operation draws samples and predicts its own error."""
    return [
        click.Option(
            ["--samples"],
            type=click.IntRange(0),
            default=0,
            show_default=True,
            help="Also measure this many posterior samples, the predicted deviations and the KL of the latents.",
        ),
        click.Option(
            ["--quality"],
            type=click.Choice(["normal", "best"]),
            default="normal",
            show_default=True,
            help="As for the operation.",
        ),
        click.Option(
            ["--calibrate"],
            is_flag=True,
            default=False,
            help="Instead, fit the temperature of the predicted deviations on DIR and write it into the VAE's header.",
        ),
    ]


evaluate = click.Group("evaluate", help="Measure an operation on a folder of reference images.")
evaluate.add_command(
    click.Command(
        "denoise",
        callback=_denoise,
        params=[
            click.Option(
                ["--sigma"],
                type=click.FloatRange(0, 255, min_open=True),
                multiple=True,
                default=(15.0, 25.0, 50.0),
                show_default=True,
                help="Noise to add, of 255; may be repeated.",
            ),
            click.Option(
                ["--blind"], is_flag=True, default=False, help="Do not tell the model the noise level."
            ),
            click.Option(
                ["--real"],
                is_flag=True,
                default=False,
                help="Add no noise: DIR holds photographs NAME_real and their references NAME_mean.",
            ),
            *_restoring(),
            *_common("denoise"),
        ],
        help="Remove noise, added to the pictures of DIR or their own.",
    )
)
evaluate.add_command(
    click.Command(
        "super-resolve",
        callback=_super_resolve,
        params=[
            click.Option(
                ["--scale"],
                type=click.IntRange(2, 4),
                multiple=True,
                default=(2, 3, 4),
                show_default=True,
                help="Factor; may be repeated.",
            ),
            click.Option(
                ["--model"], type=click.Choice(["bicubic", "photo"]), default="bicubic", show_default=True,
                help="As for the operation.",
            ),
            *_restoring(),
            *_common("super-resolve"),
        ],
        help="Enlarge the pictures of DIR, made smaller before.",
    )
)  # fmt: skip
evaluate.add_command(
    click.Command(
        "reconstruct",
        callback=_reconstruct,
        params=[
            click.Option(
                ["--channels"],
                type=click.IntRange(0),
                multiple=True,
                default=(10, 14, 0),
                show_default=True,
                help="Latent channels that are kept, counted from the coarsest level; 0 keeps all; may be repeated.",
            ),
            click.Option(
                ["--refine"],
                type=click.IntRange(0, 1000),
                default=0,
                show_default=True,
                help="Gradient steps on the latents of each picture.",
            ),
            *_common("photo"),
        ],
        help="Send the pictures of DIR through a VAE and back.",
    )
)
evaluate.add_command(evaluate_anomaly)
evaluate.add_command(
    click.Command(
        "fuse",
        callback=_fuse,
        params=[
            click.Argument(["folder"], metavar="DIR"),
            click.Option(
                ["--mode"],
                type=click.Choice(["focus", "infrared", "exposure"]),
                required=True,
                help="What DIR holds: NAME-A and NAME-B; the folders visible and ir; or NAME1, NAME2, ...",
            ),
            *_where("photo"),
        ],
        help="Fuse the sets of pictures of DIR and measure how much of them is left.",
    )
)
