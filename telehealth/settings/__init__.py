"""Settings, one concern a file. `env` is the only reader of the environment.

`docs/operations.md` lists the names and says what each one does.
"""

from .base import *  # noqa: F403
from .database import *  # noqa: F403
from .logging import *  # noqa: F403
from .mail import *  # noqa: F403
from .realtime import *  # noqa: F403
from .security import *  # noqa: F403
