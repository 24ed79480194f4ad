"""The operation `anomaly`: the score of an image, its p-value, and maps of its abnormal places."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor

from vaeedit.api import Frame, Gaussian, Grid, Inspect, Latents, Request, Result, UsageError, WeightsError
from vaeedit_anomaly import AnomalyOptions
from vaeedit_anomaly.calibration import Calibration, image_score
from vaeedit_anomaly.maps import pixel_maps
from vaeedit_anomaly.network import TEXTURE_ONLY
from vaeedit_anomaly.pictures import picture
from vaeedit_anomaly.places import Map
from vaeedit_anomaly.sizes import enlarged, prepared, refuse_size
from vaeedit_anomaly.texture import Texture

DIGITS = 5
"""Decimals of a score."""


class Anomaly(Inspect[AnomalyOptions]):
    """Inspects an image with the restorer of normals, tile by tile; with `annotate`, marks abnormal places in it."""

    def __init__(self, request: Request[AnomalyOptions]) -> None:
        super().__init__(request)
        self.grids: dict[str, Grid] = {}

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """The image at the model's working size.

        Raises ImageError for an image that is too different from the normal ones, and UsageError for another kind of VAE.
        """
        self.calibration = calibration_of(self.vae.name, self.vae.calibration, fast=self.options.fast)
        refuse_size(frames[0], self.calibration.areas)
        frame = prepared(frames[0], self.calibration.preparation)
        return [frame.with_conditions(**{TEXTURE_ONLY: 1.0}) if self.options.fast else frame]

    def gather(self, index: int, latents: Latents) -> None:
        """Collect the anomaly maps of a tile; raises UsageError for a VAE without them."""
        if "anomaly_maps" not in latents.context:
            raise UsageError(
                f"The VAE {self.vae.name} is not a restorer of normals; make one: vaeedit anomaly fit."
            )
        seen: dict[str, Tensor] = latents.context["anomaly_maps"]
        self.texture: Texture = latents.context["texture"]
        row, column = pixel_origin(latents, seen["observed"])
        for name, grid in seen.items():
            stride = stride_of(grid, seen["observed"])
            place = Gaussian(grid, origin=(row // stride, column // stride))
            self.grids.setdefault(name, Grid()).add(place)

    def seen(self) -> dict[str, Tensor]:
        """`NormalRestorer.anomaly_maps` of the whole image, and the maps of `Texture` (1, 1, H, W), by name."""
        maps = {name: grid.whole() for name, grid in self.grids.items()}
        if self.texture.filled:
            maps |= self.texture(maps["observed"])
        return maps

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The image, marked if `annotate` is set; the requested maps; and score, p-value and threshold as notes."""
        with torch.inference_mode():
            anomaly_maps = pixel_maps(self.seen())
            if missing := sorted(set(self.calibration.maps) - set(anomaly_maps)):
                raise WeightsError(
                    f"The calibration of {self.vae.name} is of another model, with the map {missing[0]}; fit it again."
                )
            neg_log_p = self.calibration.map_of(anomaly_maps)
        notes = self._verdict(neg_log_p)
        original = originals[0]
        large = enlarged(neg_log_p, original.height, original.width)
        limit = self.calibration.limit(self._false_alarms)
        maps = {name: picture(name, original, large, limit) for name in self.request.maps}
        if self.options.annotate and notes["anomalous"]:
            marked = picture("overlay", original, large, limit)
            return Result(replace(original, pixels=marked.pixels, alpha=None), maps, notes)
        return Result(original, maps, notes)

    @property
    def _false_alarms(self) -> float:
        asked = self.options.false_alarms
        return self.calibration.false_alarms if asked is None else asked

    def _verdict(self, neg_log_p: Map) -> dict[str, Any]:
        score = image_score(neg_log_p)
        limit = self.calibration.limit(self._false_alarms)
        p_value = self.calibration.p_value(score)
        if not all(map(math.isfinite, (score, limit, p_value))):
            raise WeightsError(
                f"The model {self.vae.name} gave a score that is not a finite number: it is damaged. Restore its file, "
                "or fit it again."
            )
        return {
            "score": round(score, DIGITS),
            "p_value": float(f"{p_value:.3g}"),
            "anomalous": score > limit,
            "threshold": round(limit, DIGITS),
            "false_alarms": self._false_alarms,
        }


def calibration_of(name: str, stored: dict[str, Any], *, fast: bool = False) -> Calibration:
    """The calibration in a VAE's header, or that of its fast scores; raises UsageError if it is missing or damaged."""
    if not stored:
        raise UsageError(
            f"The VAE {name} was not fitted on normal images; make one: vaeedit anomaly fit NORMALS -o FILE."
        )
    try:
        found = msgspec.convert(stored, Calibration)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"The calibration of {name} is damaged or of another version: {error}; fit it again."
        ) from None
    return found.for_fast(name) if fast else found


def pixel_origin(latents: Latents, observed: Tensor) -> tuple[int, int]:
    """Row and column of a tile's first pixel, from the finest level of its latents; `observed` is (B, C, H, W)."""
    finest = latents.levels[-1]
    stride = stride_of(finest.mean, observed)
    return finest.origin[0] * stride, finest.origin[1] * stride


def stride_of(grid: Tensor, observed: Tensor) -> int:
    """Stride of a grid (B, C, h, w) of an image (B, C, H, W), in pixels: a power of two, even where sizes were rounded up."""
    ratio = max(observed.shape[axis] / grid.shape[axis] for axis in (2, 3))
    return 1 if ratio == 1 else int(2 ** np.ceil(np.log2(ratio)))
