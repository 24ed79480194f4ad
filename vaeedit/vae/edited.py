"""The results of an edit: `Latents`, `Mixture`, `Series` or `Refined`; only this module distinguishes them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor

from vaeedit.vae.latents import Decoded, Latents
from vaeedit.vae.protocol import VAE
from vaeedit.vae.refine import refined


@dataclass(frozen=True)
class Mixture:
    """Weighted latents, decoded one by one: the image is the weighted mean, its std follows from the law of total variance.

    `components` yields (weight, latents); the weights sum to 1. A generator keeps only one component in memory.
    """

    components: Iterable[tuple[float, Latents]]

    def __iter__(self) -> Iterator[tuple[float, Latents]]:
        return iter(self.components)


@dataclass(frozen=True)
class Series:
    """Several latents, decoded one by one to one picture each; `after` gets all pictures.

    A generator keeps only one member in memory. The number must be the same for every tile.
    """

    members: Iterable[Latents | Mixture]
    """What each picture is decoded from."""

    def __iter__(self) -> Iterator[Latents | Mixture]:
        return iter(self.members)


@dataclass(frozen=True)
class Refined:
    """Latents whose means are improved by `steps` of gradient descent, so that they decode closer to the image."""

    latents: Latents
    """Where the descent begins."""
    steps: int


Edited = Latents | Mixture | Series | Refined
"""What an edit may return."""


def edited_again(edited: Edited, edit: Callable[[Latents], Edited]) -> Edited:
    """Apply another edit to the result of one; it edits every component of a mixture.

    Raises TypeError for a `Series` and for `Refined`, which must be decoded first.
    """
    match edited:
        case Latents():
            return edit(edited)
        case Mixture():
            return Mixture(
                (weight * share, part)
                for weight, component in edited
                for share, part in _components(edit(component))
            )
    raise TypeError("several pictures, or a refined one, cannot be edited again")


def _components(edited: Edited) -> Iterable[tuple[float, Latents]]:
    match edited:
        case Latents():
            return [(1.0, edited)]
        case Mixture():
            return edited
    raise TypeError("a component of a mixture cannot become several pictures, or be refined")


def pictures(network: VAE, edited: Edited, x: Tensor, *, std: bool = False) -> Iterator[Decoded]:
    """Decode the result of an edit of an image x (1, C, H, W) in [0, 1]: one picture, or those of a `Series`.

    With `std` each has its standard deviation, if the VAE predicts it. Raises TypeError for any other type.
    """
    match edited:
        case Series():
            for member in edited:
                yield from pictures(network, member, x, std=std)
        case Refined():
            yield network.decode(refined(network, edited.latents, x, edited.steps), std=std)
        case Mixture():
            yield _averaged((weight, network.decode(part, std=std)) for weight, part in edited if weight)
        case Latents():
            yield network.decode(edited, std=std)
        case _:
            raise TypeError(f"`edit` returned {edited!r:.60}, neither Latents nor a Mixture")


def _averaged(parts: Iterable[tuple[float, Decoded]]) -> Decoded:
    """Weighted mean, and standard deviation by the law of total variance: Var x = E_k[std_k^2] + Var_k[mean_k]."""
    mean: Tensor | None = None
    second: Tensor | None = None
    for weight, decoded in parts:
        part = weight * decoded.mean
        mean = part if mean is None else mean + part
        if decoded.std is not None:
            moment = weight * (decoded.std**2 + decoded.mean**2)
            second = moment if second is None else second + moment
    if mean is None:
        raise ValueError("a mixture needs at least one component of non-zero weight")
    return Decoded(mean, None if second is None else (second - mean**2).clamp_min(0).sqrt())
