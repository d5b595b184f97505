"""Everything the browser gets: templates, styles and the room application."""

from django.apps import AppConfig


class FrontendConfig(AppConfig):
    """A Django app without models; `package.json` beside it is a Vite project."""

    name = "frontend"
    label = "frontend"
