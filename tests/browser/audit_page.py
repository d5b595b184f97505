"""What the administrator reads and downloads on the audit page, and what anybody computes from it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.people import Person
from tests.browser.stack import Stack

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """One patient's card on the audit page."""

    status: str
    credited: str
    billable: str
    toward_hours: str
    flags: list[str]


def read_cards(admin: Person, patients: list[str]) -> dict[str, Shown]:
    """Read the patients' cards of the page that is open."""
    return {patient: _card(admin, patient) for patient in patients}


def _card(admin: Person, patient: str) -> Shown:
    card = admin.page.locator(f'article[aria-labelledby="patient-{patient}"]')
    figures = dict(
        zip(
            card.locator("dl.figures dt").all_inner_texts(),
            card.locator("dl.figures dd").all_inner_texts(),
            strict=True,
        )
    )
    return Shown(
        status=card.locator(".card-header .badge").inner_text(),
        credited=figures["Credited"],
        billable=figures["Billable"],
        toward_hours=figures["Toward hours"],
        flags=sorted(str(flag.get_attribute("title")) for flag in card.locator(".flags .badge").all()),
    )


def download(admin: Person, link: str, folder: Path) -> Path:
    """Download a file of the page that is open."""
    with admin.page.expect_download() as coming:
        admin.page.get_by_role("link", name=link, exact=True).click()
    path = folder / coming.value.suggested_filename
    coming.value.save_as(path)
    return path


def read_csv(path: Path) -> dict[str, dict[str, str]]:
    """Read the table of the audit page by patient."""
    return {row["patient_id"]: row for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))}


def recompute(stack: Stack, evidence: Path) -> Json:
    """Run the command that needs no database on a downloaded evidence file."""
    return dict(json.loads(stack.run("manage.py", "credit", str(evidence))))


def patients_of(result: Json, session: str) -> dict[str, Json]:
    """Pick the patients of one session out of a result."""
    (found,) = (each for each in result["sessions"] if each["id"] == session)
    return {each["id"]: each for each in found["patients"]}
