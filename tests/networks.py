"""Untrained networks and what can be asked of any of them."""

import torch


def shaken(network):
    """Random weights everywhere: the zero initialisation of heads would hide what they depend on."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            fan_in = max(1, parameter[0].numel())
            parameter.copy_(noise / fan_in**0.5)
    return network.eval()


def influence_radius(function, size):
    """Largest distance at which changing the middle pixel changes the output."""
    image = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    changed = image.clone()
    middle = size // 2
    changed[..., middle, middle] += 0.5
    rows, columns = torch.nonzero((function(image) != function(changed))[0].any(0), as_tuple=True)
    return max((rows - middle).abs().max(), (columns - middle).abs().max()).item()


def enough_around(network):
    """A side that holds the whole receptive field, a multiple of what the network needs."""
    return network.multiple * (2 * network.receptive_field // network.multiple + 4)
