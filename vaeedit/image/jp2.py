"""What a JPEG 2000 file holds beside its picture, in boxes that Pillow does not read (ISO 15444-1, annex I)."""

PROFILE = b"colr\2"
"""Start of a box of colors by a profile; two bytes follow, then the profile."""
UUIDS = {
    "EXIF": b"uuidJpgTiffExif->JP2",
    "XMP": b"uuid\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac",
}
"""Starts of the boxes of metadata."""


def profile_in(data: bytes) -> bytes | None:
    """The color profile of a file, if it has one."""
    at = data.find(PROFILE, 0, data.find(b"jp2c"))
    return data[at + 7 : at - 4 + int.from_bytes(data[at - 4 : at], "big")] if at >= 4 else None


def left_out_boxes(data: bytes) -> list[str]:
    """A warning for metadata that results lack."""
    found = [kind for kind, start in UUIDS.items() if start in data]
    return [f"Its {' and '.join(found)} are left out."] if found else []
