"""The pure rules of attendance: evidence in, minutes out. Nothing here imports Django or reads a clock."""

from .credit import Result, compute
from .errors import EvidenceError
from .evidence import Evidence
from .evidence_parser import parse
from .result import to_json

__all__ = ["Evidence", "EvidenceError", "Result", "compute", "parse", "to_json"]
