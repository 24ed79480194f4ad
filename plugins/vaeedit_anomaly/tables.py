"""What an evaluation shows to people: tables of figures with their intervals, of differences, and of the worst images."""

from collections.abc import Sequence
from typing import Any

from vaeedit.api import console
from vaeedit_anomaly.measured import ALARMS, ALL
from vaeedit_anomaly.scoring import Row
from vaeedit_anomaly.trees import GOOD

METRICS = {
    "image_auroc": "image AUROC",
    "image_ap": "image AP",
    "pixel_auroc": "pixel AUROC",
    "aupro": "AUPRO",
    "pixel_ap": "pixel AP",
    ALARMS: ALARMS,
}
"""The figures in tables, with their headings."""
BEFORE = {"kind": "kind", "images": "images", "groups": "groups"}
AFTER = {
    "twins_in_training": "twins in training",
    "without_mask": "without mask",
    "seconds_per_image": "seconds per image",
}
"""What else a table of kinds has, before and after the figures."""
WORST = {
    "misses": "Defective images with the lowest scores",
    "false_alarms": "Normal images with the highest scores",
}
"""The worst images, with their headings."""


def say(rows: Sequence[Row]) -> None:
    """Print all of it."""
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        console.say(f"protocol: {protocol}")
    console.say_table(figures(rows))
    console.say(alarms(rows))
    if compared := differences(rows):
        console.say("", f"All kinds, beside {rows[0]['against']}, on the same resamples:")
        console.say_table(compared)
    for sort, heading in WORST.items():
        console.say("", f"{heading}:")
        console.say_table(worst(rows, sort))


def figures(rows: Sequence[Row]) -> list[Row]:
    """The table of kinds: every figure with its interval in brackets."""
    return [
        {
            **_named(row, BEFORE),
            **{
                heading: f"{row[name]:.3f}{_bounds(row.get(f'{name}_interval'))}"
                for name, heading in METRICS.items()
                if name in row
            },
            **_named(row, AFTER),
        }
        for row in rows
    ]


def alarms(rows: Sequence[Row]) -> str:
    """What was found of the stated false alarms."""
    row = _of(rows, GOOD)
    low, high = row[f"{ALARMS}_interval"]
    where = "within" if low <= row["stated_false_alarms"] <= high else "outside"
    return (
        f"{round(row[ALARMS] * row['images'])} of {row['images']} normal images are called abnormal; the stated share, "
        f"{row['stated_false_alarms']:.3g}, is {where} the interval from {low:.3f} to {high:.3f}."
    )


def differences(rows: Sequence[Row]) -> list[Row]:
    """The table of differences from the other model, for all kinds together; empty without another model."""
    everything = _of(rows, ALL)
    return [
        {
            "figure": heading,
            "this": f"{everything[name]:.3f}",
            "other": f"{found['value']:.3f}",
            "difference": f"{found['difference']:+.3f}{_bounds(found.get('interval'), '+')}",
            "resamples above 0": f"{found['above_zero']:.1%}" if "above_zero" in found else "",
        }
        for name, heading in METRICS.items()
        if (found := everything.get("differences", {}).get(name))
    ]


def worst(rows: Sequence[Row], sort: str) -> list[Row]:
    """The table of the worst images of a sort, worst first."""
    return [
        {
            "image": image["name"],
            "verdict": "abnormal" if image["anomalous"] else "normal",
            "score": f"{image['score']:.3f}",
            "p": f"{image['p_value']:.2g}",
        }
        for image in _of(rows, ALL)["worst"][sort]
    ]


def _of(rows: Sequence[Row], kind: str) -> Row:
    return next(row for row in rows if row["kind"] == kind)


def _named(row: Row, headings: dict[str, str]) -> Row:
    return {heading: row[name] for name, heading in headings.items() if name in row}


def _bounds(interval: Any, sign: str = "") -> str:
    """An interval in brackets; nothing if there is none."""
    return "" if interval is None else " [{:{sign}.3f}, {:{sign}.3f}]".format(*interval, sign=sign)
