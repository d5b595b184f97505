"""Routes of programs."""

from django.urls import path

from . import views

app_name = "programs"
urlpatterns = [
    path("invitations/<str:token>/", views.accept_invitation, name="accept_invitation"),
    path("admin/people/", views.people, name="people"),
    path("admin/people/invite/", views.invite, name="invite"),
    path("admin/people/<uuid:pk>/end/", views.end_membership, name="end_membership"),
    path("admin/people/<uuid:pk>/seat/", views.seat_edit, name="seat_edit"),
    path("admin/invitations/<uuid:pk>/resend/", views.resend_invitation, name="resend_invitation"),
    path("admin/invitations/<uuid:pk>/revoke/", views.revoke_invitation, name="revoke_invitation"),
    path("admin/programs/new/", views.program_new, name="program_new"),
]
