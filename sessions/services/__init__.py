"""Writes of the session domain: plain functions, one transaction each."""
