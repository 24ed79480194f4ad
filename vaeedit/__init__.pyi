from .errors import VaeeditError as VaeeditError
from .image import Frame as Frame
from .image import read as read
from .image import write as write
from .operation import Result as Result
from .pipeline import Pipeline as Pipeline
from .pipeline import Step as Step
from .session import Session as Session
from .session import edit as edit

__version__: str
