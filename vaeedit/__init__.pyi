from .errors import VaeeditError as VaeeditError
from .errors import VaeeditWarning as VaeeditWarning
from .image import Frame as Frame
from .image import read as read
from .image import read_pages as read_pages
from .image import write as write
from .pipeline.pipeline import Pipeline as Pipeline
from .pipeline.pipeline import Step as Step
from .run.edit import edit as edit
from .run.operation import Result as Result
from .run.session import Session as Session

__version__: str
