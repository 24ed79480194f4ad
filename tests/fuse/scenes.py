"""A scene, and what lenses and sensors make of it."""

import cv2
import numpy as np
from skimage import data

SCENE = cv2.resize(data.astronaut(), (208, 160), interpolation=cv2.INTER_AREA)
BLUR = cv2.GaussianBlur(SCENE, (0, 0), 3)
DARK = (SCENE.astype(float) ** 1.5 / 255**0.5 / 2).astype(np.uint8)
HALF = np.zeros(SCENE.shape[:2], bool)
HALF[:, 104:] = True


def infrared_of(scene, shift=30):
    """Another sensor's picture: nothing of the scene but its shapes, `shift` pixels aside."""
    gray = 255 - cv2.cvtColor(scene, cv2.COLOR_RGB2GRAY)
    return cv2.GaussianBlur(np.roll(gray, shift, 1), (0, 0), 2)
