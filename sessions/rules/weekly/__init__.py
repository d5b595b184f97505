"""Weeks, what is missing in them and how it may be made up (credit.md section 6, domain.md 3.4)."""
