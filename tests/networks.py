"""Untrained networks."""

import torch


def shaken(network):
    """Random weights everywhere: the zero initialization of heads would hide what they depend on."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            fan_in = max(1, parameter[0].numel())
            parameter.copy_(noise / fan_in**0.5)
    return network.eval()
