"""Makes the command of an operation from its spec: `vaeedit NAME in.jpg`."""

from typing import Any

import click

from vaeedit.cli.batch import image_command, run_on_files
from vaeedit.cli.params import click_options
from vaeedit.errors import UsageError
from vaeedit.extension.registry import registry
from vaeedit.extension.specs import OperationSpec
from vaeedit.extension.tables import Provided


def operation_command(provided: Provided[OperationSpec]) -> click.Command:
    """Return the click command of an operation."""
    spec = provided.spec
    maps = [
        click.Option([f"--{name}", _variable("map", name)], metavar="FILE", help=text)
        for name, text in spec.maps.items()
    ]

    images = [
        click.Option(
            [f"--{name}", _variable("image", name)],
            metavar="FILE",
            multiple=True,
            required=name in spec.needs and name != spec.variadic,
            help=text,
        )
        for name, text in spec.extra_inputs.items()
    ]

    inputs = f"INPUT {spec.variadic.upper()}..." if spec.variadic else "INPUTS..."

    def callback(**values: Any) -> int:
        return _run_operation(provided, values)

    help_text = spec.summary
    if provided.distribution != "vaeedit":
        help_text += f"\n\nFrom the package {provided.distribution}."
    return image_command(
        spec.name,
        [*images, *click_options(spec.options), *maps],
        callback,
        inputs=inputs,
        help=help_text,
        short_help=spec.summary,
        epilog=f"Example: vaeedit {spec.name} {_example(spec)}",
    )


def _example(spec: OperationSpec) -> str:
    """Return arguments that the operation can be called with."""
    needed = "".join(f" --{name} other.jpg" for name in spec.needs if name != spec.variadic)
    vae = "" if spec.vae else " --vae mine.safetensors"
    return f"in.jpg{' other.jpg' if spec.variadic else ''}{needed}{vae} -o edited.jpg"


def _variable(kind: str, name: str) -> str:
    """Return the name of the value of --NAME, for a map or an image; it differs from all names of options."""
    return f"{kind}_{name.replace('-', '_')}"


def _run_operation(provided: Provided[OperationSpec], values: dict[str, Any]) -> int:
    from vaeedit.extension.registry import registry
    from vaeedit.pipeline.plan import plan_alone

    spec = provided.spec
    if spec.variadic and not values[_variable("image", spec.variadic)]:
        values = _distributed(values, spec)
    pictures = {name: values[_variable("map", name)] for name in spec.maps if values[_variable("map", name)]}
    images = {name: values[_variable("image", name)] for name in spec.extra_inputs}
    plan = plan_alone(
        provided,
        spec.options(**{name: values[name] for name in spec.options.__struct_fields__}),
        vae=values["vae"],
        maps=pictures,
        extra_inputs={name: given for name, given in images.items() if given},
        registry=registry(),
    )
    return run_on_files(plan, values, spec.name, pictures)


def _distributed(values: dict[str, Any], spec: OperationSpec) -> dict[str, Any]:
    """Use the first argument as input and the others as extra inputs; raises UsageError if needed ones are missing."""
    first, *others = values["inputs"]
    if not others and spec.variadic in spec.needs:
        raise UsageError(
            f"{spec.name} needs a second picture: use vaeedit {spec.name} {first} {spec.variadic.upper()}, "
            f"or --{spec.variadic} FILE and any number of inputs."
        )
    return {**values, "inputs": (first,), _variable("image", spec.variadic): tuple(others)}


def plain_operations() -> list[str]:
    """Return the names of the operations that need only a picture."""
    operations = registry().operations.bare
    return [name for name, item in sorted(operations.items()) if item.spec.vae and not item.spec.needs]
