"""One check decides whether a VAE suits an operation: for a step, a setting or the command line."""

import pytest
from PIL import Image

from vaeedit import Pipeline, Session, Step
from vaeedit.cli.main import call
from vaeedit.errors import PipelineError
from vaeedit.extension.registry import registry
from vaeedit.vae.files import find_vae

EDITS = {
    "style": {"style": "a.png"},
    "fuse": {"with": "a.png"},
    "interpolate": {"other": "a.png"},
    "direct": {},
    "vary": {},
    "reconstruct": {},
}
"""Every operation that edits latents of the picture itself, with what it must be given."""
MISFITS = [
    *((name, "denoise", "needs an unconditional VAE, such as photo") for name in EDITS),
    ("denoise", "photo", "the VAE photo does not support the condition sigma"),
    ("super-resolve", "denoise", "the VAE denoise does not support the condition scale"),
    ("denoise", "super-resolve", "the VAE super-resolve needs the condition scale"),
    ("vary", "nothing", "There is no VAE called 'nothing'"),
    ("vary", "zoo:faces", "There is no VAE called 'zoo:faces'"),
]


@pytest.mark.parametrize(("operation", "vae", "message"), MISFITS)
def test_a_vae_that_does_not_suit_is_refused_before_anything_loads(operation, vae, message):
    options = EDITS.get(operation, {})
    named, plain = (Pipeline(Step(operation, vae=name, **options)) for name in (vae, None))
    checks = [
        lambda: named.check(registry()),
        lambda: plain.check(registry(), vae),
        lambda: Session(vae=vae, device="cpu").run(plain, "not read.png"),
    ]
    for check in checks:
        with pytest.raises(PipelineError, match=message):
            check()


def test_an_operation_of_a_conditional_vae_takes_another_one(tmp_path):
    copy = tmp_path / "mine.safetensors"
    copy.write_bytes(find_vae("denoise", registry()).read_bytes())
    (step,) = Pipeline(Step("denoise")).check(registry(), str(copy))
    assert step.vae == str(copy)


def test_the_command_line_says_so_too(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png"):
        Image.new("RGB", (40, 40)).save(name)
    for last in ((), ("--dry-run",)):
        assert call(["style", "a.png", "b.png", "--vae", "denoise", *last]) == 2
        assert "style edits the latents of the picture itself" in capsys.readouterr().err
