"""How long a test waits for what should come at once.

Long, because a machine that is shared may be ten times as slow as usual for a while. It costs nothing where
the thing comes; where it does not, the test fails so much later.
"""

PATIENCE_SECONDS = 90.0
