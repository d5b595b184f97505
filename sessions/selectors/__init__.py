"""Reads of the session domain: frozen read models, scoped by the account that asks."""
