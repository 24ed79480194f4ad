"""`vaeedit models`: lists, describes, converts and verifies trained VAEs."""

from pathlib import Path
from typing import Any

import click

from vaeedit.cli import console
from vaeedit.cli.completion import vae_names
from vaeedit.cli.files import require_writable
from vaeedit.cli.lists import list_group
from vaeedit.cli.params import debug_option, json_option
from vaeedit.errors import VaeeditError
from vaeedit.extension.registry import registry
from vaeedit.extension.specs import WeightsSpec
from vaeedit.extension.tables import Provided


def _rows() -> list[dict[str, Any]]:
    return [_row(name, item) for name, item in sorted(registry().weights.bare.items())]


def _row(name: str, item: Provided[WeightsSpec]) -> dict[str, Any]:
    try:
        return {"vae": name, "summary": item.spec.summary, **_facts(name), "package": item.distribution}
    except (VaeeditError, ImportError) as error:  # the others are listed all the same
        return {"vae": name, "problem": str(error), "package": item.distribution}


def _facts(name: str) -> dict[str, Any]:
    from vaeedit.vae.files import checksum, find_vae, parts, read_info

    path = find_vae(name, registry())
    info = read_info(path)
    return {
        "architecture": info.architecture,
        "license": info.license,
        "megabytes": f"{sum(part.stat().st_size for part in parts(path)) / 1e6:.1f} MB",
        "sha256": checksum(path),
    }


def _info(vae: str, as_json: bool, debug: bool) -> int:
    from vaeedit.vae.card import card
    from vaeedit.vae.files import UNSEALED, find_vae, read_info

    info = read_info(find_vae(vae, registry()))
    if not info.sealed:
        console.warn(f"{vae} has no checksum: {UNSEALED}")
    if as_json:
        import msgspec

        console.say_json({**msgspec.to_builtins(info), **_facts(vae)})
    else:
        console.say(*card(info).split("\n"))
    return console.OK


def _convert(source: str, output: str | None, name: str | None, debug: bool) -> int:
    from vaeedit.vae.convert import convert
    from vaeedit.vae.folders import fetched

    folder = fetched(source, registry())
    path = folder or Path(source)
    target = Path(output) if output else _default_output(Path(source), is_fetched=folder is not None)
    require_writable(target, [("what is converted", path)])
    info = convert(path, target, registry(), name=name)
    console.say(f"{target}  ({info.architecture})")
    return console.OK


def _default_output(source: Path, *, is_fetched: bool) -> Path:
    """Return a path beside the file or folder; in the current folder, for a source that was downloaded."""
    if is_fetched:
        return Path(f"{source.name}.vae.safetensors")
    if source.is_dir():
        folder = source if source.name else source.absolute()  # "." has no name
        return folder.with_name(f"{folder.name}.vae.safetensors")
    return source.with_suffix(".vae.safetensors")


def _verify(vae: str, debug: bool) -> int:
    from vaeedit.doctor import round_trips

    fine = True
    for finding in round_trips(registry(), [vae]):
        fine = fine and finding.fine
        console.say(f"{'ok   ' if finding.fine else 'WRONG'} {finding.text}")
    return console.OK if fine else console.FAILED


_VAE = click.Argument(["vae"], metavar="VAE", shell_complete=vae_names)

models = list_group(
    "models",
    "List the trained VAEs that are installed; describe, convert or verify one.",
    "List the trained VAEs that are installed.",
    _rows,
)
models.add_command(
    click.Command(
        "info",
        callback=_info,
        params=[_VAE, json_option(), debug_option()],
        help="Print the model card of a VAE: how it was trained and what was measured.",
        epilog="Example: vaeedit models info mine.safetensors",
    )
)
models.add_command(
    click.Command(
        "convert",
        callback=_convert,
        params=[
            click.Argument(["source"], metavar="SOURCE"),
            click.Option(
                ["-o", "--output"],
                metavar="FILE",
                help="VAE file to write; by default SOURCE.vae.safetensors beside SOURCE.",
            ),
            click.Option(["--name"], help="Name of the VAE; by default that of SOURCE."),
            debug_option(),
        ],
        help="Convert a third-party VAE to a VAE file; SOURCE is a weights file, a folder or a name that --vae takes.",
        epilog="Example: vaeedit models convert theirs.pth -o mine.safetensors",
    )
)
models.add_command(
    click.Command(
        "verify",
        callback=_verify,
        params=[_VAE, debug_option()],
        help="Check the checksums of a VAE, and compare its results on every device and in every precision.",
        epilog="Example: vaeedit models verify mine.safetensors",
    )
)
