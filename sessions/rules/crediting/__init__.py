"""From presence to credited minutes, per session and patient (credit.md sections 4 and 5)."""
