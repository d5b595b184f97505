"""How Chromium is started: quiet, without a screen card, with a camera it invents."""

ARGUMENTS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
