"""LoadedVae: a VAE ready to edit frames of any size, mode and depth.

It alone knows about padding, tiles, devices, dtypes, gray images, conditions and clamping.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vaeedit.devices import give_memory_back
from vaeedit.errors import VaeeditError, WeightsError
from vaeedit.image.frame import Condition, Estimated, Frame, Pixels, from_floats, peak_of
from vaeedit.resampling import bicubic_up
from vaeedit.tiling import Tile, best_sides, reflected, tiles
from vaeedit.vae.edited import Edited, pictures
from vaeedit.vae.files import VaeInfo
from vaeedit.vae.latents import Decoded, Latents
from vaeedit.vae.protocol import VAE, Estimator, SeesWhole, Upscaler
from vaeedit.vae.seen import all_finite, kept

Change = Callable[..., Edited]
"""From the latents of each frame at one tile to those of the result, or of several results."""

AREA = 2_000_000
"""Pixels of the result that a tile sees at most, unless its side is given: about half a gigabyte for the shipped models."""


Painted = tuple[np.ndarray, np.ndarray | None]
"""Values (h, w, C) of a part of an image and, where known, their standard deviations."""


@dataclass(frozen=True)
class Precision:
    """How the network computes: the dtype of its matrix arithmetic."""

    dtype: torch.dtype

    def context(self, device: torch.device) -> torch.autocast:
        """Autocast to the dtype, or nothing for float32."""
        reduced = self.dtype != torch.float32
        return torch.autocast(device.type, self.dtype if reduced else torch.bfloat16, enabled=reduced)


class _Canvas:
    """An image that is painted tile by tile; `deviation` is None where nobody knows it."""

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype[Any], *, std: bool) -> None:
        self.pixels: Pixels = np.empty(shape, dtype)
        self.deviation = np.empty(shape, np.float32) if std else None

    def paint(self, target: tuple[slice, slice], mean: np.ndarray, spread: np.ndarray | None) -> None:
        """Put values in [0, 1] where they belong."""
        self.pixels[target] = from_floats(mean, self.pixels.dtype)
        if spread is None:
            self.deviation = None
        elif self.deviation is not None:
            self.deviation[target] = spread


class LoadedVae:
    """A network on a device."""

    def __init__(self, network: VAE, info: VaeInfo, device: torch.device) -> None:
        assert isinstance(network, torch.nn.Module)
        self.network: VAE = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.info, self.device = info, device

    def edit(self, frame: Frame, edit: Change, **how: Any) -> Frame:
        """The one result of `edit_all`, or the first of several."""
        return self.edit_all(frame, edit, **how)[0]

    def edit_all(
        self,
        frame: Frame,
        edit: Change,
        *,
        precision: torch.dtype,
        others: Sequence[Frame] = (),
        std: bool = False,
        delta: bool = False,
        tile: int | None = None,
    ) -> list[Frame]:
        """Encode, edit, decode, tile by tile; results have the frame's mode and depth, and its size or, by an
        `Upscaler`, a whole multiple of it. There is one, or where `edit` gives a `Series` one for each of its members.

        `edit` gets the latents of the frame and of `others`, frames of the same size. With `delta` the frame changes by what
        the decoded edit differs from the decoded original, x + D(edited) - D(latents), so that nothing else is lost. With
        `std` results carry the standard deviation of each value, if the VAE knows it. Estimated conditions
        come back as their average over the image. Falls back to float32 where a reduced precision overflows; raises
        VaeeditError where even that gives no finite image, and WeightsError for a condition the VAE lacks.
        """
        frames = [frame, *others]
        times = self._magnification(frames)
        shape = (frame.height * times, frame.width * times, frame.channels)
        canvases: list[_Canvas] = []
        estimates: dict[str, list[tuple[float, int]]] = {}
        parts = list(self._grid(frame, times, tile))
        for part in parts:
            if len(parts) > 1:
                give_memory_back()
            found, told = self._tile(frames, part, edit, Precision(precision), std=std, delta=delta)
            canvases = canvases or [_Canvas(shape, frame.pixels.dtype, std=std) for _ in found]
            target = _times(part.rows.target, times), _times(part.columns.target, times)
            for canvas, (mean, spread) in zip(canvases, found, strict=True):
                canvas.paint(target, mean, spread)
            for name, value in told.items():
                estimates.setdefault(name, []).append((value, found[0][0][..., 0].size))
        averages = {name: _average(values) for name, values in estimates.items()}
        alpha = frame.alpha if frame.alpha is None or times == 1 else _enlarged(frame.alpha, times)
        whole = replace(frame, alpha=alpha, conditions={**frame.conditions, **averages})
        return [replace(whole, pixels=canvas.pixels, std=canvas.deviation) for canvas in canvases]

    def visit(
        self, frame: Frame, see: Callable[[Latents], None], *, precision: torch.dtype, tile: int | None = None
    ) -> None:
        """Show `see` the latents of a frame, tile by tile, each grid position once.

        Falls back to float32 where a reduced precision overflows; raises VaeeditError where even that gives numbers that
        are not finite, in the latents or their context.
        """
        times = self._magnification([frame])
        for part in self._grid(frame, times, tile):
            for attempt in dict.fromkeys([Precision(precision), Precision(torch.float32)]):
                with torch.inference_mode(), attempt.context(self.device):
                    x, latents, _ = self._encoded(frame, part)
                seen = kept(latents, part, x.shape[2])
                if all_finite(seen.levels) and all_finite(seen.context):
                    break
            else:
                raise self._not_finite("latents")
            see(seen)

    def _not_finite(self, what: str) -> VaeeditError:
        return VaeeditError(
            f"The VAE {self.info.name} gave {what} that are not finite numbers; "
            "restore its file, or make it again."
        )

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
        height, width, area = frame.height, frame.width, AREA // times**2
        if not tile and height * width <= area:  # and nobody asks how far the network sees
            return tiles(height, width, (height, width), 0, self.network.multiple)
        halo = (
            self.network.overlap
            if tile and isinstance(self.network, SeesWhole)
            else self.network.receptive_field
        )
        sides = (tile, tile) if tile else best_sides(height, width, halo, area)
        return tiles(height, width, sides, halo, self.network.multiple)

    def _tile(
        self,
        frames: Sequence[Frame],
        tile: Tile,
        edit: Change,
        precision: Precision,
        *,
        std: bool,
        delta: bool,
    ) -> tuple[list[Painted], dict[str, float]]:
        """Kept pixels of every result, and the average of each estimated condition over them."""
        frame = frames[0]
        with torch.inference_mode():
            for attempt in dict.fromkeys([precision, Precision(torch.float32)]):
                with attempt.context(self.device):
                    encoded = [self._encoded(one, tile) for one in frames]
                    x, latents, conditions = encoded[0]
                    found = edit(*(each for _, each, _ in encoded))
                    lost = x - self.network.decode(latents.mean()).mean.float() if delta else None
                    painted = [
                        self._painted(decoded, lost, tile, x.shape[2], frame.channels)
                        for decoded in pictures(self.network, found, x, std=std)
                    ]
                if all(np.isfinite(mean).all() and _finite(spread) for mean, spread in painted):
                    break
            else:
                raise self._not_finite("values")
        seen = (..., tile.rows.kept, tile.columns.kept)
        told = {
            name: float(conditions[name][seen].float().mean())
            for name, value in frame.conditions.items()
            if isinstance(value, Estimated)
        }
        return painted, told

    def _painted(
        self, decoded: Decoded, lost: Tensor | None, tile: Tile, height: int, channels: int
    ) -> Painted:
        """The kept pixels of a decoded tile that sees `height` rows, with what the VAE lost added."""
        times = decoded.mean.shape[2] // height
        kept = (..., _times(tile.rows.kept, times), _times(tile.columns.kept, times))
        mean = decoded.mean.float() if lost is None else decoded.mean.float() + lost
        if decoded.std is None:
            return _array(mean[kept], channels), None
        spread = _array(decoded.std[kept].float(), channels) * np.float32(self.info.temperature)
        return _array(mean[kept], channels), spread

    def _encoded(self, frame: Frame, tile: Tile) -> tuple[Tensor, Latents, dict[str, Tensor]]:
        """A tile of a frame, its latents in their place, and what the VAE was told."""
        rows, columns = reflected(tile.rows, frame.height), reflected(tile.columns, frame.width)
        x = self._tensor(frame.floats(rows, columns))
        conditions = self.conditions(frame.conditions, x, rows, columns)
        latents = self.network.encode(x, conditions)
        return x, latents.placed(tile.rows.outer_start, tile.columns.outer_start, len(rows)), conditions

    def _tensor(self, values: np.ndarray) -> Tensor:
        """(h, w, 1 or 3) -> (1, C, h, w) on the device; gray is repeated."""
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
    """(1, C, h, w) -> (h, w, channels) float32; for gray, the average of the VAE's channels."""
    if channels == 1:
        values = values.mean(1, keepdim=True)
    return values[0].permute(1, 2, 0).cpu().numpy()


def _finite(spread: np.ndarray | None) -> bool:
    return spread is None or bool(np.isfinite(spread).all())


def _times(span: slice, times: int) -> slice:
    """The pixels of the result that stand for a span of the input."""
    return slice(span.start * times, span.stop * times)


def _enlarged(alpha: Pixels, times: int) -> Pixels:
    """Alpha (H, W) by the bicubic of the upscalers' own baseline."""
    values = torch.from_numpy(alpha.astype(np.float32) / np.float32(peak_of(alpha.dtype)))
    return from_floats(bicubic_up(values[None, None], times)[0, 0].numpy(), alpha.dtype)


def _average(parts: list[tuple[float, int]]) -> float:
    return sum(value * size for value, size in parts) / sum(size for _, size in parts)
