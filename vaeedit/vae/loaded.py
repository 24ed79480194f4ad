"""LoadedVae: a VAE ready to edit frames of any size, mode and depth.

It alone knows about padding, tiles, devices, dtypes, grey images, conditions and clamping.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from vaeedit.errors import VaeeditError, WeightsError
from vaeedit.image.frame import Condition, Estimated, Frame, from_floats
from vaeedit.tiling import Tile, reflected, tiles
from vaeedit.vae.files import VaeInfo
from vaeedit.vae.latents import Decoded, Latents, Mixture
from vaeedit.vae.protocol import VAE, Estimator

Edit = Callable[[Latents], Latents | Mixture]

WHOLE = 6_000_000
"""Pixels up to which an image is decoded in one piece by default."""
DEFAULT_TILE = 2048


@dataclass(frozen=True)
class Precision:
    """How the network computes: the dtype of its matrix arithmetic."""

    dtype: torch.dtype

    def context(self, device: torch.device) -> torch.autocast:
        """Autocast to the dtype, or nothing for float32."""
        reduced = self.dtype != torch.float32
        return torch.autocast(device.type, self.dtype if reduced else torch.bfloat16, enabled=reduced)


class LoadedVae:
    """A network on a device."""

    def __init__(self, network: VAE, info: VaeInfo, device: torch.device) -> None:
        assert isinstance(network, torch.nn.Module)
        self.network: VAE = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.info, self.device = info, device

    def edit(
        self,
        frame: Frame,
        edit: Edit,
        *,
        precision: torch.dtype,
        scale: bool = False,
        tile: int | None = None,
    ) -> Frame:
        """Encode, edit, decode, tile by tile; the result has the frame's size, mode and depth.

        With `scale` the result carries the standard deviation of each value. Estimated conditions come back as
        their average over the image. Falls back to float32 where a reduced precision overflows; raises
        VaeeditError where even that gives no finite image, and WeightsError for a condition the VAE lacks.
        """
        unknown = set(frame.conditions) - set(self.network.conditions)
        if unknown:
            raise WeightsError(f"The VAE {self.info.name} does not understand {', '.join(sorted(unknown))}.")
        side = tile or (
            max(frame.height, frame.width) if frame.height * frame.width <= WHOLE else DEFAULT_TILE
        )
        pixels = np.empty_like(frame.pixels)
        deviation = np.empty(frame.pixels.shape, np.float32) if scale else None
        estimates: dict[str, list[tuple[float, int]]] = {}
        grid = tiles(frame.height, frame.width, side, self.network.receptive_field, self.network.multiple)
        for part in grid:
            mean, spread, told = self._tile(frame, part, edit, Precision(precision), scale)
            target = part.rows.target, part.columns.target
            pixels[target] = from_floats(mean, frame.pixels.dtype)
            if deviation is not None and spread is not None:
                deviation[target] = spread
            for name, value in told.items():
                estimates.setdefault(name, []).append((value, mean[..., 0].size))
        averages = {name: _average(parts) for name, parts in estimates.items()}
        return replace(frame, pixels=pixels, scale=deviation, conditions={**frame.conditions, **averages})

    def _tile(
        self, frame: Frame, tile: Tile, edit: Edit, precision: Precision, scale: bool
    ) -> tuple[np.ndarray, np.ndarray | None, dict[str, float]]:
        """Kept pixels (h, w, C) of mean and scale, and the average of each estimated condition over them."""
        rows, columns = reflected(tile.rows, frame.height), reflected(tile.columns, frame.width)
        x = self._tensor(frame.floats(rows, columns))
        kept = (..., tile.rows.kept, tile.columns.kept)
        origin = (tile.rows.outer_start, tile.columns.outer_start)
        with torch.inference_mode():
            for attempt in dict.fromkeys([precision, Precision(torch.float32)]):
                with attempt.context(self.device):
                    conditions = self._conditions(frame.conditions, x, rows, columns)
                    latents = self.network.encode(x, conditions).placed(*origin, len(rows))
                    decoded = self.decode(edit(latents), scale=scale)
                mean = decoded.mean[kept].float()
                if torch.isfinite(mean).all():
                    break
            else:
                raise VaeeditError(f"The VAE {self.info.name} gave values that are not finite numbers.")
        told = {
            name: float(conditions[name][kept].float().mean())
            for name, value in frame.conditions.items()
            if isinstance(value, Estimated)
        }
        spread = None if decoded.scale is None else _array(decoded.scale[kept].float(), frame.channels)
        return _array(mean, frame.channels), spread, told

    def decode(self, latents: Latents | Mixture, *, scale: bool = False) -> Decoded:
        """Decode latents; of a mixture, the weighted mean and the standard deviation by the law of total variance.

        Var x = E_k[scale_k^2] + Var_k[mean_k] over the components k.
        """
        if isinstance(latents, Latents):
            return self.network.decode(latents, scale=scale)
        if not isinstance(latents, Mixture):
            raise TypeError(f"`edit` gave {latents!r:.60}, neither Latents nor a Mixture")
        mean: Tensor | None = None
        second: Tensor | None = None
        for weight, component in latents:
            if weight == 0:
                continue
            decoded = self.network.decode(component, scale=scale)
            part = weight * decoded.mean
            mean = part if mean is None else mean + part
            if decoded.scale is not None:
                moment = weight * (decoded.scale**2 + decoded.mean**2)
                second = moment if second is None else second + moment
        if mean is None:
            raise ValueError("a mixture needs at least one component of non-zero weight")
        return Decoded(mean, None if second is None else (second - mean**2).clamp_min(0).sqrt())

    def _tensor(self, values: np.ndarray) -> Tensor:
        """(h, w, 1 or 3) -> (1, C, h, w) on the device; grey is repeated."""
        x = torch.from_numpy(values).permute(2, 0, 1)[None].to(self.device)
        x = x.expand(-1, self.network.channels, -1, -1)
        return x.contiguous(memory_format=torch.channels_last)

    def _conditions(
        self, told: Mapping[str, Condition], x: Tensor, rows: np.ndarray, columns: np.ndarray
    ) -> dict[str, Tensor]:
        """Every condition as a map (1, 1, h, w)."""
        maps = {}
        for name in self.network.conditions:
            value = told.get(name, Estimated())
            if isinstance(value, Estimated):
                if not isinstance(self.network, Estimator):
                    raise WeightsError(
                        f"The VAE {self.info.name} must be told {name}; it cannot estimate it."
                    )
                maps[name] = value.times * self.network.estimate(name, x)
            elif isinstance(value, np.ndarray):
                part = np.ascontiguousarray(value[rows][:, columns])
                maps[name] = torch.from_numpy(part)[None, None].to(self.device)
            else:
                maps[name] = torch.full((1, 1, *x.shape[2:]), float(value), device=self.device)
        return maps


def _array(values: Tensor, channels: int) -> np.ndarray:
    """(1, C, h, w) -> (h, w, channels) float32; for grey, the average of the VAE's channels."""
    if channels == 1:
        values = values.mean(1, keepdim=True)
    return values[0].permute(1, 2, 0).cpu().numpy()


def _average(parts: list[tuple[float, int]]) -> float:
    return sum(value * size for value, size in parts) / sum(size for _, size in parts)
