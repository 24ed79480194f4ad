"""Gaussian blurs of single images by OpenCV, which is faster than convolutions of torch on a CPU."""

import cv2
import numpy as np
import torch
from torch import Tensor


def soft(x: Tensor, width: float) -> Tensor:
    """Blur each channel of x (B, C, H, W) as `vaeedit.api.gaussian_blur` does; float32 of the same shape and device."""
    radius = max(1, round(3.5 * width))
    border = cv2.BORDER_REFLECT_101 if radius < min(x.shape[2:]) else cv2.BORDER_REPLICATE
    planes = np.ascontiguousarray(x.float().cpu().numpy()).reshape(-1, *x.shape[2:])
    side = 2 * radius + 1
    found = [cv2.GaussianBlur(plane, (side, side), width, borderType=border) for plane in planes]
    return torch.from_numpy(np.stack(found)).view(x.shape).to(x.device)
