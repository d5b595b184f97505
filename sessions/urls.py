"""Routes of the sessions' pages."""

from django.urls import path

from .views import audit, corrections, history, homes, mine, roster, schedule, series

app_name = "sessions"
urlpatterns = [
    path("my/", homes.patient_home, name="patient_home"),
    path("my/live/", homes.patient_live, name="patient_live"),
    path("my/sessions/<uuid:pk>/", mine.my_session, name="my_session"),
    path("my/sessions/<uuid:pk>/dispute/", mine.dispute, name="dispute"),
    path("sessions/<uuid:pk>/attendance/", roster.roster, name="roster"),
    path("sessions/<uuid:pk>/attendance/sign/", roster.sign_off, name="sign_off"),
    path("sessions/<uuid:pk>/attendance/<uuid:patient>/correct/", roster.correct, name="correct"),
    path("corrections/<uuid:pk>/withdraw/", roster.withdraw, name="correction_withdraw"),
    path("admin/corrections/", corrections.corrections, name="corrections"),
    path("admin/corrections/<uuid:pk>/", corrections.correction_decide, name="correction_decide"),
    path("admin/disputes/", corrections.disputes, name="disputes"),
    path("admin/disputes/<uuid:pk>/", corrections.dispute_answer, name="dispute_answer"),
    path("today/", homes.therapist_home, name="therapist_home"),
    path("today/roster/<uuid:pk>/", homes.live_roster, name="live_roster"),
    path("admin/sessions/", schedule.session_list, name="list"),
    path("admin/sessions/new/", schedule.session_new, name="new"),
    path("admin/sessions/<uuid:pk>/", schedule.detail, name="detail"),
    path("admin/sessions/<uuid:pk>/move/", schedule.move, name="move"),
    path("admin/sessions/<uuid:pk>/cancel/", schedule.cancel, name="cancel"),
    path("admin/sessions/<uuid:pk>/roster/add/", schedule.roster_add, name="roster_add"),
    path("admin/sessions/<uuid:pk>/roster/<uuid:patient>/off/", schedule.roster_off, name="roster_off"),
    path("admin/series/new/", series.series_new, name="series_new"),
    path("admin/series/<uuid:pk>/", series.series_detail, name="series"),
    path("admin/series/<uuid:pk>/members/add/", series.member_add, name="member_add"),
    path("admin/series/<uuid:pk>/members/<uuid:patient>/off/", series.member_off, name="member_off"),
    path("admin/sessions/<uuid:pk>/audit/", audit.audit, name="audit"),
    path("admin/sessions/<uuid:pk>/audit/facts/<uuid:participant>/", audit.facts, name="facts"),
    path("admin/patients/<uuid:pk>/attendance/", history.patient_history, name="patient_history"),
    path("admin/sessions/<uuid:pk>/audit.csv", audit.audit_csv, name="audit_csv"),
    path("admin/sessions/<uuid:pk>/evidence.json", audit.evidence, name="evidence"),
]
