"""What is said of a scene, as HTML."""

from collections.abc import Iterator, Sequence

from vaeedit.plain import in_html, plain
from vaeedit.ui.explore.scene import Choice, Opened
from vaeedit.ui.explore.state import Exploring


def choices(found: Sequence[Choice]) -> list[tuple[str, str]]:
    """What a drop-down shows of VAEs, and their names; groups stay together."""
    return [(f"{one.group}: {plain(one.vae.rpartition('/')[2])}", one.vae) for one in found]


def facts(state: Exploring) -> str:
    """The VAE's summary, its levels, and how well it reconstructs."""
    return "".join(f"<p>{in_html(line)}</p>" for line in _lines(state))


def _lines(state: Exploring) -> Iterator[str]:
    if state.choice is not None:
        yield state.choice.summary
    if state.known is None:
        return
    yield _levels(state.known)
    if fidelity := [
        f"{name} {psnr:.1f} dB" for name, psnr in zip(state.names, state.known.fidelity, strict=False)
    ]:
        yield f"How close reconstructed pictures are (PSNR; 40 dB is hard to see): {', '.join(fidelity)}."
    if state.names and not state.known.codes:
        yield (
            "It restores the first picture. Its latents hold how the restored picture may look in detail, and their mean "
            "is the best guess: draw samples."
        )


def _levels(known: Opened) -> str:
    """The sizes of pictures and latents."""
    sizes = [f"{level.channels} channels of {level.width}\u00d7{level.height}" for level in known.levels]
    count = "one level" if len(sizes) == 1 else f"{len(sizes)} levels"
    return (
        f"Pictures of {known.width}\u00d7{known.height} pixels have {count} of latents: {'; '.join(sizes)}."
    )
