"""Anomaly scoring: a VAE learns to repair synthetic defects of normal images; the places that it repairs are abnormal."""

from typing import Annotated

from vaeedit.api import (
    ArchitectureSpec,
    CommandSpec,
    ConditionalWeights,
    EvaluationSpec,
    ObjectiveSpec,
    OperationSpec,
    Options,
    bounded,
    hookimpl,
    option,
)
from vaeedit_anomaly.layouts import Layout
from vaeedit_ladder.api import LEVELS, Blocks, Widths, require_equal_lengths


class AnomalyOptions(Options, frozen=True):
    """Options of `anomaly`."""

    false_alarms: Annotated[
        Annotated[float, bounded(ge=1e-6, le=0.5)] | None,
        option(
            "Share of normal images that may be called abnormal; by default the share that the model was fitted for."
        ),
    ] = None
    fast: Annotated[
        bool,
        option(
            "Let texture and judge alone score the image, which takes a fraction of the time and finds somewhat less."
        ),
    ] = False
    annotate: Annotated[
        bool, option("Mark abnormal places in the picture itself; without it the picture does not change.")
    ] = False


class NormalConfig(Options, frozen=True):
    """Hyper-parameters of the restorer of normals; levels run from fine (stride 2) to coarse."""

    channels: Annotated[int, option("Image channels: 1 for gray, 3 for color.", ge=1, le=64)] = 3
    widths: Annotated[Widths, option("Trunk width of each level.", most=LEVELS)] = (32, 64, 96, 128)
    blocks: Annotated[Blocks, option("Residual blocks of each trunk stage.", most=LEVELS)] = (1, 1, 2, 2)
    latents: Annotated[Widths, option("Latent channels of each level.", most=LEVELS)] = (4, 6, 8, 8)
    ladder_widths: Annotated[Widths, option("Ladder width of each level.", most=LEVELS)] = (16, 16, 16, 32)
    encoder_widths: Annotated[Widths, option("Width of the posterior's encoder.", most=LEVELS)] = (
        16,
        16,
        16,
        32,
    )
    memory: Annotated[int, option("Number of stored features of normal images.", ge=0, le=1_000_000)] = 0
    components: Annotated[int, option("Principal components of a feature.", ge=0, le=100_000)] = 0
    texture: Annotated[
        int,
        option(
            "Principal components of whole pictures that the comparison of textures ignores.", ge=0, le=10_000
        ),
    ] = 0
    layout: Annotated[Layout, option("How places of normal images resemble each other.")] = "aligned"
    judge: Annotated[int, option("Channels of the judge of deviations; 0 for none.", ge=0, le=4096)] = 0

    def __post_init__(self) -> None:
        require_equal_lengths(self, "widths", "blocks", "latents", "ladder_widths", "encoder_widths")


class DefectWeights(ConditionalWeights, frozen=True):
    """Weights of the loss of the restorer of normals."""

    label: Annotated[float, option("Weight of the error of the predicted places of defects.", ge=0)] = 0.1


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """The operation `anomaly`."""
    return [
        OperationSpec(
            name="anomaly",
            summary="Measure how abnormal an image is, and show where.",
            target="vaeedit_anomaly.operation:Anomaly",
            options=AnomalyOptions,
            calibrated=True,
            maps={
                "heat": "How improbable each pixel is, as colors; the middle color is the threshold.",
                "overlay": "The image with its abnormal places marked.",
                "mask": "White where the image is abnormal, black elsewhere.",
                "preview": "The image and its overlay, both small, side by side.",
                "scores": "How improbable each pixel is, as 16-bit gray; middle gray is the threshold.",
            },
        )
    ]


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    """The restorer of normals."""
    return [
        ArchitectureSpec(
            name="normal-restorer",
            summary="Conditional ladder VAE p(normal | observed), which finds and repairs defects.",
            options=NormalConfig,
            target="vaeedit_anomaly.network:NormalRestorer",
        )
    ]


@hookimpl
def vaeedit_objectives() -> list[ObjectiveSpec]:
    """The objective of the restorer."""
    return [
        ObjectiveSpec(
            name="defects",
            summary="Repair synthetic defects, and find them.",
            target="vaeedit_anomaly.objective:Mending",
            options=DefectWeights,
        )
    ]


@hookimpl
def vaeedit_commands() -> list[CommandSpec]:
    """The commands of `vaeedit anomaly`."""
    return [
        CommandSpec(
            name="anomaly",
            summary="Learn from normal images; score other images and show where they differ.",
            target="vaeedit_anomaly.commands:anomaly",
        )
    ]


@hookimpl
def vaeedit_evaluations() -> list[EvaluationSpec]:
    """The evaluation `anomaly`."""
    return [
        EvaluationSpec(
            name="anomaly",
            summary="Score the test images of a data set (MVTec AD, BTAD or VisA), and compare with its labels.",
            target="vaeedit_anomaly.evaluation:anomaly",
        )
    ]
