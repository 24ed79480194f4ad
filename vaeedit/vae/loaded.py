"""LoadedVae: a VAE on a device, which edits frames of any size, mode and depth.

Only this module handles padding, tiles, devices, dtypes, gray images, conditions and clamping.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vaeedit.devices import autocast, give_memory_back
from vaeedit.errors import ImageError, VaeeditError, WeightsError
from vaeedit.extension.faults import Fault, plugin_errors
from vaeedit.image.frame import Condition, Estimated, Frame
from vaeedit.tiling import Tile, best_sides, reflected, tiles
from vaeedit.vae.area import tile_area
from vaeedit.vae.canvas import Canvas, Part, array_of, enlarged
from vaeedit.vae.crop import cropped
from vaeedit.vae.edited import Edited, pictures
from vaeedit.vae.files import VaeInfo
from vaeedit.vae.latents import Decoded, Latents, all_finite
from vaeedit.vae.origin import origin
from vaeedit.vae.protocol import VAE, Estimator, FixedSize, Network, SeesWhole, Upscaler
from vaeedit.vae.suits import supported
from vaeedit.vae.ticks import tick

Change = Callable[..., Edited]
"""An edit of one tile: from the latents of each frame to those of the result, or of several results."""


class _Named:
    """The decoder of a network; its errors name whose code it is, and not the operation that runs."""

    def __init__(self, network: VAE, maker: str) -> None:
        self.network, self.maker = network, maker

    def decode(self, latents: Latents, *, std: bool = False) -> Decoded:
        """Decode; raises PluginError."""
        with plugin_errors(self.maker):
            return self.network.decode(latents, std=std)


class LoadedVae:
    """A network on a device."""

    def __init__(self, network: Network, info: VaeInfo, device: torch.device, maker: str = "") -> None:
        assert isinstance(network, torch.nn.Module)
        self.network: VAE = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        """The network, on its device and ready to run."""
        self.info, self.device = info, device
        self._maker = maker or f"The architecture {info.architecture}"
        """As errors of the network's code begin."""
        self.decoder: VAE = _Named(self.network, self._maker)  # type: ignore[assignment]
        """Decodes as the network does; its errors name whose code it is."""
        self.sides: tuple[int, int] | None = None
        """Height and width in pixels of the tiles of the last picture; None if it was done whole."""

    def edit(self, frame: Frame, edit: Change, **how: Any) -> Frame:
        """The only result of `edit_all`, or the first one of a `Series`."""
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
        """Encode, edit and decode a frame, tile by tile; the list has one result, or one for each member of a `Series`.

        Results have the frame's mode and depth, and its size or, with an `Upscaler`, a whole multiple of it. `edit` gets
        the latents of the frame and of `others`, which are frames of the same size. With `delta` the result is
        x + D(edited) - D(latents), so that the frame x changes only by the edit. With `std` results have the standard
        deviation of each value, if the VAE predicts it. Estimated conditions are returned as their average over the image.

        `precision` is the dtype of the network; a tile is computed again in float32 if it overflows. Raises VaeeditError
        for values that are not finite in float32 either, WeightsError for a condition that the VAE does not support, and
        ValueError for frames of several sizes.
        """
        frames = [frame, *others]
        times = self._magnification(frames)
        shape = (frame.height * times, frame.width * times, frame.channels)
        canvases: list[Canvas] = []
        averages: dict[str, float] = {}
        grid = list(self._grid(frame, times, tile))
        for place in grid:
            if len(grid) > 1:
                give_memory_back()
            parts, estimates = self._tile(frames, place, edit, precision, std=std, delta=delta)
            canvases = canvases or [Canvas(shape, frame.pixels.dtype, std=std) for _ in parts]
            target = _times(place.rows.target, times), _times(place.columns.target, times)
            for canvas, part in zip(canvases, parts, strict=True):
                canvas.add(target, *part)
            share = parts[0][0][..., 0].size / (shape[0] * shape[1])
            for name, value in estimates.items():
                averages[name] = averages.get(name, 0.0) + value * share
            tick()
        alpha = frame.alpha if frame.alpha is None or times == 1 else enlarged(frame.alpha, times)
        whole = replace(frame, alpha=alpha, conditions={**frame.conditions, **averages})
        return [replace(whole, pixels=canvas.pixels, std=canvas.std) for canvas in canvases]

    def visit(
        self, frame: Frame, see: Callable[[Latents], None], *, precision: torch.dtype, tile: int | None = None
    ) -> None:
        """Call `see` with the latents of a frame, tile by tile, each grid position once.

        A tile is computed again in float32 if `precision` overflows; raises VaeeditError for latents or a context that are
        not finite in float32 either.
        """
        times = self._magnification([frame])
        for place in self._grid(frame, times, tile):
            for dtype in dict.fromkeys([precision, torch.float32]):
                with torch.inference_mode(), autocast(self.device, dtype):
                    x, latents, _ = self._encoded(frame, place)
                kept = cropped(latents, place, x.shape[2])
                if all(all_finite(tensor) for tensor in kept.tensors()):
                    break
            else:
                raise self._not_finite("latents")
            see(kept)
            tick()

    @cached_property
    def _area(self) -> int:
        """Most pixels of the result that a tile sees, unless its side is given; the same for all pictures."""
        return tile_area(self.info, self.device)

    def tiles(self, frame: Frame, tile: int | None = None) -> int:
        """The number of tiles in which a frame is encoded and decoded; raises what `edit_all` raises before it begins."""
        return len(list(self._grid(frame, self._magnification([frame]), tile)))

    def _require_finite(self, latents: Latents, *, std: bool) -> None:
        """Raise VaeeditError if even latents that nobody has edited do not decode to finite numbers."""
        with autocast(self.device, torch.float32):
            decoded = self.decoder.decode(latents.mean(), std=std)
        if not all(bool(part.isfinite().all()) for part in (decoded.mean, decoded.std) if part is not None):
            raise self._not_finite("values")

    def _not_finite(self, what: str) -> VaeeditError:
        return VaeeditError(
            f"The VAE {self.info.name} returned {what} that are not finite numbers; "
            "restore its file, or make it again."
        )

    def _magnification(self, frames: Sequence[Frame]) -> int:
        """The whole factor from input to result.

        Raises ImageError, WeightsError or ValueError for frames that cannot be encoded.
        """
        frame = frames[0]
        self.require_suitable(frame)
        unknown = {name for other in frames for name in other.conditions} - {*supported(self.network)}
        if unknown:
            names = ", ".join(sorted(unknown))
            raise WeightsError(f"The VAE {self.info.name} does not support the condition {names}.")
        if any((other.height, other.width) != (frame.height, frame.width) for other in frames):
            raise ValueError("frames that are edited together must have one size")
        if infinite := [
            name for other in frames for name, value in other.conditions.items() if not _is_finite(value)
        ]:
            raise Fault(f"gives the condition {infinite[0]} values that are not finite numbers.")
        with plugin_errors(self._maker):
            return self.network.magnification(frame.conditions) if isinstance(self.network, Upscaler) else 1

    def require_suitable(self, frame: Frame) -> None:
        """Raise ImageError for a frame of a size that the VAE does not take, or in color where it takes gray ones."""
        if isinstance(self.network, FixedSize) and (frame.height, frame.width) != self.network.size:
            height, width = self.network.size
            raise ImageError(
                f"The VAE {self.info.name} takes images of {width}x{height} pixels, and this one has "
                f"{frame.width}x{frame.height}; resize it, or use another VAE."
            )
        if self.network.channels == 1 and frame.channels == 3:
            raise ImageError(
                f"The VAE {self.info.name} takes gray images, and this one is in color; "
                "make it gray, or use another VAE."
            )

    def _grid(self, frame: Frame, times: int, tile: int | None) -> Iterator[Tile]:
        """The tiles of a frame whose result is `times` as large; `tile` is their side in pixels of the frame."""
        height, width, area = frame.height, frame.width, self._area // times**2
        small = not tile and height * width <= area  # measuring the receptive field is not necessary
        self.sides = None
        if small or isinstance(self.network, FixedSize):
            return tiles(height, width, (height, width), 0, self.network.multiple)
        halo = (
            self.network.overlap
            if tile and isinstance(self.network, SeesWhole)
            else self.network.receptive_field
        )
        sides = (tile, tile) if tile else best_sides(height, width, halo, area)
        self.sides = sides if sides[0] < height or sides[1] < width else None
        return tiles(height, width, sides, halo, self.network.multiple)

    def _tile(
        self,
        frames: Sequence[Frame],
        tile: Tile,
        edit: Change,
        precision: torch.dtype,
        *,
        std: bool,
        delta: bool,
    ) -> tuple[list[Part], dict[str, float]]:
        """The kept pixels of every result, and the average of each estimated condition over them."""
        frame = frames[0]
        with torch.inference_mode():
            for dtype in dict.fromkeys([precision, torch.float32]):
                with autocast(self.device, dtype):
                    encoded = [self._encoded(each, tile) for each in frames]
                    x, latents, conditions = encoded[0]
                    edited = edit(*(each for _, each, _ in encoded))
                    lost = x - self.decoder.decode(latents.mean()).mean.float() if delta else None
                    parts = [
                        self._kept(decoded, lost, tile, x.shape[2], frame.channels)
                        for decoded in pictures(self.decoder, edited, x, std=std)
                    ]
                if all(np.isfinite(values).all() for part in parts for values in part if values is not None):
                    break
            else:
                self._require_finite(latents, std=std)
                raise Fault("makes latents that decode to values that are not finite numbers.")
        kept = (..., tile.rows.kept, tile.columns.kept)
        estimates = {
            name: float(conditions[name][kept].float().mean())
            for name, value in frame.conditions.items()
            if isinstance(value, Estimated)
        }
        return parts, estimates

    def _kept(self, decoded: Decoded, lost: Tensor | None, tile: Tile, height: int, channels: int) -> Part:
        """The kept pixels of a decoded tile that sees `height` rows; `lost` is added to them (see `delta`)."""
        times = decoded.mean.shape[2] // height
        kept = (..., _times(tile.rows.kept, times), _times(tile.columns.kept, times))
        mean = decoded.mean.float() if lost is None else decoded.mean.float() + lost
        if decoded.std is None:
            return array_of(mean[kept], channels), None
        std = array_of(decoded.std[kept].float(), channels) * np.float32(self.info.temperature)
        return array_of(mean[kept], channels), std

    def _encoded(self, frame: Frame, tile: Tile) -> tuple[Tensor, Latents, dict[str, Tensor]]:
        """A tile of a frame as x (1, C, h, w), its latents with their origin, and the maps of its conditions."""
        rows, columns = reflected(tile.rows, frame.height), reflected(tile.columns, frame.width)
        values = torch.from_numpy(frame.floats(rows, columns)).permute(2, 0, 1)[None].to(self.device)
        x = values.expand(-1, self.network.channels, -1, -1)  # gray is repeated
        x = x.contiguous(memory_format=torch.channels_last)
        conditions = self.conditions(frame.conditions, x, rows, columns)
        with plugin_errors(self._maker):
            latents = self.network.encode(x, conditions)
            row, column = origin()
            placed = latents.placed(row + tile.rows.outer_start, column + tile.columns.outer_start, len(rows))
        return x, placed, conditions

    def conditions(
        self,
        given: Mapping[str, Condition],
        x: Tensor,
        rows: np.ndarray | slice = slice(None),
        columns: np.ndarray | slice = slice(None),
    ) -> dict[str, Tensor]:
        """Every condition of the VAE as a map (1, 1, h, w) for an image or tile x (1, C, h, w) in [0, 1].

        `rows` and `columns` are the positions of the tile in maps that are given. A condition that is not given is estimated,
        unless it is optional; raises WeightsError if the VAE cannot.
        """
        maps = {}
        for name in supported(self.network):
            if name not in given and name not in self.network.conditions:
                continue
            value = given.get(name, Estimated())
            if isinstance(value, Estimated):
                if not isinstance(self.network, Estimator):
                    raise WeightsError(
                        f"The VAE {self.info.name} needs the condition {name} and cannot estimate it."
                    )
                with plugin_errors(self._maker):
                    maps[name] = value.times * self.network.estimate(name, x)
            elif isinstance(value, np.ndarray):
                part = np.ascontiguousarray(value[rows][:, columns])
                maps[name] = torch.from_numpy(part)[None, None].to(self.device)
            else:
                maps[name] = torch.full((1, 1, *x.shape[2:]), float(value), device=self.device)
        return maps


def _is_finite(value: Condition) -> bool:
    return isinstance(value, Estimated) or bool(np.isfinite(value).all())


def _times(span: slice, times: int) -> slice:
    """The pixels of the result for a span of the input."""
    return slice(span.start * times, span.stop * times)
