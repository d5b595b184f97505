"""What enrollment tells the apps above it, after the transaction that made it true. Ids only."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.dispatch import Signal


class CommitSignal(Signal):
    """A signal for after commit; a receiver that fails is logged and stops nobody else."""

    def send_on_commit(self, **payload: object) -> None:
        """Send once the surrounding transaction has committed."""
        transaction.on_commit(partial(self.send_robust, None, **payload))


consent_revoked = CommitSignal()
"""patient_id, user_id (the participant), program_id, kind (ConsentKind value), at (of the revocation)."""

enrollment_changed = CommitSignal()
"""enrollment_id, patient_id, user_id, program_id, in_treatment (bool), changed_by (the actor), at."""

consent_signed = CommitSignal()
"""patient_id, user_id, program_id, kind, at."""
