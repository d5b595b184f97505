"""The one letter this app sends. It says nothing about the program, the role or the reason."""

from __future__ import annotations

import logging
from datetime import datetime
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse

logger = logging.getLogger(__name__)

SUBJECT = "Set up your account"
BODY = """Hello,

an account has been prepared for you. To use it, choose a password here:

{link}

The link works once, until {expires}. If it has run out, ask the person who told you about it for a new one.

If you did not expect this message, you can delete it; nothing happens without you.
"""


def send_invitation(email: str, token: str, expires_at: datetime) -> None:
    """Send the link. A failure is logged without the address; the link can be sent again from its page."""
    link = settings.PUBLIC_ORIGIN.rstrip("/") + reverse("programs:accept_invitation", args=[token])
    expires = f"{expires_at:%B} {expires_at.day}, {expires_at.year}"
    try:
        send_mail(SUBJECT, BODY.format(link=link, expires=expires), None, [email])
    except (SMTPException, OSError) as error:
        # The text of an SMTP error may quote the recipient.
        logger.warning("invitation.mail_failed", extra={"kind": type(error).__name__})
