"""Staff page: another track for a patient."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from telehealth.core import clock
from telehealth.programs.pages import reader, refusals_into
from telehealth.programs.tracks import tracks_in

from .. import selectors, services
from ..forms import TrackAssignForm


@require_http_methods(["GET", "HEAD", "POST"])
def assign_track(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put an episode into a track from a date on."""
    user, at = reader(request), clock.now()
    enrollment = selectors.get_enrollment_for(user, pk, at)
    today = enrollment.program.date_at(at)
    form = TrackAssignForm(
        request.POST or None,
        tracks=tracks_in(enrollment.program, today),
        initial={"track": enrollment.track_id, "effective_on": today},
    )
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            services.assign_track(actor=user, enrollment=enrollment, at=at, **form.cleaned_data)
            messages.success(request, "The track is set. The patient's rosters stay as they are.")
            return redirect("enrollment:patient", enrollment.patient_id)
    return render(request, "enrollment/assign_track.html", {"form": form, "enrollment": enrollment})
