"""Makes the click command of an evaluation from its tasks; a plugin adds only the parameters that its tasks need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vaeedit.cli import console
from vaeedit.cli.params import debug_option, device_option
from vaeedit.errors import UsageError

if TYPE_CHECKING:
    from vaeedit.evaluation.measure import Row
    from vaeedit.evaluation.task import Task
    from vaeedit.run.session import Session


EXAMPLE = "Example: vaeedit evaluate {name} pictures/ --json"
"""The example of every evaluation that needs only a folder."""


def evaluation_command(
    tasks: Callable[..., Sequence[Task]],
    params: Sequence[click.Parameter],
    *,
    vae: str,
    samples: bool = False,
) -> click.Command:
    """Return a command that measures tasks on a folder of reference images.

    `tasks` is called with the values of `params` by name and returns the tasks. `vae` is the default VAE, unless the first
    task names another one. Set `samples` for an operation that draws posterior samples and predicts its own error; then
    these are measured and calibrated too.
    """
    own = [str(param.name) for param in params]

    def callback(*, vae: str, **values: Any) -> int:
        chosen = tasks(**{name: values.pop(name) for name in own})
        return _measure(chosen, vae=_named(vae, chosen), **values)

    shared = [*(_of_samples() if samples else []), *_of_references(), *_shared(vae)]
    return click.Command(None, callback=callback, params=[*params, *shared], epilog=EXAMPLE)


def _named(vae: str, tasks: Sequence[Task]) -> str:
    """Return the VAE to measure: the one that the user named, that of the first task, or the default."""
    source = click.get_current_context().get_parameter_source("vae")
    if source is click.core.ParameterSource.DEFAULT and tasks:
        return getattr(tasks[0], "vae", "") or vae  # tasks that do not derive from AllOfIt may lack it
    return vae


def _measure(
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
    from vaeedit.run.session import Session

    if not Path(folder).is_dir():
        raise UsageError(f"There is no folder {folder}.")
    rows = []
    with Session(device=device, precision=precision) as session:
        if calibrate:
            return _calibrate(session, Path(folder), tasks, vae)
        distance = None if lpips is None else Lpips(Path(lpips), session.device)
        for task in tasks:
            row = measure(
                session,
                Path(folder),
                task,
                vae=vae,
                samples=samples,
                lpips=distance,
                progress=console.progress,
            )
            rows.append(row)
            if as_json:
                console.say_json(row)
        if record:
            _record(session, vae, _of_tasks(Path(folder).name, tasks, rows))
    if not as_json:
        console.say_measurements(rows)
    return console.OK


def _of_tasks(data: str, tasks: Sequence[Task], rows: Sequence[Row]) -> dict[str, Row]:
    """Return the figures of tasks by title, except time and memory."""
    figures = {}
    for task, row in zip(tasks, rows, strict=True):
        setting = " ".join(f"{name} {value}" for name, value in task.setting.items())
        left_out = {"seconds_per_megapixel", "peak_memory_mb", *task.setting}
        figures[f"{data}, {setting}"] = {k: v for k, v in row.items() if k not in left_out}
    return figures


def _of_rows(rows: Sequence[Row], by: str | None) -> dict[str, Row]:
    """Return the figures of a command by title: the command with the options that the user set and, of several rows, `by`."""
    context = click.get_current_context()
    words = [str(context.info_name)]
    for param in context.command.params:
        name, value = str(param.name), context.params[str(param.name)]
        chosen = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if isinstance(param, click.Argument):
            words.append(Path(value).name)
        elif chosen and name not in ("vae", "device", "record", "as_json", "debug", "report", "exists"):
            words.append(param.opts[0] if value is True else f"{param.opts[0]} {value}")
    title = " ".join(words)
    return {
        f"{title}, {row[by]}" if by else title: {
            k: v for k, v in row.items() if k not in ("vae", by) and not isinstance(v, dict)
        }
        for row in rows
    }


def _record(session: Session, vae: str, measured: Mapping[str, Row]) -> None:
    """Write figures by title into the VAE file's header and its model card."""
    import msgspec

    from vaeedit.vae.card import write_card
    from vaeedit.vae.files import find_vae, read_info, update_info

    path = find_vae(vae, session.registry)
    info = read_info(path)
    info = msgspec.structs.replace(info, figures={**info.figures, **measured})
    update_info(path, info)
    write_card(path, info)


def _calibrate(session: Session, folder: Path, tasks: Sequence[Task], vae: str) -> int:
    """Fit the temperature of the predicted standard deviations and write it into the VAE's header."""
    import msgspec

    from vaeedit.evaluation.calibrate import fit_temperature
    from vaeedit.vae.files import find_vae, read_info, update_info

    temperature = fit_temperature(session, folder, tasks, vae=vae)
    path = find_vae(vae, session.registry)
    update_info(path, msgspec.structs.replace(read_info(path), temperature=temperature))
    console.say(f"{path}: temperature {temperature}")
    return console.OK


def rows_command(
    rows: Callable[..., Iterable[Row]],
    params: Sequence[click.Parameter],
    *,
    vae: str | None = None,
    noun: str = "VAE",
    by: str | None = None,
    say: Callable[[Sequence[Row]], None] = console.say_measurements,
    epilog: str,
) -> click.Command:
    """Return a command that prints rows of figures, for an evaluation that is not made of tasks.

    `rows` is called with the session, the VAE and the values of `params` by name; each row names its `protocol`. `vae` is
    the default VAE; without it, the user must name one. The option that names it is `--NOUN`, in lower case. Where
    a command prints several rows, `by` is the column that distinguishes them. `say` prints rows for people, by default as a
    table. `--record` leaves out mappings, such as names of files.
    """

    def callback(
        *, vae: str, device: str, precision: str, record: bool, as_json: bool, debug: bool, **values: Any
    ) -> int:
        from vaeedit.run.session import Session

        with Session(device=device, precision=precision) as session:
            measured = list(rows(session, vae, **values))
            if record:
                _record(session, vae, _of_rows(measured, by))
        if not as_json:
            say(measured)
        for row in measured if as_json else ():
            console.say_json(row)
        return console.OK

    return click.Command(
        None, callback=callback, params=[*params, *_shared(vae, noun), _recording()], epilog=epilog
    )


def _shared(vae: str | None, noun: str = "VAE") -> list[click.Parameter]:
    """Return the options that every evaluation has: the VAE, device, precision and printing."""
    return [
        click.Option(
            [f"--{noun.lower()}", "vae"],
            default=vae,
            required=vae is None,
            show_default=True,
            help=f"Name or file of the {noun}.",
        ),
        device_option(),
        click.Option(
            ["--precision"],
            default="float32",
            show_default=True,
            help="Precision to compute in: float32, bfloat16, float16 or auto.",
        ),
        click.Option(
            ["--json", "as_json"], is_flag=True, default=False, help="Print one JSON line per measurement."
        ),
        debug_option(),
    ]


def _of_references() -> list[click.Parameter]:
    return [
        click.Argument(["folder"], metavar="DIR"),
        click.Option(
            ["--lpips"],
            metavar="DIR",
            help="Folder with squeeze.backbone.pth and squeeze.pth; also measure LPIPS.",
        ),
        _recording(),
    ]


def _recording() -> click.Option:
    return click.Option(
        ["--record"],
        is_flag=True,
        default=False,
        help="Write the figures into the VAE's header and model card.",
    )


def _of_samples() -> list[click.Parameter]:
    return [
        click.Option(
            ["--samples"],
            type=click.IntRange(0),
            default=0,
            show_default=True,
            help="Number of posterior samples to measure, with the predicted standard deviations and the KL of the latents.",
        ),
        click.Option(
            ["--calibrate"],
            is_flag=True,
            default=False,
            help="Instead, fit the temperature of the standard deviations on DIR and write it into the VAE's header.",
        ),
    ]
