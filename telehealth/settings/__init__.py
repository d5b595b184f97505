"""Settings, one concern a file. `env` is the only reader of the environment.

Names from the environment: DEMO_MODE, DATA_DIR, PUBLIC_ORIGIN, ALLOWED_HOSTS, SECRET_KEY(_FILE),
REQUIRE_STAFF_MFA, TRUSTED_PROXY_COUNT, DATABASE_URL, REDIS_URL, RELAY_CONTROL_URL,
RELAY_CONTROL_SECRET(_FILE), EMBEDDED_WORKER, DEMO_DATABASE, EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER,
EMAIL_HOST_PASSWORD(_FILE), EMAIL_USE_TLS, DEFAULT_FROM_EMAIL, LOG_LEVEL. `docs/operations.md` says what each
one does.
"""

from .base import *  # noqa: F403
from .database import *  # noqa: F403
from .logging import *  # noqa: F403
from .mail import *  # noqa: F403
from .realtime import *  # noqa: F403
from .security import *  # noqa: F403
