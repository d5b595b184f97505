"""From facts to presence: who was there, and what failed on our side (credit.md section 2)."""
