"""Frozen with its package: a command, an evaluation and an objective."""

import click

from vaeedit.api import (
    AllOfIt,
    Losses,
    Objective,
    Pair,
    console,
    evaluation_command,
    pictures,
    read,
)


@click.command()
@click.argument("name")
def greet(name):
    console.say(f"Hello {name}.")


class Copy(AllOfIt):
    operation, protocol = "vary", "a copy against itself"
    setting, options, conditions, sample = {"acme": 1}, {"amount": 0.5}, {}, {"amount": 1.0}

    def pairs(self, folder):
        for path in pictures(folder):
            yield Pair(path, read(path), read(path))


copy = evaluation_command(
    lambda repeat: [Copy()] * repeat, [click.Option(["--repeat"], default=1)], vae="photo", samples=True
)


class Power(Objective):
    needs = ()
    conditions = ()
    needs_labels = False
    unit = "parts of the error"
    images = 0

    def labeled_losses(self, vae, x, labels, done):
        assert len(labels) == len(x)
        return self.losses(vae, x, done)

    def losses(self, vae, x, done):
        terms = vae.elbo_terms(vae.encode(x, {}), x)
        error = (terms.sample - x).abs() ** self.options.power
        return Losses({"error": error.mean(), "kl": 1e-6 * sum(terms.kl)}, x, terms.estimate)
