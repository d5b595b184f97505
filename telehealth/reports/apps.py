"""App configuration of telehealth.reports."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Register telehealth.reports under the label `reports`. It has no tables."""

    name = "telehealth.reports"
    label = "reports"
