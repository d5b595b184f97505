"""Staff pages: patients, enrolling, one patient, targets, changes of state."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from telehealth.core import clock
from telehealth.programs.mail import send_invitation
from telehealth.programs.pages import reader, refusals_into
from telehealth.programs.selectors import programs_of

from .. import selectors, services
from ..forms import ConfirmForm, DischargeForm, EnrolAgainForm, EnrolForm, HoldForm, TargetForm
from ..models import EnrollmentState

CONSEQUENCES = {
    EnrollmentState.ACTIVE: ["The patient can join the sessions they are listed for."],
    EnrollmentState.TAPER: [
        "The patient keeps joining sessions.",
        "Add the lower weekly targets with their dates on the patient's page.",
    ],
    EnrollmentState.ON_HOLD: [
        "The patient cannot join any session until you make the enrollment active again.",
        "If they are in a session now, they leave it; what they earned until now stays.",
        "Weeks wholly on hold have no target; a week partly on hold stays out of compliance figures.",
    ],
    EnrollmentState.DISCHARGED: [
        "The episode ends. The patient cannot join sessions any more, and leaves the one they are in.",
        "It is never reopened: a person who comes back begins a new episode.",
    ],
}
FORMS: dict[EnrollmentState, type[Form]] = {
    EnrollmentState.DISCHARGED: DischargeForm,
    EnrollmentState.ON_HOLD: HoldForm,
}


@require_safe
def patients(request: HttpRequest) -> HttpResponse:
    """List the patients of the reader's programs."""
    user, at = reader(request), clock.now()
    context = {"patients": selectors.patients_of(user, at), "programs": programs_of(user, at)}
    return render(request, "enrollment/patients.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Enrol a new person and send the invitation."""
    user, at = reader(request), clock.now()
    choice = selectors.enrolment_choices(user, at)
    form = EnrolForm(
        request.POST or None,
        programs=choice.programs,
        today=choice.today,
        therapists=choice.therapists,
        tracks=choice.tracks,
    )
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            enrolled = services.enrol_patient(
                actor=user,
                program=form.cleaned_data["program"],
                person=form.person(),
                record_number=form.cleaned_data["record_number"],
                admitted_on=form.cleaned_data["admitted_on"],
                weekly_target_minutes=form.cleaned_data["weekly_target"],
                primary_therapist=form.cleaned_data["primary_therapist"],
                track=form.cleaned_data["track"],
                at=at,
                deliver=send_invitation,
            )
            messages.success(request, "Enrolled. A message with a link to set a password is on its way.")
            return redirect("enrollment:patient", enrolled.enrollment.patient_id)
    return render(request, "enrollment/enrol.html", {"form": form, "programs": choice.programs})


@require_http_methods(["GET", "HEAD", "POST"])
def enrol_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Begin another episode of a known patient."""
    user, at = reader(request), clock.now()
    page = selectors.patient_page(user, pk, at)
    choice = selectors.enrolment_choices(user, at)
    form = EnrolAgainForm(
        request.POST or None,
        programs=page.programs_to_enrol_in,
        today=choice.today,
        therapists=choice.therapists,
        tracks=choice.tracks,
    )
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            services.enrol_patient(
                actor=user,
                program=form.cleaned_data["program"],
                user=page.user,
                admitted_on=form.cleaned_data["admitted_on"],
                weekly_target_minutes=form.cleaned_data["weekly_target"],
                primary_therapist=form.cleaned_data["primary_therapist"],
                track=form.cleaned_data["track"],
                at=at,
                deliver=send_invitation,
            )
            messages.success(request, "A new episode has begun.")
            return redirect("enrollment:patient", pk)
    return render(request, "enrollment/enrol_again.html", {"form": form, "page": page})


@require_safe
def patient(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one patient; the audit trail notes who looked."""
    page = services.view_patient(actor=reader(request), patient_id=pk, at=clock.now())
    return render(request, "enrollment/patient.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def target_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Add a dated weekly target."""
    user, at = reader(request), clock.now()
    enrollment = selectors.get_enrollment_for(user, pk, at)
    form = TargetForm(request.POST or None, initial={"effective_on": enrollment.program.date_at(at)})
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            target = services.set_weekly_target(
                actor=user,
                enrollment=enrollment,
                minutes=form.cleaned_data["minutes"],
                effective_on=form.cleaned_data["effective_on"],
                at=at,
            )
            if target.is_above_level_of_care:
                messages.warning(
                    request,
                    "The target is added. 20 hours a week and more usually mean another level of care.",
                )
            else:
                messages.success(request, "The target is added.")
            return redirect("enrollment:patient", enrollment.patient_id)
    return render(request, "enrollment/target_new.html", {"form": form, "enrollment": enrollment})


@require_http_methods(["GET", "HEAD", "POST"])
def change_state(request: HttpRequest, pk: UUID, state: str) -> HttpResponse:
    """Change the state of an episode after a page that says what follows from it."""
    user, at = reader(request), clock.now()
    wanted = _state(state)
    enrollment = selectors.get_enrollment_for(user, pk, at)
    is_discharge = wanted is EnrollmentState.DISCHARGED
    form = FORMS.get(wanted, ConfirmForm)(
        request.POST if request.method == "POST" else None,
        initial={"discharged_on": enrollment.program.date_at(at)},
    )
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            services.change_enrollment_state(
                actor=user,
                enrollment=enrollment,
                state=wanted,
                at=at,
                discharged_on=form.cleaned_data.get("discharged_on"),
                discharge_kind=form.cleaned_data.get("discharge_kind"),
                reason=form.cleaned_data.get("reason", ""),
                expected_return_on=form.cleaned_data.get("expected_return_on"),
            )
            messages.success(request, f"The enrollment is now: {wanted.label}.")
            return redirect("enrollment:patient", enrollment.patient_id)
    context = {
        "enrollment": enrollment,
        "wanted": wanted,
        "form": form,
        "is_discharge": is_discharge,
        "consequences": CONSEQUENCES[wanted],
        "back": reverse("enrollment:patient", args=[enrollment.patient_id]),
    }
    return render(request, "enrollment/change_state.html", context)


def _state(word: str) -> EnrollmentState:
    """Read a state from a route such as `on-hold`."""
    try:
        wanted = EnrollmentState(word.upper().replace("-", "_"))
    except ValueError as error:
        raise Http404 from error
    if wanted not in CONSEQUENCES:
        raise Http404
    return wanted
