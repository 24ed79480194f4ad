"""`vaeedit evaluate NAME`: the measurements that plugins provide."""

from vaeedit.cli.plugged import PluggedGroup
from vaeedit.extension.registry import registry

evaluate = PluggedGroup(
    "evaluate", lambda: registry().evaluations, help="Measure an operation on a folder of reference images."
)
