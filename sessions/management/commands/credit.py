"""`manage.py credit FILE`: recompute every minute of an exported evidence file, without database."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand

from sessions.rules import EvidenceError, compute, parse, to_json
from sessions.rules.crediting.explain import explain
from sessions.rules.document.strict_json import MAX_BYTES

MALFORMED = 2


class Command(BaseCommand):
    """Print the credit of an evidence file as JSON, or explain it as text."""

    help = "Compute attendance credit from an evidence file (- reads standard input)."
    # An auditor's machine has the file and nothing else: no check may ask for a database or a secret.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", help="evidence file, version 1; - for standard input")
        parser.add_argument("--explain", action="store_true", help="a readable table and timeline, not JSON")

    # Any: Django passes every option of the command line.
    def handle(self, *, file: str, explain: bool, **_options: Any) -> None:
        """Compute first and print after: malformed evidence leaves standard output empty."""
        try:
            output = _answer(_read(file), as_text=explain)
        except EvidenceError as error:
            self.stderr.write(str(error), style_func=str)
            sys.exit(MALFORMED)
        self.stdout.write(output, ending="")


def _answer(source: bytes, *, as_text: bool) -> str:
    evidence = parse(source)
    result = compute(evidence)
    if as_text:
        return explain(evidence, result)
    return json.dumps(to_json(result), indent=1) + "\n"


def _read(file: str) -> bytes:
    if file == "-":
        return _read_bounded(sys.stdin.buffer)
    try:
        with Path(file).open("rb") as opened:
            return _read_bounded(opened)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a file name"
        raise EvidenceError(file if file.isprintable() else ascii(file), reason) from None


def _read_bounded(opened: BinaryIO) -> bytes:
    """Read one byte more than the parser accepts, so that it can say no to an endless file."""
    return opened.read(MAX_BYTES + 1)
