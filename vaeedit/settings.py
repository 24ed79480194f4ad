"""Settings that every operation shares. The common flags of every command are made from this class."""

from typing import Annotated, Literal

from vaeedit.options import Options, bounded, option

Policy = Literal["keep", "minimal", "strip"]
POLICIES: tuple[Policy, ...] = ("keep", "minimal", "strip")
"""How much of the input's metadata the output keeps."""
Damaged = Literal["error", "warn"]
DAMAGED: tuple[Damaged, ...] = ("error", "warn")
"""What to do with a damaged picture: refuse it, or edit what can be read of it and warn."""
Quality = int | Literal["lossless"]
"""Of formats that can lose something: 1 to 100, or without any loss."""
PrecisionName = Literal["auto", "float32", "bfloat16", "float16"]


class Settings(Options, frozen=True):
    """How and where operations run."""

    device: Annotated[
        str, option("auto, cpu, cuda, cuda:1 or mps; a device that is missing is an error.")
    ] = "auto"
    precision: Annotated[
        PrecisionName,
        option(
            "Precision of the network; auto uses bfloat16 for 8-bit images where the device computes it natively."
        ),
    ] = "auto"
    tile: Annotated[
        Annotated[int, bounded(ge=16)] | None,
        option("Side of a tile in pixels, to save memory; results of the shipped VAEs stay the same."),
    ] = None
    seed: Annotated[int, option("Seed of everything random.", ge=0)] = 0
    vae: Annotated[
        str | None,
        option("VAE to use instead of the operation's own: name, file, folder, or hub:OWNER/NAME."),
    ] = None


OF_VAES = ("device", "precision", "tile", "vae")
"""The settings that concern VAEs; an operation without one has none of them."""


class Masking(Options, frozen=True):
    """How a mask limits an operation that edits one picture."""

    feather: Annotated[
        Annotated[float, bounded(ge=0)] | None,
        option(
            "Width in pixels of the transition inside the mask's white part; by default 1/500 of the shorter side."
        ),
    ] = None
    invert_mask: Annotated[bool, option("Edit where the mask is black, and keep what is white.")] = False


WHOLE = Masking()
"""Of a step without a mask."""
STEP_KEYS = ("name", "vae", "when", "maps")
"""Keys of a pipeline's step that are not options of its operation."""
