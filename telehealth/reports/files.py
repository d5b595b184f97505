"""Reports as CSV with the header of domain.md 8."""

from __future__ import annotations

from telehealth.core.csv import hashed_table, instant

from .services import ReportPage


def report_csv(page: ReportPage) -> str:
    """Write a report: program, range, zone, filter, who and when, terms; then the rows with their hashes."""
    scope, report = page.scope, page.report
    terms = "; ".join(
        f"{one.name} v{one.version} from {one.effective_on.isoformat()}" for one in scope.terms_in_force()
    )
    header = (
        ("report", page.kind.key),
        ("program", scope.program.name),
        ("from", scope.dates.first.isoformat()),
        ("until", scope.dates.last.isoformat()),
        ("time_zone", scope.program.time_zone),
        ("track", "all" if scope.track is None else scope.track.name),
        ("generated_by", f"{scope.reader.full_name} ({scope.reader.pk})"),
        ("generated_at", instant(scope.at)),
        ("credit_terms", terms or "none"),
        ("rows", str(len(report.rows))),
        ("row_sha256", "SHA-256 of the row's other cells joined by line feeds"),
    )
    return hashed_table(report.columns, (row.cells for row in report.rows), header=header)
