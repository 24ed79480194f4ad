"""How many units of the residual blocks of a VAE are dead, and how much each block adds to its input.

python benchmarks/dead_units.py PICTURES denoise denoise-photo
python benchmarks/dead_units.py PICTURES super-resolve super-resolve

A unit is dead where its value before the activation is not above 0 at any pixel of any picture. With a leaky activation
such a unit still passes a gradient. The change is the deviation, over the pixels of a channel, of what a block adds, divided
by that of its input; where it is 0 the block adds nothing, or a constant, and its arithmetic is wasted.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from vaeedit import Session, Step, read
from vaeedit.image import image_files
from vaeedit_ladder.blocks import ResidualBlock


class Block:
    """What a residual block did, over all pictures."""

    def __init__(self, name: str, block: ResidualBlock) -> None:
        self.name = name
        self.ever = torch.zeros(block.first.out_channels, dtype=torch.bool)
        self.input = self.change = 0.0
        block.first.register_forward_hook(self._units)
        block.register_forward_hook(self._whole)

    def _units(self, _: nn.Module, given: tuple[Tensor], out: Tensor) -> None:
        self.ever |= (out > 0).any(3).any(2).any(0).cpu()

    def _whole(self, _: nn.Module, given: tuple[Tensor], out: Tensor) -> None:
        self.input += float(given[0].float().var((2, 3)).mean())
        self.change += float((out - given[0]).float().var((2, 3)).mean())

    def row(self) -> str:
        dead, share = int((~self.ever).sum()), (self.change / max(self.input, 1e-30)) ** 0.5
        return f"| {self.name} | {len(self.ever)} | {dead} | {share:.4f} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", type=Path)
    parser.add_argument("operation")
    parser.add_argument("vae", help="name or file of a VAE")
    parser.add_argument("--limit", type=int, default=8, help="number of pictures")
    asked = parser.parse_args()
    with Session(device="cpu") as session:
        modules = session.vae(asked.vae).network.named_modules()
        blocks = [Block(name, module) for name, module in modules if isinstance(module, ResidualBlock)]
        for path in sorted(image_files([asked.pictures]))[: asked.limit]:
            session.run(Step(asked.operation, vae=asked.vae), read(path))
    print("| block | units | dead | change over input |\n| --- | --- | --- | --- |")
    print("\n".join(block.row() for block in blocks if block.input))


if __name__ == "__main__":
    main()
