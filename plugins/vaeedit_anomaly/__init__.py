"""Anomaly scoring: a VAE learns to mend synthetic defects of normal images, and what it would mend is abnormal."""

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
from vaeedit_ladder.api import LEVELS, Blocks, Widths


class AnomalyOptions(Options, frozen=True):
    """Options of `anomaly`."""

    false_alarms: Annotated[
        Annotated[float, bounded(ge=1e-6, le=0.5)] | None,
        option(
            "Share of normal images that may be called abnormal; by default what the model was fitted for."
        ),
    ] = None
    annotate: Annotated[
        bool, option("Mark what is abnormal in the picture itself; without it the picture stays as it is.")
    ] = False


class NormalConfig(Options, frozen=True):
    """Hyper-parameters of the restorer of normals; levels run from fine (stride 2) to coarse."""

    channels: Annotated[int, option("Image channels: 1 for gray, 3 for color.", ge=1, le=64)] = 3
    widths: Annotated[Widths, option("Trunk width of each level.", most=LEVELS)] = (32, 64, 96, 128)
    blocks: Annotated[Blocks, option("Residual blocks of each trunk stage.", most=LEVELS)] = (1, 1, 2, 2)
    latents: Annotated[Widths, option("Latent channels of each level.", most=LEVELS)] = (4, 6, 8, 8)
    ladder_widths: Annotated[Widths, option("Ladder width of each level.", most=LEVELS)] = (24, 32, 48, 64)
    encoder_widths: Annotated[Widths, option("Width of the posterior's encoder.", most=LEVELS)] = (
        16,
        24,
        32,
        48,
    )
    memory: Annotated[int, option("Features of normal images kept to compare with.", ge=0, le=1_000_000)] = 0
    components: Annotated[int, option("Principal components of a feature.", ge=0, le=100_000)] = 0
    texture: Annotated[
        int,
        option("Variations of whole pictures that the comparison of textures sets aside.", ge=0, le=10_000),
    ] = 0


class DefectWeights(ConditionalWeights, frozen=True):
    """Weights of the loss of the restorer of normals."""

    label: Annotated[float, option("Weight of the error about where the defects are.", ge=0)] = 0.1


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """The operation `anomaly`."""
    return [
        OperationSpec(
            name="anomaly",
            summary="Say how abnormal an image is, and where.",
            target="vaeedit_anomaly.operation:Anomaly",
            options=AnomalyOptions,
            calibrated=True,
            maps={
                "heat": "How improbable each place is, in colors; the middle is where normal ends.",
                "overlay": "The image with its abnormal places marked.",
                "mask": "White where abnormal.",
                "preview": "The image and, beside it, its overlay, both small.",
                "scores": "The same as 16-bit gray: the order of all values, middle gray where normal ends.",
            },
        )
    ]


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    """The restorer of normals."""
    return [
        ArchitectureSpec(
            name="normal-restorer",
            summary="Conditional ladder VAE p(normal | observed), which finds and mends defects.",
            options=NormalConfig,
            target="vaeedit_anomaly.network:NormalRestorer",
        )
    ]


@hookimpl
def vaeedit_objectives() -> list[ObjectiveSpec]:
    """What fits the restorer."""
    return [
        ObjectiveSpec(
            name="defects",
            summary="Mend, and find, synthetic defects.",
            target="vaeedit_anomaly.objective:Mending",
            options=DefectWeights,
        )
    ]


@hookimpl
def vaeedit_commands() -> list[CommandSpec]:
    """Fit and score."""
    return [
        CommandSpec(
            name="anomaly",
            summary="Learn what normal images look like; score others, and show where they differ.",
            target="vaeedit_anomaly.commands:anomaly",
        )
    ]


@hookimpl
def vaeedit_evaluations() -> list[EvaluationSpec]:
    """Scores against labels."""
    return [
        EvaluationSpec(
            name="anomaly",
            summary="Score the test images of a folder laid out as MVTec AD, BTAD or VisA, and compare with its labels.",
            target="vaeedit_anomaly.evaluation:anomaly",
        )
    ]
