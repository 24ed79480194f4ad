"""What the parts of the tab Explore share: an action, and everything on the page that follows from it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import gradio as gr
from gradio.components import Component

from vaeedit.errors import VaeeditError
from vaeedit.ui.context import Context
from vaeedit.ui.edit.parts import said_in
from vaeedit.ui.edit.strip import strip_of
from vaeedit.ui.engine.desk import Cancelled
from vaeedit.ui.explore.opening import DRAWS, PICTURES, reopened
from vaeedit.ui.explore.state import exploring
from vaeedit.ui.explore.words import choices, facts
from vaeedit.ui.sittings import Sitting

Action = Callable[..., Awaitable[bool]]
"""What changes the scene of a sitting: (context, sitting, values of inputs); False where it stays as it is."""
NOTHING = "Add a picture: drop one, take a sample, or the picture of the tab Edit."
EVENTS: dict[str, Any] = {
    "api_visibility": "private",
    "concurrency_limit": None,
    "queue": False,
    "show_progress": "hidden",
}
"""Of actions; they do not use Gradio's queue (see `remade`)."""
_turns = count(1)


@dataclass(frozen=True)
class Parts:
    """The components that show a scene."""

    context: Context
    vae: Component
    facts: Component
    start: Component
    pictures: Any
    """The column of pictures."""
    row: gr.HTML
    turn: gr.HTML
    """Another number when the controls have to be made again."""
    viewer: gr.HTML
    warned: Component
    compare: Component
    """Whether the picture itself is beside."""

    @property
    def outputs(self) -> list[Component]:
        """Of actions."""
        return [
            *(self.vae, self.facts, self.start, self.pictures, self.row, self.turn, self.viewer, self.warned),
            self.compare,
        ]

    def listen(self, event: Any, action: Action, inputs: Any = None) -> None:
        """After the event act, then show the scene."""

        async def acted(request: gr.Request, *given: Any) -> Any:
            sitting = self.context.sittings.of(request)
            kept: list[Any] = [gr.skip()] * len(self.outputs)
            before, said = [*exploring(sitting).pictures.by_id], list[str]()
            try:
                if not await action(self.context, sitting, *given):
                    return kept
            except Cancelled:
                return kept
            except VaeeditError as error:
                said = [sitting.named(line) for line in error.lines]
            if said and before == [*exploring(sitting).pictures.by_id]:
                kept[self.outputs.index(self.warned)] = said_in(said)
                return kept
            return await self._reopened(sitting, said)

        event(acted, inputs, self.outputs, **EVENTS)

    async def _reopened(self, sitting: Sitting, said: list[str]) -> list[Any]:
        """Values of the outputs for the scene that is encoded anew, or the sentence on why that cannot be."""
        try:
            return self._values(sitting, await reopened(self.context, sitting), said)
        except Cancelled:
            return [gr.skip()] * len(self.outputs)
        except VaeeditError as error:
            return self._values(sitting, None, [sitting.named(line) for line in error.lines])

    def _values(
        self, sitting: Sitting, shown: dict[str, Any] | None, said: list[str] | None = None
    ) -> list[Any]:
        state = exploring(sitting)
        return [
            gr.update(choices=choices(state.choices), value=state.choice and state.choice.vae),
            facts(state),
            gr.update(
                visible=bool(state.choice and state.choice.draws), value=DRAWS if state.draws else PICTURES
            ),
            gr.update(visible=not state.draws),
            strip_of(state.pictures),
            next(_turns),
            shown or {"message": NOTHING if not said else ""},
            said_in(said or []),
            gr.update(visible=bool(state.names)),
        ]
