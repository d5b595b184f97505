"""How Chromium is started: quiet, without a screen card, with a camera it invents."""

ARGUMENTS = (
    "--no-sandbox",
    # Several browsers encode and decode on the same two cores: ten pictures a second show what twenty do.
    "--use-fake-device-for-media-stream=fps=5",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
