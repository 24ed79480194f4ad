"""`when`: a condition on the notes of an earlier step, for example `judge.p_value < 0.01` or `not judge.passed`."""

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
"""Most characters of a condition."""
SKIPPED = "skipped"
"""Name of the note of a step that did not run; its value is the condition."""


@dataclass(frozen=True)
class When:
    """A condition: the note `note` of the step `step`, compared with a number or, without a comparison, true or false."""

    text: str
    step: str
    note: str
    comparison: str | None = None
    number: float = 0.0
    negated: bool = False

    @classmethod
    def parse(cls, text: str) -> "When":
        """The condition of a text; raises ValueError with a sentence for a text of any other form."""
        match = FORM.fullmatch(text.strip()) if len(text) <= LONG else None
        if match is None or (match["negated"] and match["comparison"]):
            raise ValueError(
                f"when must look like STEP.NOTE > NUMBER, STEP.NOTE or not STEP.NOTE, which {shown(text)} does not."
            )
        number = float(match["number"] or 0)
        if not math.isfinite(number):
            raise ValueError(f"when compares with {match['number']}, which is too large a number.")
        return cls(
            text.strip(), match["step"], match["note"], match["comparison"], number, bool(match["negated"])
        )

    def about(self, step: str) -> "When":
        """The same condition on the step of another name."""
        return replace(self, step=step, text=self.text.replace(f"{self.step}.", f"{step}.", 1))

    def holds(self, notes: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether the condition is true, given the notes of all steps for one picture; False if `step` was skipped.

        Raises VaeeditError if the note is missing, or is not a number although it is compared with one.
        """
        own = notes[self.step]
        if SKIPPED in own:
            return False
        if self.note not in own:
            raise VaeeditError(f"{self.step} has no note {self.note!r}{suggestion(self.note, own)}")
        value = own[self.note]
        if self.comparison is None:
            return bool(value) is not self.negated
        if not isinstance(value, int | float) or math.isnan(value):
            raise VaeeditError(
                f"The note {self.step}.{self.note} is {shown(value)}; `{self.text}` needs a number there."
            )
        return COMPARISONS[self.comparison](value, self.number)
