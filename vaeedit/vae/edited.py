"""What an edit may give beside `Latents`; this module alone asks which of these it is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor

from vaeedit.vae.latents import Decoded, Latents
from vaeedit.vae.protocol import VAE
from vaeedit.vae.refine import refined


@dataclass(frozen=True)
class Mixture:
    """Weighted latents, decoded one by one: the image is the weighted mean, the scale follows the law of total variance.

    `components` yields (weight, latents); weights sum to 1. Give a generator to keep only one in memory.
    """

    components: Iterable[tuple[float, Latents]]

    def __iter__(self) -> Iterator[tuple[float, Latents]]:
        return iter(self.components)


@dataclass(frozen=True)
class Series:
    """Several latents, decoded one by one, each to a picture of its own; `after` gets them all.

    Give a generator to keep only one in memory. Every tile must give as many.
    """

    members: Iterable[Latents | Mixture]

    def __iter__(self) -> Iterator[Latents | Mixture]:
        return iter(self.members)


@dataclass(frozen=True)
class Refined:
    """Latents whose means are to be moved, by `steps` of gradient descent, until they decode closer to the image itself."""

    latents: Latents
    steps: int


Edited = Latents | Mixture | Series | Refined
"""What an edit may give."""


def edited_again(found: Edited, edit: Callable[[Latents], Edited]) -> Edited:
    """What a further edit makes of what one gave; of a mixture, it edits every component.

    Raises TypeError for several pictures and for refined ones, which cannot be edited again before they are decoded.
    """
    match found:
        case Latents():
            return edit(found)
        case Mixture():
            return Mixture(
                (weight * share, part)
                for weight, component in found
                for share, part in _components(edit(component))
            )
    raise TypeError("several pictures, or a refined one, cannot be edited again")


def _components(found: Edited) -> Iterable[tuple[float, Latents]]:
    match found:
        case Latents():
            return [(1.0, found)]
        case Mixture():
            return found
    raise TypeError("a component of a mixture cannot become several pictures, or be refined")


def pictures(network: VAE, found: Edited, x: Tensor, *, std: bool = False) -> Iterator[Decoded]:
    """Every picture that an edit of the latents of an image x (1, C, H, W) gives; raises TypeError for anything else.

    With `std` each has its standard deviation, where the VAE knows it.
    """
    match found:
        case Series():
            for member in found:
                yield from pictures(network, member, x, std=std)
        case Refined():
            yield network.decode(refined(network, found.latents, x, found.steps), std=std)
        case Mixture():
            yield _averaged((weight, network.decode(part, std=std)) for weight, part in found if weight)
        case Latents():
            yield network.decode(found, std=std)
        case _:
            raise TypeError(f"`edit` gave {found!r:.60}, neither Latents nor a Mixture")


def _averaged(parts: Iterable[tuple[float, Decoded]]) -> Decoded:
    """Weighted mean, and standard deviation by the law of total variance: Var x = E_k[scale_k^2] + Var_k[mean_k]."""
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
