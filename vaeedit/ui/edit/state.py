"""What the tab Edit keeps of a sitting: its document, and where the names in it lead."""

from vaeedit.pipeline.pipeline import Pipeline
from vaeedit.ui.context import Context
from vaeedit.ui.document import Document
from vaeedit.ui.opened import pipeline_of
from vaeedit.ui.places import Places
from vaeedit.ui.sittings import Sitting

DOCUMENT = "document"


def document_of(sitting: Sitting) -> Document:
    """The pipeline that the sitting edits."""
    found: Document = sitting.part(DOCUMENT, Document)
    return found


def keep(sitting: Sitting, document: Document) -> None:
    """Make this the document of the sitting."""
    sitting.parts[DOCUMENT] = document


def places_of(context: Context, sitting: Sitting) -> Places:
    """What the document of the sitting may name: uploads to its folder, files below the root, installed VAEs."""
    folder = sitting.folder / "inputs"
    folder.mkdir(exist_ok=True)
    return Places(context.registry, folder, context.root)


def running(context: Context, sitting: Sitting) -> Pipeline | None:
    """The pipeline of the steps that are on, for a worker; None for none. Raises PipelineError while one is incomplete."""
    document = document_of(sitting)
    return pipeline_of(document, places_of(context, sitting)) if document.steps else None
