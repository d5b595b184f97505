"""Routes of the reports: a page and a file each."""

from django.urls import path

from . import views

KEYS = ("attendance", "weeks", "census", "absences", "corrections", "unsigned", "access")

app_name = "reports"
urlpatterns = [
    path("admin/reports/", views.index, name="index"),
    *(path(f"admin/reports/{key}/", views.report, {"key": key}, name=key) for key in KEYS),
    *(path(f"admin/reports/{key}.csv", views.report_file, {"key": key}, name=f"{key}_csv") for key in KEYS),
]
