"""The pure rules of attendance: evidence in, minutes out. Nothing here imports Django or reads a clock."""

from sessions.rules.crediting.credit import Result, compute
from sessions.rules.document.errors import EvidenceError
from sessions.rules.document.evidence import Evidence
from sessions.rules.document.evidence_parser import parse
from sessions.rules.document.result import to_json

__all__ = ["Evidence", "EvidenceError", "Result", "compute", "parse", "to_json"]
