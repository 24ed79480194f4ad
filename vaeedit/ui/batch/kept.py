"""Keeps the pipeline of the tab Edit in the output folder of a batch, with the uploads that it names."""

import os
import shutil
from pathlib import Path
from typing import Any

from vaeedit.image.atomic import make_folder
from vaeedit.pipeline.pipeline import Pipeline

PIPELINE = "pipeline.yaml"


def keep_pipeline(pipeline: Pipeline, folder: Path, home: Path) -> Path:
    """Write a pipeline, and the files in its own folder that it names, into `folder`; returns the pipeline file.

    Names of its extra pictures are relative to its folder; other texts are paths, which become paths in `home`, where
    `folder` will be. Raises ImageError.
    """
    make_folder(folder)
    uploads = pipeline.folder or folder

    def moved(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [moved(item) for item in value]
        if not isinstance(value, str):
            return value
        path = uploads / value
        if path.parent != uploads or not path.is_file():
            return value
        shutil.copyfile(path, folder / path.name)
        return path.name if os.path.basename(value) == value else str(home / path.name)

    steps = [step.but({key: moved(value) for key, value in step.options.items()}) for step in pipeline.steps]
    file = folder / PIPELINE
    file.write_text(Pipeline(*steps, seed=pipeline.seed).to_yaml(), encoding="utf-8")
    return file
