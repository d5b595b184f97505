"""Record what browsers offer when somebody publishes, without anything that names a machine.

    python -m tests.browser.offers chromium        # the browser named here; writes tests/fixtures/offers/
    python -m tests.browser.offers firefox

One script makes the same publish connection in each browser: microphone, camera, and a third m-line for the
screen. What is drawn by lot (credentials, SSRCs, names of streams) is replaced, so that a new version
differs in what it offers and in nothing else.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import bidi
from tests.browser.arguments import ARGUMENTS
from tests.browser.blank import serve_page
from tests.conftest import CHROMIUM_NAMES

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "offers"

OFFER = """
async ({simulcast, nack, screen}) => {
  const media = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 640, height: 360}});
  const connection = new RTCPeerConnection({bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require'});
  const small = {rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150000}, full = {maxBitrate: 900000};
  const add = (track, direction, sendEncodings) =>
    connection.addTransceiver(track, {direction, sendEncodings});
  add(media.getAudioTracks()[0], 'sendonly', [{}]);
  add(media.getVideoTracks()[0], 'sendonly', simulcast ? [small, {rid: 'f', ...full}] : [full]);
  const canvas = document.createElement('canvas');
  canvas.getContext('2d').fillRect(0, 0, 9, 9);
  if (screen) add(canvas.captureStream(5).getVideoTracks()[0], 'sendonly', [{maxBitrate: 1500000}]);
  else add('video', 'inactive', [{maxBitrate: 1500000}]);
  const offer = await connection.createOffer();
  const opus = /a=rtpmap:(\\d+) opus/i.exec(offer.sdp)[1];
  const line = `a=rtcp-fb:${opus} nack`;
  const rtpmap = new RegExp(`(a=rtpmap:${opus} opus[^\\r]*\\r\\n)`, 'i');
  const sdp = nack ? offer.sdp.replace(rtpmap, `$1${line}\\r\\n`) : offer.sdp;
  await connection.setLocalDescription({type: 'offer', sdp});
  const written = connection.localDescription.sdp;
  connection.close();
  return written;
}
"""
VARIANTS = {
    "simulcast": {"simulcast": True, "nack": True, "screen": False},
    "screen": {"simulcast": True, "nack": True, "screen": True},
    "plain": {"simulcast": False, "nack": False, "screen": False},
}
FIXED = (
    (r"^a=candidate:.*\n", ""),
    (r"^a=end-of-candidates\n", ""),
    (r"^(m=\w+) [1-9]\d* ", r"\1 9 "),
    (r"^c=.*$", "c=IN IP4 0.0.0.0"),
    (r"^a=rtcp:\d+ .*$", "a=rtcp:9 IN IP4 0.0.0.0"),
    (r"^o=(\S+) \d+ (\d+) .*$", r"o=\1 1 \2 IN IP4 0.0.0.0"),
    (r"^a=ice-ufrag:.*$", "a=ice-ufrag:fake"),
    (r"^a=ice-pwd:.*$", "a=ice-pwd:not-the-password-of-anything"),
    (r"^a=fingerprint:(\S+) .*$", r"a=fingerprint:\1 " + ":".join(["AB"] * 32)),
)
DRAWN = re.compile(r"(?<=cname:)[^\s]+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SSRC = re.compile(r"^a=ssrc(?:-group:\w+ |:)([\d ]+)", re.MULTILINE)
FIRST_SSRC = 1001


def anonymous(sdp: str) -> str:
    """Replace what was drawn by lot or belongs to a machine; equal things stay equal."""
    text = sdp.replace("\r\n", "\n")
    for pattern, fixed in FIXED:
        text = re.sub(pattern, fixed, text, flags=re.MULTILINE)
    drawn = {word: f"drawn-{number}" for number, word in enumerate(dict.fromkeys(DRAWN.findall(text)), 1)}
    text = DRAWN.sub(lambda found: drawn[found[0]], text)
    ssrcs = dict.fromkeys(ssrc for found in SSRC.findall(text) for ssrc in found.split())
    for number, ssrc in enumerate(ssrcs, FIRST_SSRC):
        text = re.sub(rf"\b{ssrc}\b", str(number), text)
    return text.replace("\n", "\r\n")


@contextmanager
def chromium_page(address: str, folder: Path) -> Iterator[Callable[[str, object], object]]:
    """Give what calls a function in a page of Chromium."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*ARGUMENTS])
        page = browser.new_context(permissions=["camera", "microphone"]).new_page()
        page.goto(address)
        yield page.evaluate
        browser.close()


@contextmanager
def firefox_page(address: str, folder: Path) -> Iterator[Callable[[str, object], object]]:
    """Give what calls a function in a page of Firefox."""
    with bidi.Firefox(bidi.program(), folder) as firefox:
        yield firefox.open(address).call


BROWSERS = {"chromium": chromium_page, "firefox": firefox_page}


def main(names: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with serve_page("") as address:
        for name in names:
            with tempfile.TemporaryDirectory() as folder, BROWSERS[name](address, Path(folder)) as call:
                for variant, wishes in VARIANTS.items():
                    sdp = anonymous(str(call(OFFER, wishes)))
                    (FOLDER / f"{name}-{variant}.sdp").write_bytes(sdp.encode())


if __name__ == "__main__":
    main(sys.argv[1:] or list(BROWSERS))
