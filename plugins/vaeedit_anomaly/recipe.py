"""The recipe of the restorer of normals."""

from vaeedit.api import Data, Optimizer, Recipe
from vaeedit_anomaly.survey import Survey


def recipe_for(survey: Survey, name: str, seed: int) -> Recipe:
    """The recipe of the restorer. Crops are not rotated, because a rotated normal image may be abnormal.

    It minimizes squared errors: then the mean repairs a place in proportion to the probability of a defect, while absolute
    errors would repair nothing below a probability of one half.
    """
    return Recipe(
        name=name.removesuffix(".safetensors").removesuffix(".vae"),
        summary="Restorer of normal images, made by `vaeedit anomaly fit`.",
        architecture="normal-restorer",
        license="",
        config={"channels": survey.preparation.channels},
        data=Data(patch=(survey.crop,), batch=survey.batch, gray=0.0, turn=False),
        objective={"kind": "defects", "mean": "log-mse-to-40", "label": 3.0, "share": 0.125, "kl": 0.1},
        optimizer=Optimizer(adam_rate=2e-3, warmup=100),
        seed=seed,
    )
