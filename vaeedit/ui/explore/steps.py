"""Operations that only move latents, on the latents of a move."""

from collections.abc import Sequence

from vaeedit.extension.faults import plugin_errors
from vaeedit.image import Frame
from vaeedit.image.frame import frozen
from vaeedit.options import validate
from vaeedit.pipeline.plan import plan_alone
from vaeedit.run.checked import finished
from vaeedit.run.combined import combined
from vaeedit.run.guarded import guarded
from vaeedit.run.member import Member
from vaeedit.run.operation import Edit, Inspect
from vaeedit.run.session import SEEDS, STEP_SEEDS, Session
from vaeedit.ui.explore.codes import Coded, Codes
from vaeedit.ui.explore.scene import LatentStep
from vaeedit.vae.edited import Edited
from vaeedit.vae.latents import Latents


class Steps:
    """Operations in order, made for one picture; what they inspect is that picture, whatever they move."""

    def __init__(self, member: Member, frame: Frame) -> None:
        self.member, self.frame = member, frame

    @classmethod
    def of(
        cls, session: Session, codes: Codes, picture: Coded, steps: Sequence[LatentStep], seed: int
    ) -> "Steps | None":
        """The steps, ready to edit; None where they change nothing. Raises OptionError, PipelineError and PluginError."""
        members = [
            _member(session, codes, step, (seed + number * STEP_SEEDS) % SEEDS)
            for number, step in enumerate(steps)
        ]
        members = [member for member in members if not member.is_identity]
        if not members:
            return None
        made = cls(combined(members) if len(members) > 1 else members[0], frozen(picture.frame))
        made._inspect(codes)
        return made

    def _inspect(self, codes: Codes) -> None:
        operation = self.member.operation
        with plugin_errors(self.member.title):
            frames = operation.before([self.frame])
            if isinstance(operation, Inspect):
                for index, frame in enumerate([*frames, *operation.references()]):
                    operation.gather(index, codes.encoded(frame))

    def edit(self, latents: Latents) -> Edited:
        """What the operations make of latents."""
        assert isinstance(self.member.operation, Edit)
        return guarded(self.member.title, self.member.operation.edit, latents)

    def warnings(self, frame: Frame) -> tuple[str, ...]:
        """What the operations say about the result."""
        return finished(self.member, [frame], self.frame).warnings


def _member(session: Session, codes: Codes, step: LatentStep, seed: int) -> Member:
    provided = session.registry.operations.find(step.operation)
    options = validate(provided.spec.options, step.options, step.operation)
    plan = plan_alone(
        provided, options, vae=codes.scene.vae, maps=(), extra_inputs={}, registry=session.registry
    )
    member = Member.of(plan.steps[0], seed, lambda text: [])
    member.operation.vae = codes.vae.info
    return member
