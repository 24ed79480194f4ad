"""An operation without a VAE: `before` and `after`, and nothing between them."""

from dataclasses import replace

from vaeedit.image import Frame
from vaeedit.run.checked import finished
from vaeedit.run.member import Member, plugin_errors
from vaeedit.run.operation import Result


def run_on_pixels(member: Member, original: Frame) -> Result:
    """The result that the operation makes of the image, with its notes by label; raises PluginError if it fails."""
    step = member.step
    with plugin_errors(step):
        result = finished(member, member.operation.before([original]), original)
    return replace(result, notes={step.label: result.notes})
