"""Routes of every app."""

from django.urls import URLPattern, URLResolver, include, path

from telehealth.accounts.views import home

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("accounts/mfa/", include("allauth.mfa.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("", include("telehealth.core.urls")),
    path("", include("telehealth.programs.urls")),
    path("", include("telehealth.enrollment.urls")),
    path("", include("sessions.urls")),
    path("", include("telehealth.reports.urls")),
    path("", include("realtime.urls")),
]

handler400 = "telehealth.core.views.bad_request"
handler403 = "telehealth.core.views.permission_denied"
handler404 = "telehealth.core.views.not_found"
handler500 = "telehealth.core.views.server_error"
handler429 = "telehealth.core.views.too_many_requests"
