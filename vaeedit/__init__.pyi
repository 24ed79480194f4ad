from .errors import VaeeditError as VaeeditError
from .errors import VaeeditWarning as VaeeditWarning
from .image import Frame as Frame
from .image import read as read
from .image import write as write
from .pipeline.pipeline import Pipeline as Pipeline
from .pipeline.pipeline import Step as Step
from .run.operation import Result as Result
from .run.session import Session as Session
from .run.session import edit as edit

__version__: str
