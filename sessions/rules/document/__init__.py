"""The evidence file and the result of computing it (credit.md sections 3 and 7)."""
