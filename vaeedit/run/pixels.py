"""An operation without a VAE: `before` and `after`, and nothing between them."""

from dataclasses import replace

from vaeedit.extension.faults import plugin_errors
from vaeedit.image import Frame
from vaeedit.run.checked import finished
from vaeedit.run.member import Member
from vaeedit.run.operation import Result


def run_on_pixels(member: Member, original: Frame) -> Result:
    """The result that the operation makes of the image, with its notes by label; raises PluginError if it fails."""
    with plugin_errors(member.title):
        frames = member.operation.before([original])
    result = finished(member, frames, original)
    return replace(result, notes={member.step.label: result.notes})
