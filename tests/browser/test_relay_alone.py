"""One Chromium to itself: two pairs of peer connections in a page, through the real relay, no product."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.relay.process import Control, RelayProcess

ROUND_MILLISECONDS = 200
ROUNDS = 100

SCRIPT = """
const connections = {}, streams = {};
const api = {
  async publish(name, constraints) {
    streams[name] = await navigator.mediaDevices.getUserMedia(constraints);
    const connection = connections[name + ' publish'] = new RTCPeerConnection();
    for (const track of streams[name].getTracks()) connection.addTrack(track, streams[name]);
    return api.offer(name);
  },
  async addCamera(name) {
    const stream = await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 360}});
    streams[name].addTrack(stream.getVideoTracks()[0]);
    connections[name + ' publish'].addTrack(stream.getVideoTracks()[0], stream);
    return api.offer(name);
  },
  async offer(name) {
    await connections[name + ' publish'].setLocalDescription();
    return connections[name + ' publish'].localDescription.sdp;
  },
  async answered(name, sdp) {
    await connections[name + ' publish'].setRemoteDescription({type: 'answer', sdp});
  },
  async subscribe(name, sdp) {
    const connection = connections[name + ' subscribe'] = new RTCPeerConnection();
    connection.ontrack = ({track}) => {
      const element = document.createElement(track.kind);
      element.autoplay = element.muted = true;
      element.srcObject = new MediaStream([track]);
      document.body.append(element);
    };
    await connection.setRemoteDescription({type: 'offer', sdp});
    await connection.setLocalDescription();
    return connection.localDescription.sdp;
  },
  close(name) { connections[name].close(); },
  camera(name, isOn) {
    const sender = connections[name + ' publish'].getSenders().find(({track}) => track?.kind === 'video'
      || track === null);
    return sender.replaceTrack(isOn ? streams[name].getVideoTracks()[0] : null);
  },
  async received(name) {
    const sum = {frames: 0, audio: 0, lost: 0, frozen: 0, state: connections[name].connectionState, rate: 0};
    (await connections[name].getStats()).forEach(entry => {
      if (entry.type === 'candidate-pair' && entry.nominated) sum.rate = entry.availableOutgoingBitrate;
      if (entry.type !== 'inbound-rtp') return;
      if (entry.kind === 'video') { sum.frames += entry.framesDecoded; sum.frozen += entry.freezeCount; }
      if (entry.kind === 'audio') sum.audio += entry.packetsReceived;
      sum.lost += entry.packetsLost;
    });
    return sum;
  },
};
"""


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f"<!doctype html><title>relay</title><script>{SCRIPT}</script>".encode())

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


@pytest.fixture
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Blank)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(origin: str, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(permissions=["camera", "microphone"])
    opened = context.new_page()
    opened.goto(origin)
    yield opened
    context.close()


class Participant:
    """Drive one participant of the page through the relay's control protocol."""

    def __init__(self, page: Page, control: Control, name: str) -> None:
        self.page, self.control, self.name = page, control, name
        self.generations = {"publish": 0, "subscribe": 0}
        control.ask(
            "connection.open",
            room="room-1",
            connection=name,
            participant=f"person-{name}",
            microphone=True,
            camera=True,
        )

    def call(self, function: str, *arguments: object) -> Any:  # JSON
        return self.page.evaluate("([name, list]) => api[name](...list)", [function, list(arguments)])

    def publish(self, *, camera: bool = True) -> None:
        self.generations["publish"] += 1
        video: object = {"width": 640, "height": 360} if camera else False
        self.answer(self.call("publish", self.name, {"audio": True, "video": video}))

    def add_camera(self) -> None:
        self.answer(self.call("addCamera", self.name))

    def answer(self, offer: str) -> None:
        answer = self.control.ask(
            "publish.offer", connection=self.name, generation=self.generations["publish"], sdp=offer
        )
        self.call("answered", self.name, answer["sdp"])

    def subscribe(self) -> None:
        self.generations["subscribe"] += 1
        names = {"connection": self.name, "generation": self.generations["subscribe"]}
        offer = self.control.ask("subscribe.offer", **names)["sdp"]
        self.control.ask("subscribe.answer", **names, sdp=self.call("subscribe", self.name, offer))

    def received(self) -> dict[str, Any]:  # JSON
        return dict(self.call("received", f"{self.name} subscribe"))

    def wait_for(self, is_enough: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the statistics once they are enough; the page, not the test, waits."""
        for _ in range(ROUNDS):
            sums = self.received()
            if is_enough(sums):
                return sums
            self.page.wait_for_timeout(ROUND_MILLISECONDS)
        raise AssertionError(f"it did not happen in time: {sums}")

    def wait_for_more(self, *, frames: int, audio: int) -> dict[str, Any]:
        before = self.received()
        return self.wait_for(
            lambda now: now["frames"] >= before["frames"] + frames and now["audio"] >= before["audio"] + audio
        )


def test_chromium_sees_and_hears_itself_through_the_relay_also_after_a_rebuild(
    page: Page, tmp_path: Path
) -> None:
    with RelayProcess(tmp_path / "facts") as relay, Control(relay.control) as control:
        control.start()
        one, two = Participant(page, control, "one"), Participant(page, control, "two")
        for each in (one, two):
            each.publish()
            each.subscribe()
        for each in (one, two):
            sums = each.wait_for_more(frames=30, audio=50)
            assert sums["state"] == "connected"
            assert sums["lost"] == 0

        # The publisher builds its path anew: new peer connection, new SSRCs, the same slot on the other side.
        before = two.received()
        one.call("close", "one publish")
        one.publish()
        after = two.wait_for_more(frames=30, audio=50)
        assert after["frames"] > before["frames"]

        # And so does a subscriber: counters begin anew with the new peer connection.
        two.call("close", "two subscribe")
        two.subscribe()
        two.wait_for(lambda now: now["frames"] >= 30 and now["audio"] >= 50)

        control.ask("room.close", room="room-1", reason="ended")
        facts = control.ask("facts.read", boot=relay.boot, after=0)["facts"]
        for name in ("one", "two"):
            of = [fact for fact in facts if fact["connection"] == name]
            assert [of[0]["kind"], of[-1]["kind"]] == ["first_packet", "closed"]
            assert of[-2]["data"]["tracks"].keys() == {"microphone", "camera"}
        assert control.ask("stats")["dropped"].get("datagram_fault", 0) == 0


def test_a_camera_can_come_later_and_be_switched_off_and_on(page: Page, tmp_path: Path) -> None:
    with RelayProcess(tmp_path / "facts") as relay, Control(relay.control) as control:
        control.start()
        speaker, listener = Participant(page, control, "speaker"), Participant(page, control, "listener")
        speaker.publish(camera=False)
        listener.subscribe()  # and publishes nothing at all
        listener.wait_for(lambda now: now["audio"] >= 50)
        speaker.add_camera()
        listener.wait_for_more(frames=20, audio=20)
        speaker.call("camera", "speaker", False)
        still = listener.wait_for_more(frames=0, audio=100)
        listener.wait_for_more(frames=0, audio=50)
        assert listener.received()["frames"] == still["frames"]
        speaker.call("camera", "speaker", True)
        listener.wait_for_more(frames=20, audio=20)
        (slots,) = [
            event["slots"] for event in control.events if event["event"] == "slots" and event["slots"]
        ][-1:]
        assert {slot["mid"] for slot in slots if slot["participant"]} == {"a0", "v0"}
