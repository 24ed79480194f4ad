"""`relabel`: a picture is encoded with one class and decoded with another; what does not depend on the class stays."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from vaeedit.api import Condition, Edit, Estimated, Frame, Latents, Result, label_of, name_of
from vaeedit_variants.options import RelabelOptions


class Relabel(Edit[RelabelOptions]):
    """z is the mean of q(z | x, from), and the result the mean of p(x | z, to) (Kingma et al. 2014, section 4.2)."""

    def before(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """The picture with its class as a condition, or the order to estimate it."""
        known, names = self.options.from_, self.vae.classes
        self.label = label_of(self.options.to, names)
        given: Condition = Estimated() if known == "auto" else float(label_of(known, names))
        return [frame.with_conditions(label=given) for frame in frames]

    def edit(self, latents: Latents) -> Latents:
        """The same latents for a decoder of the other class."""
        labels = torch.full_like(latents.context["labels"], self.label)
        context = {**latents.context, "labels": labels, "guidance": self.options.guidance}
        return replace(latents.mean(), context=context)

    def after(self, frames: Sequence[Frame], originals: Sequence[Frame]) -> Result:
        """The picture, and both classes by name."""
        known: Any = frames[0].conditions["label"]
        names = self.vae.classes
        notes: Mapping[str, Any] = {"from": name_of(round(known), names), "to": name_of(self.label, names)}
        return Result(frames[0], notes=notes)
