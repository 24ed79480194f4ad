"""The controls of a scene: only those that its VAE supports, with a sentence on each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.components import Component

from vaeedit.extension.registry import Registry
from vaeedit.options import fields
from vaeedit.ui.explore.pad import pad
from vaeedit.ui.explore.scene import GRID, MOST, LatentStep, LevelFacts, Move, Opened
from vaeedit.ui.form import control, described

FAR = 3.0
"""How far a direction goes, in standard deviations."""
DOUBLE = 2.0
"""The largest factor on a level, and on the deviations of draws."""
HOT = 10.0
"""The largest temperature of samples: a VAE that is certain of its latents needs much of it to show any difference."""
SEEDS = 999
"""The largest seed of the slider."""
GUIDED = 5.0
"""The largest guidance of the slider."""
ANY_CLASS = "any"


@dataclass
class Board:
    """Components, and how their values become a move."""

    parts: list[Component] = field(default_factory=list)
    _readers: list[tuple[int, int, Callable[..., dict[str, Any]]]] = field(default_factory=list)

    def add(self, read: Callable[..., dict[str, Any]], *parts: Component) -> None:
        """Add components; `read` makes members of `Move` of their values. Those of several calls are joined."""
        self._readers.append((len(self.parts), len(self.parts) + len(parts), read))
        self.parts += parts

    def move(self, values: Sequence[Any]) -> Move:
        """The move that all values mean."""
        members: dict[str, Any] = {}
        for start, end, read in self._readers:
            found = read(*values[start:end])
            members = {**members, **found, "steps": members.get("steps", ()) + found.get("steps", ())}
        return Move(**members)


def board(registry: Registry, known: Opened, names: Sequence[str]) -> Board:
    """Build the controls in the block that is open; `names` are those of the pictures, none for draws."""
    made = Board()
    if known.codes and len(names) != 1:
        _walk(made, known, names)
    if known.fidelity:
        _details(made)
    if not (names and known.codes):
        _samples(made, known, bool(names))
    if known.shares:
        _directions(made, known)
    for name in known.operations:
        _operation(made, registry, name)
    if known.codes or known.spread:
        _levels(made, known)
    if names and known.codes and known.spread:
        _samples(made, known, True, is_open=False)
    return made


def _walk(made: Board, known: Opened, names: Sequence[str]) -> None:
    """The pad between pictures, or between draws."""
    pictures = [*zip(names, known.thumbnails, strict=True)]
    draws = [(f"Draw {number}", b"") for number in range(1, MOST + 1)]
    with gr.Accordion("Walk", elem_id="explore-walk"):
        _sentence(
            "Latents are numbers that stand for a picture. Between those of two pictures lie numbers that stand for others: "
            "move through them."
        )
        place = pad(pictures or draws, elem_id="explore-pad")
    made.add(lambda at: {"x": float(at["x"]), "y": float(at["y"])}, place)


def _details(made: Board) -> None:
    """Whether the picture keeps what its latents do not hold."""
    keep = gr.Checkbox(
        False,
        label="Keep details",
        info="Adds what reconstructing loses, so that only moves change the picture.",
        elem_id="explore-details",
        interactive=True,
    )
    made.add(lambda keeps: {"details": bool(keeps)}, keep)


def _samples(made: Board, known: Opened, has_pictures: bool, is_open: bool = True) -> None:
    """Samples, by seed and temperature; for draws also the class."""
    with gr.Accordion("Samples" if has_pictures else "Draws", open=is_open, elem_id="explore-samples"):
        _sentence(
            "The VAE is not certain which latents a picture has. Each sample is one of those that it finds likely."
            if has_pictures
            else "Latents drawn at random decode to new pictures. Each seed is another draw."
        )
        if known.classes:
            _class(made, known)
        count = _slider(
            "Side by side", 0, GRID, 0, 1, "0 shows the mean." if has_pictures else "0 walks between draws."
        )
        temperature = _slider(
            "Temperature", 0, HOT if has_pictures else DOUBLE, 1, 0.05, "How far samples are from the mean."
        )
        seed = _slider("Seed", 0, SEEDS, 0, 1, "Another number gives other samples.")
    made.add(
        lambda count, temperature, seed: {
            "samples": int(count),
            "temperature": float(temperature),
            "seed": int(seed),
        },
        count,
        temperature,
        seed,
    )


def _class(made: Board, known: Opened) -> None:
    """The class that is drawn, or that a picture is decoded as."""
    own = f"as recognized ({', '.join(known.labels)})" if known.labels else ANY_CLASS
    label = gr.Dropdown(
        [(own, ""), *((name, name) for name in known.classes)],
        value="",
        label="Class",
        info="What it shows; the latents hold the style.",
        elem_id="explore-class",
        interactive=True,
    )
    guidance = _slider("Guidance", 0, GUIDED, 1, 0.1, "Above 1, more typical of its class.")
    made.add(lambda label, guidance: {"label": label or "", "guidance": float(guidance)}, label, guidance)


def _directions(made: Board, known: Opened) -> None:
    """Sliders along the principal directions."""
    with gr.Accordion("Directions", elem_id="explore-directions"):
        _sentence(
            "The directions in which the coarsest latents vary most, the strongest first. No one has named them: see what "
            "each does."
        )
        sliders = [
            _slider(f"Direction {number}", -FAR, FAR, 0, 0.1, f"{100 * share:.0f} % of the variance.")
            for number, share in enumerate(known.shares, 1)
        ]
    made.add(lambda *amounts: {"along": tuple(map(float, amounts))}, *sliders)


def _operation(made: Board, registry: Registry, name: str) -> None:
    """The options of an operation that only moves latents; it acts while its box is checked."""
    spec = registry.operations.find(name).spec
    with gr.Accordion(f"Operation {name}", open=False, elem_id=f"explore-operation-{name}"):
        gr.Markdown(described(spec.summary))
        on = gr.Checkbox(False, label=f"Apply {name}", elem_id=f"explore-apply-{name}", interactive=True)
        known = fields(spec.options)
        controls = [control(one, one.default, f"explore-option-{name}") for one in known.values()]
    parts = [part for one in controls for part in one.parts]

    def read(applies: bool, *values: Any) -> dict[str, Any]:
        if not applies:
            return {}
        options, rest = {}, list(values)
        for one in controls:
            own, rest = rest[: len(one.parts)], rest[len(one.parts) :]
            options[one.field.name] = one.read(*own)
        return {"steps": (LatentStep(name, options),)}

    made.add(read, on, *parts)
    for one in controls:
        if one.number is not None:
            one.parts[0].input(
                lambda chosen, one=one: gr.update(visible=one.needs_number(chosen)),
                one.parts[0],
                one.number,
                api_visibility="private",
                show_progress="hidden",
            )


def _levels(made: Board, known: Opened) -> None:
    """Factors on the means and deviations of each level."""
    count = len(known.levels)
    with gr.Accordion("Levels", open=False, elem_id="explore-levels"):
        _sentence(
            "Coarse levels hold the large forms and colors, fine ones the texture. 0 removes what a level says, 2 doubles it."
        )
        for key, title, shown in (("means", "", known.codes), ("deviations", "samples, ", known.spread)):
            if shown:
                sliders = [
                    _slider(_named(title, rank, count), 0, DOUBLE, 1, 0.05, _size(level))
                    for rank, level in enumerate(known.levels)
                ]
                made.add(lambda *factors, key=key: {key: tuple(map(float, factors))}, *sliders)


def _named(title: str, rank: int, count: int) -> str:
    where = "" if count == 1 else " (coarsest)" if rank == 0 else " (finest)" if rank == count - 1 else ""
    text = f"{title}level {rank + 1}{where}"
    return text[0].upper() + text[1:]


def _size(level: LevelFacts) -> str:
    bits = "" if level.bits is None else f"; {level.bits:.2f} bits for each value of the picture"
    return f"{level.channels} channels of {level.width} x {level.height}{bits}"


def _slider(label: str, low: float, high: float, value: float, step: float, info: str) -> gr.Slider:
    return gr.Slider(low, high, value, step=step, label=label, info=info, interactive=True)


def _sentence(text: str) -> None:
    gr.HTML(f"<p>{text}</p>", padding=False)
