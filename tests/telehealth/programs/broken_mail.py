"""A mail server that refuses, as real ones do: with the recipient's address in its words."""

from collections.abc import Sequence
from smtplib import SMTPRecipientsRefused

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class Backend(BaseEmailBackend):
    """Refuse every recipient."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Refuse."""
        raise SMTPRecipientsRefused(dict.fromkeys(email_messages[0].to, (550, b"no such user")))
