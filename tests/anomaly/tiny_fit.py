"""`vaeedit anomaly fit` with a network that is small enough for tests."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from vaeedit.cli.main import call

TINY = {
    "widths": [8, 12, 16],
    "blocks": [1, 1, 1],
    "latents": [1, 2, 2],
    "ladder_widths": [6, 8, 8],
    "encoder_widths": [6, 6, 6],
}


def tiny_fit(normals: Path, model: Path, *flags: str) -> int:
    """Run the command and return its exit code."""
    from vaeedit_anomaly import fit as fitting

    recipe_for = fitting.recipe_for

    def tiny(*arguments):  # type: ignore[no-untyped-def]
        found = recipe_for(*arguments)
        return replace(
            found,
            config={**found.config, **TINY},
            data=replace(found.data, batch=8),
            optimizer=replace(found.optimizer, warmup=20),
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "recipe_for", tiny)
        return call(["anomaly", "fit", str(normals), "-o", str(model), *flags])
