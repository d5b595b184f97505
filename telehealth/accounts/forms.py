"""Forms of the account pages, where allauth's own say too much."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm


class LoginForm(AllauthLoginForm):
    """Address and password, each with its label only; the page itself links to the reset."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # whatever the view passes on
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
            field.help_text = ""
