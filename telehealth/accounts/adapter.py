"""Our answers to the questions allauth asks."""

from __future__ import annotations

import base64
import logging
from smtplib import SMTPException
from typing import Any

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest
from django.utils.encoding import force_bytes
from qrcode.image.svg import SvgPathFillImage

from telehealth import audit
from telehealth.core import clock

from .models import User

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Invited people only; every failed login is written down."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no: accounts come from invitations."""
        return False

    def format_email_subject(self, subject: str) -> str:
        """Leave the subject as it is: a prefix with a host name would say where somebody is a patient."""
        return subject

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask again for password or code, unless the person signed in or was asked minutes ago."""
        records = get_authentication_records(self.request, self.request.user)
        latest = max((record["at"] for record in records), default=0.0)
        return clock.now().timestamp() - latest >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail; one that carries a reset link is written down against its account.

        A failure is logged and not shown: it would say which addresses have an account.
        """
        user = context.get("user")
        if template_prefix == "account/email/password_reset_key" and isinstance(user, User):
            audit.record(audit.AuditAction.PASSWORD_RESET_REQUESTED, actor=None, subject=user, at=clock.now())
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as error:
            # The text of an SMTP error may quote the recipient.
            logger.warning("account.mail_failed", extra={"kind": type(error).__name__})

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write the failure down against the account, if there is one; the address itself is not kept."""
        email = str(credentials.get("email") or "").strip().lower()
        subject = User.objects.filter(email=email).first()
        audit.record(audit.AuditAction.LOGIN_FAILED, actor=None, subject=subject, at=clock.now())


class MfaAdapter(DefaultMFAAdapter):
    """Secrets are encrypted at rest; staff cannot switch the second factor off while it is required."""

    def encrypt(self, text: str) -> str:
        """Encrypt an authenticator's secret."""
        return _box().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt an authenticator's secret."""
        return _box().decrypt(encrypted_text.encode("ascii")).decode()

    def build_totp_svg(self, url: str) -> str:
        """Draw the code on a white ground of its own: on a dark page cameras could not read it."""
        return qrcode.make(url, image_factory=SvgPathFillImage).to_string(encoding="unicode")

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Allow it to patients, and to staff where the rule is off."""
        return not (settings.REQUIRE_STAFF_MFA and authenticator.user.role_enum.is_staff_role)


def _box() -> MultiFernet:
    """Give the cipher; old secret keys still decrypt."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derive(key)) for key in keys])


def _derive(secret_key: str | bytes) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=b"accounts.mfa", info=b"authenticator secrets")
    return base64.urlsafe_b64encode(kdf.derive(force_bytes(secret_key)))
