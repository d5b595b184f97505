"""Signatures, corrections and their limits (domain.md 3.6)."""
