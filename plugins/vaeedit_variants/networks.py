"""The architectures and objectives of this plugin; their code is imported when it is first used."""

from vaeedit.api import ArchitectureSpec, ObjectiveSpec
from vaeedit_variants.bayesian_options import BayesianConfig
from vaeedit_variants.classifier_options import ClassifierConfig, ClassifyOptions
from vaeedit_variants.completion_options import CompletionConfig, CompletionOptions
from vaeedit_variants.options import ConditionalConfig, ElboOptions, PlainConfig
from vaeedit_variants.sequence_options import ClipOptions, PathOptions, RvaeConfig, VrnnConfig

ARCHITECTURES = [
    ArchitectureSpec(
        name="completion",
        summary="VAE of the hidden part of an image, given the visible part.",
        options=CompletionConfig,
        target="vaeedit_variants.completion:CompletionVAE",
    ),
    ArchitectureSpec(
        name="plain",
        summary="Plain VAE with one vector of latents, fully connected or convolutional.",
        options=PlainConfig,
        target="vaeedit_variants.plain:PlainVAE",
    ),
    ArchitectureSpec(
        name="bayesian",
        summary="Plain VAE with a posterior over the weights of the layers at its latents.",
        options=BayesianConfig,
        target="vaeedit_variants.bayesian:BayesianVAE",
    ),
    ArchitectureSpec(
        name="conditional",
        summary="Plain VAE of images of known classes, p(x | label).",
        options=ConditionalConfig,
        target="vaeedit_variants.conditional:ConditionalVAE",
    ),
    ArchitectureSpec(
        name="classifier",
        summary="Convolutional classifier of images, for features.",
        options=ClassifierConfig,
        target="vaeedit_variants.classifier:ImageClassifier",
        kind="classifier",
    ),
    ArchitectureSpec(
        name="vrnn",
        summary="Recurrent VAE of clips in which a few things move.",
        options=VrnnConfig,
        target="vaeedit_variants.vrnn:VRNN",
        kind="VAE of clips",
    ),
    ArchitectureSpec(
        name="rvae",
        summary="Recurrent VAE of clips whose frames share one code.",
        options=RvaeConfig,
        target="vaeedit_variants.rvae:RVAE",
        kind="VAE of clips",
    ),
]

OBJECTIVES = [
    ObjectiveSpec(
        name="completion",
        summary="The negative ELBO of the hidden part of each image, given the visible part, in nats per image.",
        target="vaeedit_variants.completion_objective:NegativeConditionalElbo",
        options=CompletionOptions,
    ),
    ObjectiveSpec(
        name="likelihood",
        summary="The negative ELBO, or the importance-weighted bound, in nats per image.",
        target="vaeedit_variants.objective:NegativeElbo",
        options=ElboOptions,
    ),
    ObjectiveSpec(
        name="classify",
        summary="The cross-entropy of the labels of images, for classifiers.",
        target="vaeedit_variants.classify:CrossEntropy",
        options=ClassifyOptions,
    ),
    ObjectiveSpec(
        name="clips",
        summary="The negative ELBO of clips in which images move and bounce, in nats per clip.",
        target="vaeedit_variants.clips_objective:ClipElbo",
        options=ClipOptions,
    ),
    ObjectiveSpec(
        name="paths",
        summary="The same, and the likelihood of the paths that were found in former steps.",
        target="vaeedit_variants.clips_objective:PathElbo",
        options=PathOptions,
    ),
]
