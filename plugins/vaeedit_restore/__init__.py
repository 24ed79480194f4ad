"""Restoration: denoise and super-resolve by the MMSE estimate of a conditional VAE, or by samples of its posterior."""

from vaeedit.api import (
    ArchitectureSpec,
    EvaluationSpec,
    ObjectiveSpec,
    OperationSpec,
    RecipeSpec,
    WeightsSpec,
    hookimpl,
)
from vaeedit_restore.configs import RestorerConfig, UpscalerConfig
from vaeedit_restore.options import DenoiseOptions, NoiseEstimation, RestorationWeights, SuperResolveOptions

MAPS = {"uncertainty": "Standard deviation of each pixel's error, brighter where less certain."}


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """`denoise` and `super-resolve`."""
    return [
        OperationSpec(
            name="denoise",
            summary="Remove noise from photographs.",
            target="vaeedit_restore.denoise:Denoise",
            options=DenoiseOptions,
            vae="denoise",
            conditions=("sigma",),
            maps=MAPS,
        ),
        OperationSpec(
            name="super-resolve",
            summary="Enlarge images two, three or four times.",
            target="vaeedit_restore.super_resolve:SuperResolve",
            options=SuperResolveOptions,
            vae="super-resolve",
            conditions=("scale", "sigma"),
            maps=MAPS,
        ),
    ]


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    """Their networks."""
    return [
        ArchitectureSpec(
            name="ladder-restorer",
            summary="Conditional ladder VAE p(clean | observed), centered on a U-Net's estimate.",
            options=RestorerConfig,
            target="vaeedit_restore.restorer:LadderRestorer",
        ),
        ArchitectureSpec(
            name="ladder-upscaler",
            summary="Conditional ladder VAE p(large | small) for several factors; samples agree with the small image.",
            options=UpscalerConfig,
            target="vaeedit_restore.upscaler:LadderUpscaler",
        ),
    ]


@hookimpl
def vaeedit_weights() -> list[WeightsSpec]:
    """The shipped models."""
    return [
        WeightsSpec(
            name="denoise",
            summary="Photographs with Gaussian or camera noise.",
            resource="vaeedit_restore:weights/denoise.safetensors",
        ),
        WeightsSpec(
            name="super-resolve",
            summary="Two, three or four times as large, from clean or from real photographs.",
            resource="vaeedit_restore:weights/super-resolve.safetensors",
        ),
    ]


@hookimpl
def vaeedit_evaluations() -> list[EvaluationSpec]:
    """Both operations, against reference images."""
    return [
        EvaluationSpec(
            name="denoise",
            summary="Remove noise, added to the pictures of DIR or their own.",
            target="vaeedit_restore.evaluation:denoise",
        ),
        EvaluationSpec(
            name="super-resolve",
            summary="Enlarge the pictures of DIR, made smaller before.",
            target="vaeedit_restore.evaluation:super_resolve",
        ),
    ]


@hookimpl
def vaeedit_objectives() -> list[ObjectiveSpec]:
    """A whole restorer, or one part of it."""
    return [
        ObjectiveSpec(
            name="restoration",
            summary="The estimate, the ladder's conditional ELBO and the noise estimate.",
            target="vaeedit_restore.objectives:Restoring",
            options=RestorationWeights,
        ),
        ObjectiveSpec(
            name="ladder",
            summary="The ladder's conditional ELBO alone.",
            target="vaeedit_restore.objectives:LadderAlone",
            options=RestorationWeights,
        ),
        ObjectiveSpec(
            name="noise",
            summary="The estimate of the noise alone.",
            target="vaeedit_restore.objectives:NoiseAlone",
            options=NoiseEstimation,
        ),
    ]


@hookimpl
def vaeedit_recipes() -> list[RecipeSpec]:
    """How the shipped models were trained, stage by stage."""
    stages = {
        "denoise": "The denoiser, from random weights.",
        "denoise-finish": "Larger crops, more strong noise.",
        "denoise-polish": "A low rate that only falls.",
        "denoise-noise": "The noise estimate alone.",
        "denoise-ladder": "The ladder alone.",
        "super-resolve": "The upscaler, from random weights.",
        "super-resolve-ladder": "The upscaler's ladder alone.",
    }
    return [
        RecipeSpec(name=name, summary=summary, resource=f"vaeedit_restore:recipes/{name}.yaml")
        for name, summary in stages.items()
    ]
