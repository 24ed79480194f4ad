"""`vaeedit evaluate NAME`: what plugins measure, with the protocol in the output."""

from vaeedit.cli.plugged import PluggedGroup
from vaeedit.extension.registry import registry

evaluate = PluggedGroup(
    "evaluate", lambda: registry().evaluations, help="Measure an operation on a folder of reference images."
)
