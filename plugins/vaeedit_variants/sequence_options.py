"""Hyper-parameters of the VAEs of clips, and the options of their objective. Imports no torch."""

from typing import Annotated

from vaeedit.api import Options, option


class ClipConfig(Options, frozen=True):
    """Size of the frames, which are gray."""

    height: Annotated[int, option("Height of the frames in pixels, a multiple of 16.", ge=16, le=256)] = 64
    width: Annotated[int, option("Width of the frames in pixels, a multiple of 16.", ge=16, le=256)] = 64
    units: Annotated[int, option("Units, or channels, of the recurrent layer.", ge=1, le=512)] = 64


class VrnnConfig(ClipConfig, frozen=True):
    """Hyper-parameters of the VRNN."""

    layers: Annotated[int, option("Number of moving things.", ge=1, le=16)] = 2
    latents: Annotated[int, option("Latents of the first frame.", ge=1, le=1024)] = 48


class RvaeConfig(ClipConfig, frozen=True):
    """Hyper-parameters of the RVAE."""

    latents: Annotated[int, option("Latents of a clip.", ge=1, le=1024)] = 64


class ClipOptions(Options, frozen=True):
    """Options of the objective `clips`."""

    frames: Annotated[int, option("Frames of a clip.", ge=2, le=100)] = 20
    digits: Annotated[int, option("Images that move in a clip.", ge=1, le=8)] = 2


class PathOptions(ClipOptions, frozen=True):
    """Options of the objective `paths`."""

    memory: Annotated[int, option("Paths of former steps that are kept.", ge=1, le=1_000_000)] = 4096
    paths: Annotated[int, option("Paths of the memory in a step.", ge=1, le=10_000)] = 256
    given: Annotated[
        int, option("Frames of a path that are given where the others are predicted.", ge=1, le=99)
    ] = 10
    predicted: Annotated[float, option("Weight of the error of predicted places, in pixels.", ge=0)] = 3.0
