"""`when`: whether a step runs, by a note that an earlier step left: `judge.p_value < 0.01`, `not judge.passed`."""

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vaeedit.errors import VaeeditError, suggestion
from vaeedit.options import shown

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
FORM = re.compile(
    r"(?P<negated>not\s+)?(?P<step>[\w:-]+)\.(?P<note>\w+)"
    rf"(\s*(?P<comparison>{'|'.join(COMPARISONS)})\s*(?P<number>[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?))?"
)
LONG = 200
"""Characters of a condition at most."""
SKIPPED = "skipped"
"""The note of a step that did not run: its condition."""


@dataclass(frozen=True)
class When:
    """A note of the step `step`, compared with a number or, where there is no comparison, taken as true or false."""

    text: str
    step: str
    note: str
    comparison: str | None = None
    number: float = 0.0
    negated: bool = False

    @classmethod
    def parse(cls, text: str) -> "When":
        """Raises ValueError, a sentence, for a text of another form."""
        found = FORM.fullmatch(text.strip()) if len(text) <= LONG else None
        if found is None or (found["negated"] and found["comparison"]):
            raise ValueError(
                f"when must look like STEP.NOTE > NUMBER, STEP.NOTE or not STEP.NOTE, which {shown(text)} does not."
            )
        number = float(found["number"] or 0)
        if not math.isfinite(number):
            raise ValueError(f"when compares with {found['number']}, which is too large a number.")
        return cls(
            text.strip(), found["step"], found["note"], found["comparison"], number, bool(found["negated"])
        )

    def about(self, step: str) -> "When":
        """The same condition on a step that is called otherwise."""
        return replace(self, step=step, text=self.text.replace(f"{self.step}.", f"{step}.", 1))

    def holds(self, notes: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether the step is to run; never where the step it asks about has not. The notes are those of one picture.

        Raises VaeeditError for a note that the step did not leave, or that is no number where it is compared with one.
        """
        found = notes[self.step]
        if SKIPPED in found:
            return False
        if self.note not in found:
            raise VaeeditError(f"{self.step} left no note {self.note!r}{suggestion(self.note, found)}")
        value = found[self.note]
        if self.comparison is None:
            return bool(value) is not self.negated
        if not isinstance(value, int | float) or math.isnan(value):
            raise VaeeditError(
                f"The note {self.step}.{self.note} is {shown(value)}; `{self.text}` needs a number there."
            )
        return COMPARISONS[self.comparison](value, self.number)
