"""AVIF without loss, which OpenCV writes and Pillow does not: the samples are stored as RGB (matrix coefficients 0)."""

import cv2
import numpy as np

from vaeedit.image.frame import Frame


def lossless_avif(frame: Frame) -> bytes:
    """The file of a frame in color, 8 bits or 12 of its 16, with its EXIF, XMP and color profile; raises ValueError."""
    about = frame.metadata
    exif = about.exif and about.exif.removeprefix(b"Exif\0\0")
    kinds = (
        (cv2.IMAGE_METADATA_EXIF, exif),
        (cv2.IMAGE_METADATA_XMP, about.xmp),
        (cv2.IMAGE_METADATA_ICCP, about.icc),
    )
    held = [(kind, np.frombuffer(block, np.uint8)) for kind, block in kinds if block]
    values = frame.samples[:, :, [2, 1, 0, 3][: frame.samples.shape[2]]]  # OpenCV's order
    settings = [cv2.IMWRITE_AVIF_QUALITY, 100]
    if frame.depth == 16:
        values = np.rint(values * np.float32(4095 / 65535)).astype(np.uint16)
        settings += [cv2.IMWRITE_AVIF_DEPTH, 12]
    done, data = cv2.imencodeWithMetadata(
        ".avif",
        values,
        [kind for kind, _ in held],
        [block for _, block in held],
        settings,
    )
    if not done:
        raise ValueError("OpenCV cannot write it")
    return data.tobytes()
