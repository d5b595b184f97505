"""Pages: the staff list, inviting, withdrawing, ending access, and the page an invitation opens."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from telehealth.accounts.roles import Role
from telehealth.core import clock
from telehealth.core.errors import NotFound

from . import selectors, services
from .forms import AuditorSeatForm, InviteForm, PasswordForm, ProgramForm, SeatForm, SupervisorSeatForm
from .mail import send_invitation
from .models import InvitationState
from .pages import local_path, reader, refusals_into
from .policies import roles_to_invite

SEAT_FORMS: dict[Role, type[SeatForm]] = {
    Role.AUDITOR: AuditorSeatForm,
    Role.THERAPIST: SupervisorSeatForm,
}


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """List the staff."""
    user, at = reader(request), clock.now()
    context = {"people": selectors.people_of(user, at), "programs": selectors.programs_run_by(user, at)}
    return render(request, "programs/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Invite a member of staff."""
    user, at = reader(request), clock.now()
    programs = selectors.programs_run_by(user, at)
    form = InviteForm(request.POST or None, programs=programs, roles=roles_to_invite(user))
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            services.invite_person(
                actor=user,
                program=form.cleaned_data["program"],
                person=form.person(),
                role=form.cleaned_data["role"],
                ends_on=form.cleaned_data["ends_on"],
                sees=form.sees(),
                at=at,
                deliver=send_invitation,
            )
            messages.success(request, "The invitation is on its way. The link in it works for 7 days.")
            return redirect("programs:people")
    return render(request, "programs/invite.html", {"form": form, "programs": programs})


@require_http_methods(["GET", "HEAD", "POST"])
def resend_invitation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send a fresh link after a confirmation."""
    user, at = reader(request), clock.now()
    invitation = selectors.get_invitation_for(user, pk, at)
    back = _back(request)
    if request.method == "POST":
        services.resend_invitation(actor=user, invitation=invitation, at=at, deliver=send_invitation)
        messages.success(
            request, "A new link is on its way. It works for 7 days; earlier links do not work any more."
        )
        return redirect(back)
    context = {
        "title": "Send a new link?",
        "sentences": [
            f"{invitation.user.full_name} gets a message with a new link to set a password.",
            "Links sent earlier stop working at once.",
        ],
        "button": "Send a new link",
        "back": back,
    }
    return render(request, "programs/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def revoke_invitation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Withdraw a link after a confirmation."""
    user, at = reader(request), clock.now()
    invitation = selectors.get_invitation_for(user, pk, at)
    back = _back(request)
    if request.method == "POST":
        services.revoke_invitation(actor=user, invitation=invitation, at=at)
        messages.success(request, "The link does not work any more.")
        return redirect(back)
    context = {
        "title": "Withdraw the invitation?",
        "sentences": [
            f"The link sent to {invitation.user.full_name} stops working, and nobody can sign in with it.",
            "You can send a new link later.",
        ],
        "button": "Withdraw the invitation",
        "is_danger": True,
        "back": back,
    }
    return render(request, "programs/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def end_membership(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a person's access after a confirmation."""
    user, at = reader(request), clock.now()
    membership = selectors.get_membership_for(user, pk, at)
    if request.method == "POST":
        services.end_membership(actor=user, membership=membership, at=at)
        messages.success(request, "The access has ended.")
        return redirect("programs:people")
    context = {
        "title": "End this person's access?",
        "sentences": [
            f"From now on {membership.user.full_name} sees nothing of {membership.program.name} any more: "
            "no sessions, no patients.",
            "What they did stays in the records under their name. Their sessions need another facilitator.",
        ],
        "button": "End the access",
        "is_danger": True,
        "back": reverse("programs:people"),
    }
    return render(request, "programs/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def seat_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change what an auditor may see and until when, or who is a clinical supervisor."""
    user, at = reader(request), clock.now()
    membership = selectors.get_membership_for(user, pk, at)
    make = SEAT_FORMS.get(membership.user.role_enum)
    if make is None:
        raise NotFound("no_seat", "There is nothing to change about this person's access.")
    # An unticked box sends nothing, so what was sent may be empty.
    form = make(request.POST if request.method == "POST" else None, membership=membership)
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            services.change_seat(actor=user, membership=membership, at=at, **form.change())
            messages.success(request, "The access has changed.")
            return redirect("programs:people")
    context = {"form": form, "membership": membership}
    return render(request, "programs/seat_edit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def program_new(request: HttpRequest) -> HttpResponse:
    """Found a program."""
    user, at = reader(request), clock.now()
    form = ProgramForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            services.create_program(actor=user, at=at, **form.cleaned_data)
            messages.success(request, "The program is set up. Now invite its first administrator.")
            return redirect("programs:invite")
    return render(request, "programs/program_new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Let an invited person choose a password; a dead link says what to do instead."""
    at = clock.now()
    try:
        page = selectors.invitation_by_token(token, at)
    except NotFound:
        return render(request, "programs/invitation_dead.html", {"state": "unknown"}, status=404)
    if page.state is not InvitationState.PENDING:
        return render(request, "programs/invitation_dead.html", {"state": page.state.value}, status=410)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_into(form):
            services.accept_invitation(token=token, password=form.cleaned_data["password"], at=at)
            if request.user.is_authenticated:
                # Somebody else is signed in on this computer; the new person must not land in their account.
                logout(request)
            messages.success(request, "Your password is set. Sign in with it now.")
            return redirect("account_login")
    return render(request, "programs/accept_invitation.html", {"form": form, "page": page})


def _back(request: HttpRequest) -> str:
    value = request.POST.get("next") or request.GET.get("next")
    return local_path(value, reverse("programs:people"))
