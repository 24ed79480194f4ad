"""LoadedVae: a VAE ready to edit frames of any size, mode and depth.

It alone knows about padding, tiles, devices, dtypes, grey images, conditions and clamping.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from vaeedit.devices import give_memory_back
from vaeedit.errors import VaeeditError, WeightsError
from vaeedit.image.frame import Condition, Estimated, Frame, Pixels, from_floats, peak_of
from vaeedit.resampling import bicubic_up
from vaeedit.tiling import Tile, best_sides, reflected, tiles
from vaeedit.vae.files import VaeInfo
from vaeedit.vae.latents import Decoded, Gaussian, Latents, Mixture
from vaeedit.vae.protocol import VAE, Estimator, SeesWhole, Upscaler

Edit = Callable[..., Latents | Mixture]
"""From the latents of each frame at one tile to those of the result."""

AREA = 2_000_000
"""Pixels of the result that a tile sees at most, unless its side is given: about half a gigabyte for the shipped models."""


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
        others: Sequence[Frame] = (),
        scale: bool = False,
        delta: bool = False,
        tile: int | None = None,
    ) -> Frame:
        """Encode, edit, decode, tile by tile; the result has the frame's mode and depth, and its size or, by an
        `Upscaler`, a whole multiple of it.

        `edit` gets the latents of the frame and of `others`, frames of the same size. With `delta` the frame changes by what
        the decoded edit differs from the decoded original, x + D(edited) - D(latents), so that nothing else is lost. With
        `scale` the result carries the standard deviation of each value, if the VAE knows it. Estimated conditions
        come back as their average over the image. Falls back to float32 where a reduced precision overflows; raises
        VaeeditError where even that gives no finite image, and WeightsError for a condition the VAE lacks.
        """
        frames = [frame, *others]
        times = self._magnification(frames)
        shape = (frame.height * times, frame.width * times, frame.channels)
        pixels = np.empty(shape, frame.pixels.dtype)
        deviation = np.empty(shape, np.float32) if scale else None
        estimates: dict[str, list[tuple[float, int]]] = {}
        parts = list(self._grid(frame, times, tile))
        for part in parts:
            if len(parts) > 1:
                give_memory_back()
            mean, spread, told = self._tile(
                frames, part, edit, Precision(precision), scale=scale, delta=delta
            )
            target = _times(part.rows.target, times), _times(part.columns.target, times)
            pixels[target] = from_floats(mean, frame.pixels.dtype)
            if spread is None:
                deviation = None  # this VAE knows none
            elif deviation is not None:
                deviation[target] = spread
            for name, value in told.items():
                estimates.setdefault(name, []).append((value, mean[..., 0].size))
        averages = {name: _average(values) for name, values in estimates.items()}
        alpha = frame.alpha if frame.alpha is None or times == 1 else _enlarged(frame.alpha, times)
        conditions = {**frame.conditions, **averages}
        return replace(frame, pixels=pixels, alpha=alpha, scale=deviation, conditions=conditions)

    def visit(
        self, frame: Frame, see: Callable[[Latents], None], *, precision: torch.dtype, tile: int | None = None
    ) -> None:
        """Show `see` the latents of a frame, tile by tile, each grid position once."""
        times = self._magnification([frame])
        for part in self._grid(frame, times, tile):
            with torch.inference_mode(), Precision(precision).context(self.device):
                x, latents, _ = self._encoded(frame, part)
            see(_kept(latents, part, x.shape[2]))

    def _magnification(self, frames: Sequence[Frame]) -> int:
        """How many times as large the result is; raises WeightsError or ValueError for frames that cannot be encoded."""
        frame = frames[0]
        unknown = {name for one in frames for name in one.conditions} - set(self.network.conditions)
        if unknown:
            raise WeightsError(f"The VAE {self.info.name} does not understand {', '.join(sorted(unknown))}.")
        if any((one.height, one.width) != (frame.height, frame.width) for one in frames):
            raise ValueError("frames that are edited together must be of one size")
        return self.network.magnification(frame.conditions) if isinstance(self.network, Upscaler) else 1

    def _grid(self, frame: Frame, times: int, tile: int | None) -> Iterator[Tile]:
        """The tiles of a frame whose result is `times` as large; `tile` is a side of the frame's own pixels."""
        halo = self.network.receptive_field
        if tile and isinstance(self.network, SeesWhole):
            halo = self.network.overlap
        sides = (tile, tile) if tile else best_sides(frame.height, frame.width, halo, AREA // times**2)
        return tiles(frame.height, frame.width, sides, halo, self.network.multiple)

    def _tile(
        self,
        frames: Sequence[Frame],
        tile: Tile,
        edit: Edit,
        precision: Precision,
        *,
        scale: bool,
        delta: bool,
    ) -> tuple[np.ndarray, np.ndarray | None, dict[str, float]]:
        """Kept pixels (h, w, C) of mean and scale, and the average of each estimated condition over them."""
        frame = frames[0]
        with torch.inference_mode():
            for attempt in dict.fromkeys([precision, Precision(torch.float32)]):
                with attempt.context(self.device):
                    encoded = [self._encoded(one, tile) for one in frames]
                    x, latents, conditions = encoded[0]
                    decoded = self.decode(edit(*(each for _, each, _ in encoded)), scale=scale)
                    if delta:
                        change = decoded.mean.float() - self.network.decode(latents.mean()).mean.float()
                        decoded = replace(decoded, mean=x + change)
                times = decoded.mean.shape[2] // x.shape[2]
                kept = (..., _times(tile.rows.kept, times), _times(tile.columns.kept, times))
                mean = decoded.mean[kept].float()
                if torch.isfinite(mean).all():
                    break
            else:
                raise VaeeditError(f"The VAE {self.info.name} gave values that are not finite numbers.")
        seen = (..., tile.rows.kept, tile.columns.kept)
        told = {
            name: float(conditions[name][seen].float().mean())
            for name, value in frame.conditions.items()
            if isinstance(value, Estimated)
        }
        if decoded.scale is None:
            return _array(mean, frame.channels), None, told
        spread = _array(decoded.scale[kept].float(), frame.channels) * np.float32(self.info.temperature)
        return _array(mean, frame.channels), spread, told

    def _encoded(self, frame: Frame, tile: Tile) -> tuple[Tensor, Latents, dict[str, Tensor]]:
        """A tile of a frame, its latents in their place, and what the VAE was told."""
        rows, columns = reflected(tile.rows, frame.height), reflected(tile.columns, frame.width)
        x = self._tensor(frame.floats(rows, columns))
        conditions = self.conditions(frame.conditions, x, rows, columns)
        latents = self.network.encode(x, conditions)
        return x, latents.placed(tile.rows.outer_start, tile.columns.outer_start, len(rows)), conditions

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

    def conditions(
        self,
        told: Mapping[str, Condition],
        x: Tensor,
        rows: np.ndarray | slice = slice(None),
        columns: np.ndarray | slice = slice(None),
    ) -> dict[str, Tensor]:
        """Every condition of the VAE as a map (1, 1, h, w) for an image or tile x (1, C, h, w)."""
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


def _kept(latents: Latents, tile: Tile, height: int) -> Latents:
    """The latents of a tile's kept pixels; `height` is that of all the pixels it sees."""

    def cut(level: Gaussian) -> Gaussian:
        stride = height // level.mean.shape[2]
        rows, columns = (
            slice(span.kept.start // stride, -(-span.kept.stop // stride))
            for span in (tile.rows, tile.columns)
        )
        log_scale = None if level.log_scale is None else level.log_scale[..., rows, columns]
        origin = (level.origin[0] + rows.start, level.origin[1] + columns.start)
        return Gaussian(level.mean[..., rows, columns], log_scale, origin)

    return replace(latents, levels=tuple(cut(level) for level in latents.levels))


def _times(span: slice, times: int) -> slice:
    """The pixels of the result that stand for a span of the input."""
    return slice(span.start * times, span.stop * times)


def _enlarged(alpha: Pixels, times: int) -> Pixels:
    """Alpha (H, W) by the bicubic of the upscalers' own baseline."""
    values = torch.from_numpy(alpha.astype(np.float32) / np.float32(peak_of(alpha.dtype)))
    return from_floats(bicubic_up(values[None, None], times)[0, 0].numpy(), alpha.dtype)


def _average(parts: list[tuple[float, int]]) -> float:
    return sum(value * size for value, size in parts) / sum(size for _, size in parts)
