"""Makes the command of an operation from its spec: `vaeedit NAME in.jpg`."""

from typing import Any

import click

from vaeedit.cli.batch import run_on_files
from vaeedit.cli.params import click_options, image_command
from vaeedit.errors import UsageError
from vaeedit.extension.registry import registry
from vaeedit.extension.specs import MASK, OperationSpec
from vaeedit.extension.tables import Provided
from vaeedit.options import as_dict, fields
from vaeedit.settings import OF_VAES, Masking, Settings


def operation_command(provided: Provided[OperationSpec]) -> click.Command:
    """Return the click command of an operation."""
    spec = provided.spec
    maps = {name: click.Option([f"--{name}"], metavar="FILE", help=text) for name, text in spec.maps.items()}
    images = {
        name: click.Option(
            [f"--{name}"],
            metavar="FILE",
            multiple=True,
            required=name in spec.needs and name != spec.variadic,
            help=text,
        )
        for name, text in spec.inputs.items()
    }
    own = [images[name] for name in spec.extra_inputs]
    mask = [images[MASK], *click_options(Masking)] if spec.takes_mask else []

    def callback(**values: Any) -> int:
        pictures = {name: values[str(option.name)] for name, option in maps.items()}
        extra_inputs = {name: values[str(option.name)] for name, option in images.items()}
        return _run_operation(provided, values, pictures, extra_inputs)

    help_text = spec.summary
    if provided.distribution != "vaeedit":
        help_text += f"\n\nFrom the package {provided.distribution}."
    return image_command(
        spec.name,
        [*own, *click_options(spec.options), *mask, *maps.values()],
        callback,
        without=() if spec.uses_vae else (*OF_VAES, "allow_cpu"),
        inputs=f"INPUT {spec.variadic.upper()}..." if spec.variadic else "INPUTS...",
        help=help_text,
        short_help=spec.summary,
        epilog=f"Example: vaeedit {spec.name} {_example(spec)}",
    )


def _example(spec: OperationSpec) -> str:
    """Return arguments that the operation can be called with."""
    needed = "".join(f" --{name} other.jpg" for name in spec.needs if name != spec.variadic)
    vae = "" if spec.vae or not spec.uses_vae else " --vae mine.safetensors"
    return f"in.jpg{' other.jpg' if spec.variadic else ''}{needed}{required(spec)}{vae} -o edited.jpg"


def required(spec: OperationSpec) -> str:
    """Return the required options with sample values: ' --to 1', or nothing."""
    needed = [field for field in fields(spec.options).values() if field.required]
    return "".join(f" --{field.flag} {field.example}" for field in needed)


def _run_operation(
    provided: Provided[OperationSpec],
    values: dict[str, Any],
    pictures: dict[str, str | None],
    extra_inputs: dict[str, tuple[str, ...]],
) -> int:
    """Run the operation; `pictures` are the paths of its maps."""
    from vaeedit.pipeline.plan import plan_alone

    spec = provided.spec
    values = {**as_dict(Settings()), "allow_cpu": False, **values}
    if (
        spec.variadic and not extra_inputs[spec.variadic]
    ):  # the first argument is the input, the others are extra
        first, *others = values["inputs"]
        if not others and spec.variadic in spec.needs:
            raise UsageError(
                f"{spec.name} needs a second picture: use vaeedit {spec.name} {first} {spec.variadic.upper()}, "
                f"or --{spec.variadic} FILE and any number of inputs."
            )
        values = {**values, "inputs": (first,)}
        extra_inputs = {**extra_inputs, spec.variadic: tuple(others)}
    wanted = {name: path for name, path in pictures.items() if path}
    plan = plan_alone(
        provided,
        spec.options(**{name: values[name] for name in spec.options.__struct_fields__}),
        vae=values["vae"],
        maps=wanted,
        extra_inputs={name: paths for name, paths in extra_inputs.items() if paths},
        registry=registry(),
        masking=Masking(**{name: values[name] for name in Masking.__struct_fields__ if spec.takes_mask}),
    )
    return run_on_files(plan, values, spec.name, wanted)


def plain_operations() -> list[str]:
    """Return the names of the operations that need only a picture."""
    operations = registry().operations.bare
    return [
        name
        for name, item in sorted(operations.items())
        if (item.spec.vae or not item.spec.uses_vae) and not item.spec.needs and not required(item.spec)
    ]
