"""Scores the pictures of a folder as they come: prints, writes the table, puts alarms apart, and warns of drift."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vaeedit.api import ImageError, UsageError, WeightsError, console
from vaeedit_anomaly.alarms import Alarms
from vaeedit_anomaly.arrivals import Arrivals, Stamp, stamp_of
from vaeedit_anomaly.drift import WINDOW, Drift, Tested
from vaeedit_anomaly.ending import Ending
from vaeedit_anomaly.log import Log, row_of
from vaeedit_anomaly.scoring import Row, Scored


@dataclass
class Station:
    """Does what there is to do for each picture, and counts."""

    score: Callable[[Path], Scored]
    log: Log
    alarms: Alarms | None
    drift: Drift | None
    as_json: bool = False
    scored: int = 0
    abnormal: int = 0
    failed: int = 0

    def take(self, path: Path, stamp: Stamp) -> bool:
        """Score a picture; False if it has changed or gone meanwhile: then nothing is recorded.

        Raises UsageError and WeightsError for a model that cannot be used, and ImageError if the table cannot be written.
        """
        scored = tried(self.score, path)
        if stamp_of(path) != stamp:
            return False
        error, alarm = scored.error, None
        if scored.anomalous and self.alarms is not None:
            # before the table says that the picture is done, so that an end between the two loses no alarm
            try:
                alarm = self.alarms.take(path)
            except ImageError as problem:
                error = str(problem)
        row = row_of(scored, stamp, self.log.model, alarm)
        row |= {} if error is None else {"error": error}
        self.log.append(row)
        self._say(scored, row)
        self._count(scored, error)
        return True

    def summary(self) -> str:
        """What was done, in a sentence."""
        return f"{self.scored} scored, {self.abnormal} abnormal, {self.failed} failed."

    def _say(self, scored: Scored, row: Row) -> None:
        if "error" in row:
            console.complain(row["error"])
        if self.as_json:
            console.say_json(row)
        elif scored.error is None:
            console.say(scored.verdict() + (f" -> {row['alarm']}" if "alarm" in row else ""))

    def _count(self, scored: Scored, error: str | None) -> None:
        self.failed += error is not None
        if scored.error is not None:
            return
        self.scored += 1
        self.abnormal += scored.anomalous
        if self.drift is not None:
            before = self.drift.drifted
            tested = self.drift.take(scored.score)
            if tested is not None:
                self._say_drift(tested, before)

    def _say_drift(self, tested: Tested, before: bool) -> None:
        """Print the outcome of a window as JSON; warn if it is not that of the window before."""
        if self.as_json:
            console.say_json(tested.row())
        if tested.drifted and not before:
            console.warn(drifted(tested))
        elif before and not tested.drifted:
            console.note(f"The scores of the last {WINDOW} images are like those of the calibration again.")


def tried(score: Callable[[Path], Scored], path: Path) -> Scored:
    """The score of a picture; whatever is wrong with the picture is its error, and what is wrong with the model is raised."""
    try:
        return score(path)
    except (UsageError, WeightsError):
        raise  # it concerns every picture
    except Exception as error:  # a line must not stop for one picture that some library cannot bear
        return Scored(path, path.name, error=f"{path} cannot be scored ({type(error).__name__}: {error}).")


def drifted(tested: Tested) -> str:
    """The warning of drift."""
    return (
        f"The scores of the last {WINDOW} images differ from those of the normal images that the model was calibrated on "
        f"(median {tested.median:.3f}, was {tested.calibrated:.3f}; Kolmogorov-Smirnov, p = {tested.p_value:.1g}). Look for "
        "what has changed: light, camera, material. If the parts are good, make the calibration anew: "
        "vaeedit anomaly recalibrate."
    )


def watch(arrivals: Arrivals, station: Station, every: float, *, once: bool, only_new: bool) -> None:
    """Look into the folder every so many seconds, until Ctrl-C or SIGTERM or, with `once`, until what is there is scored."""
    with Ending() as ending:
        arrivals.look()
        if only_new:
            arrivals.pass_over()
        while not ending.wanted:
            ending.sleep(every)
            for path, stamp in [] if ending.wanted else arrivals.look():
                if ending.wanted:
                    return
                if station.take(path, stamp):
                    arrivals.take(path, stamp)
            if once:
                return
