"""The VAE as a generative model, in the variants that the field teaches: networks, commands, and how they are judged."""

from vaeedit.api import (
    ArchitectureSpec,
    CommandSpec,
    EvaluationSpec,
    ObjectiveSpec,
    OperationSpec,
    RecipeSpec,
    WeightsSpec,
    hookimpl,
)
from vaeedit_variants.bayesian_options import UncertaintyOptions
from vaeedit_variants.networks import ARCHITECTURES, OBJECTIVES
from vaeedit_variants.options import RelabelOptions


@hookimpl
def vaeedit_architectures() -> list[ArchitectureSpec]:
    """Networks in the variants that the field teaches."""
    return ARCHITECTURES


@hookimpl
def vaeedit_operations() -> list[OperationSpec]:
    """What VAEs of classes and posteriors over weights do to a picture."""
    return [
        OperationSpec(
            name="relabel",
            summary="Change the class of a picture, and keep what does not depend on the class.",
            target="vaeedit_variants.relabel:Relabel",
            options=RelabelOptions,
            vae="mnist-conditional",
            conditions=("label",),
        ),
        OperationSpec(
            name="uncertainty",
            summary="Show what a Bayesian VAE predicts of a picture, and how uncertain that is.",
            target="vaeedit_variants.uncertainty:Uncertainty",
            options=UncertaintyOptions,
            vae="mnist-bayesian",
            conditions=("weights",),
            maps={
                "epistemic": "Deviation over samples of the weights: high where the picture is unlike the training images.",
                "aleatoric": "Deviation given the weights: of the noise that the VAE predicts.",
            },
        ),
    ]


@hookimpl
def vaeedit_objectives() -> list[ObjectiveSpec]:
    """The ELBO of a generative model, in nats per image."""
    return OBJECTIVES


@hookimpl
def vaeedit_commands() -> list[CommandSpec]:
    """Images out of nothing but a VAE."""
    return [
        CommandSpec(
            name="complete",
            summary="Draw completions of a picture of which a part is hidden.",
            target="vaeedit_variants.complete:complete",
        ),
        CommandSpec(
            name="generate",
            summary="Draw images from a VAE.",
            target="vaeedit_variants.generate:generate",
        ),
        CommandSpec(
            name="fit-density",
            summary="Fit a Gaussian mixture to the latents of images.",
            target="vaeedit_variants.fit_density:fit_density",
        ),
        CommandSpec(
            name="predict",
            summary="Predict the frames after a clip.",
            target="vaeedit_variants.predict:predict",
        ),
    ]


@hookimpl
def vaeedit_evaluations() -> list[EvaluationSpec]:
    """A VAE as a generative model."""
    return [
        EvaluationSpec(
            name="completion",
            summary="The likelihood of hidden quadrants of DATA, given the visible ones.",
            target="vaeedit_variants.completion_evaluation:completion",
        ),
        EvaluationSpec(
            name="prediction",
            summary="The error of predicted frames of clips that are made of the images of DATA.",
            target="vaeedit_variants.prediction:prediction",
        ),
        EvaluationSpec(
            name="vae",
            summary="Bounds of the log-likelihood of DATA, and the latents of a VAE.",
            target="vaeedit_variants.evaluation:vae",
        ),
        EvaluationSpec(
            name="classifier",
            summary="How often a classifier is right on the labeled images of DATA.",
            target="vaeedit_variants.accuracy:classifier",
        ),
        EvaluationSpec(
            name="uncertainty",
            summary="How well epistemic variance distinguishes DATA from other images.",
            target="vaeedit_variants.detection:uncertainty",
        ),
    ]


@hookimpl
def vaeedit_recipes() -> list[RecipeSpec]:
    """Ready recipes."""
    summaries = {
        "mnist-completion": "VAE that completes binarized handwritten digits.",
        "mnist-bayesian": "Bayesian VAE of binarized handwritten digits, from the weights of mnist-plain.",
        "mnist-plain": "Plain VAE of binarized handwritten digits.",
        "mnist-ladder": "Ladder VAE of binarized handwritten digits.",
        "mnist-conditional": "Conditional VAE of binarized handwritten digits, given their class.",
        "mnist-conditional-finish": "Its second stage, with the KL divergence weighted by 2.",
        "mnist-classifier": "Classifier of handwritten digits.",
        "moving-mnist": "Recurrent VAE of clips of two moving handwritten digits.",
        "moving-mnist-rvae": "The same, whose frames share one code.",
    }
    return [
        RecipeSpec(name=name, summary=summary, resource=f"vaeedit_variants:recipes/{name}.yaml")
        for name, summary in summaries.items()
    ]


@hookimpl
def vaeedit_weights() -> list[WeightsSpec]:
    """Shipped networks of handwritten digits."""
    summaries = {
        "mnist-plain": "Plain VAE of handwritten digits.",
        "mnist-ladder": "Ladder VAE of handwritten digits, with latents at three scales.",
        "mnist-completion": "Completes handwritten digits, for `vaeedit complete`.",
        "mnist-bayesian": "Handwritten digits, with a posterior over the weights.",
        "mnist-classifier": "Classifier of handwritten digits; its features judge generated ones.",
        "moving-mnist": "Predicts clips of moving handwritten digits, for `vaeedit predict`.",
        "mnist-conditional": "VAE of binarized handwritten digits, given their class.",
    }
    return [
        WeightsSpec(name=name, summary=summary, resource=f"vaeedit_variants:weights/{name}.safetensors")
        for name, summary in summaries.items()
    ]
