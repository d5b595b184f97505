"""Routes of enrollment."""

from django.urls import path

from .views import documents, mine, staff, tracks

app_name = "enrollment"
urlpatterns = [
    path("my/agreements/", mine.my_agreements, name="my_agreements"),
    path("my/agreements/next/", mine.sign_next, name="sign_next"),
    path("my/agreements/<uuid:pk>/sign/", mine.sign, name="sign"),
    path("my/agreements/signed/<uuid:pk>/", mine.signed, name="signed"),
    path("my/agreements/signed/<uuid:pk>/copy/", mine.signed_copy, name="signed_copy"),
    path("my/agreements/signed/<uuid:pk>/revoke/", mine.revoke, name="revoke"),
    path("admin/patients/", staff.patients, name="patients"),
    path("admin/patients/enrol/", staff.enrol, name="enrol"),
    path("admin/patients/<uuid:pk>/", staff.patient, name="patient"),
    path("admin/patients/<uuid:pk>/enrol/", staff.enrol_again, name="enrol_again"),
    path("admin/enrollments/<uuid:pk>/target/", staff.target_new, name="target_new"),
    path("admin/enrollments/<uuid:pk>/track/", tracks.assign_track, name="assign_track"),
    path("admin/enrollments/<uuid:pk>/state/<slug:state>/", staff.change_state, name="change_state"),
    path("admin/agreements/", documents.documents, name="documents"),
    path("admin/agreements/new/", documents.document_new, name="document_new"),
    path("admin/agreements/<uuid:pk>/", documents.document, name="document"),
    path("admin/programs/<uuid:pk>/agreements/", documents.publish_defaults, name="publish_defaults"),
]
