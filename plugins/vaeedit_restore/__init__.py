"""Restoration: `denoise` and `super-resolve` by the MMSE estimate of a conditional VAE, or by samples of its posterior."""

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

MAPS = {"uncertainty": "Standard deviation of each pixel's error; brighter means less certain."}


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """The operations `denoise` and `super-resolve`."""
    return [
        OperationSpec(
            name="denoise",
            summary="Remove noise from photographs.",
            target="vaeedit_restore.denoise:Denoise",
            options=DenoiseOptions,
            vae="denoise-photo",
            conditions=("sigma",),
            any_color_space=True,
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
    """The networks of both operations."""
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
            summary="Removes Gaussian noise from photographs.",
            resource="vaeedit_restore:weights/denoise.safetensors",
        ),
        WeightsSpec(
            name="denoise-photo",
            summary="Removes the noise of cameras, and JPEG artifacts.",
            resource="vaeedit_restore:weights/denoise-photo.safetensors",
        ),
        WeightsSpec(
            name="super-resolve",
            summary="Enlarges clean or real photographs two, three or four times.",
            resource="vaeedit_restore:weights/super-resolve.safetensors",
        ),
    ]


@hookimpl
def vaeedit_evaluations() -> list[EvaluationSpec]:
    """Evaluations of both operations, against reference images."""
    return [
        EvaluationSpec(
            name="denoise",
            summary="Remove noise from the pictures in DIR: added noise, or their own.",
            target="vaeedit_restore.evaluation:denoise",
        ),
        EvaluationSpec(
            name="super-resolve",
            summary="Downscale the pictures in DIR, enlarge them, and compare.",
            target="vaeedit_restore.evaluation:super_resolve",
        ),
    ]


@hookimpl
def vaeedit_objectives() -> list[ObjectiveSpec]:
    """Objectives of a whole restorer, or of one part of it."""
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
    """The recipes of the shipped models, one for each stage of training."""
    stages = {
        "denoise": "The denoiser, from random weights.",
        "denoise-finish": "The denoiser again: larger crops, more strong noise.",
        "denoise-polish": "The denoiser again: a low learning rate that only falls.",
        "denoise-photo": "The denoiser for the noise of cameras and JPEG, from the one for Gaussian noise.",
        "denoise-photo-ladder": "The ladder of that denoiser alone.",
        "denoise-noise": "The denoiser's noise estimate alone.",
        "denoise-ladder": "The denoiser's ladder alone.",
        "super-resolve": "The upscaler, from random weights.",
        "super-resolve-ladder": "The upscaler's ladder alone.",
    }
    return [
        RecipeSpec(name=name, summary=summary, resource=f"vaeedit_restore:recipes/{name}.yaml")
        for name, summary in stages.items()
    ]
