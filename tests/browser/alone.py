"""People of one page who meet at the relay without the product: the page's script, and who drives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.relay.process import Control

ROUND_MILLISECONDS = 200
ROUNDS = 100
# What the room's page asks for, see frontend/src/room/encodings.ts.
CAMERA = {"width": 640, "height": 360}

SCRIPT = r"""
const connections = {}, streams = {}, how = {repair: 'usual', simulcast: false, buffer: 0, isHeld: false};
const encodings = [{rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 120000}, {rid: 'f', maxBitrate: 900000}];
const withOpus = (sdp) => sdp.replace(/^(a=rtpmap:(\d+) opus[^\r]*\r\n)(?!a=rtcp-fb:\d+ nack\r)/gim,
  (all, line, payload) => new RegExp(`^a=rtcp-fb:${payload} nack\r$`, 'm').test(sdp) ? all
    : `${line}a=rtcp-fb:${payload} nack\r\n`);
// To be repaired: 'usual' as browsers say, 'voice' Opus too as in the room, 'picture' no Opus, or 'none'.
const mutes = {none: /^a=rtcp-fb:\d+ nack\r\n/gm, picture: /^a=rtcp-fb:(111|109) nack\r\n/gm};
const munged = (sdp) => how.repair === 'voice' ? withOpus(sdp) : sdp.replace(mutes[how.repair] ?? /^$/, '');
const api = {
  how(wishes) { Object.assign(how, wishes); },
  async publish(name, constraints) {
    streams[name] = await navigator.mediaDevices.getUserMedia(constraints);
    const connection = connections[name + ' publish'] = new RTCPeerConnection();
    for (const track of streams[name].getTracks()) {
      if (how.simulcast && track.kind === 'video') {
        connection.addTransceiver(track, {direction: 'sendonly', sendEncodings: encodings});
      } else connection.addTrack(track, streams[name]);
    }
    return api.offer(name);
  },
  async addCamera(name) {
    const stream = await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 360}});
    streams[name].addTrack(stream.getVideoTracks()[0]);
    connections[name + ' publish'].addTrack(stream.getVideoTracks()[0], stream);
    return api.offer(name);
  },
  async offer(name) {
    const connection = connections[name + ' publish'], {sdp} = await connection.createOffer();
    await connection.setLocalDescription({type: 'offer', sdp: munged(sdp)});
    return connection.localDescription.sdp;
  },
  async answered(name, sdp) {
    const answer = how.repair === 'voice' ? sdp : munged(sdp);
    await connections[name + ' publish'].setRemoteDescription({type: 'answer', sdp: answer});
  },
  async subscribe(name, sdp) {
    const connection = connections[name + ' subscribe'] = new RTCPeerConnection();
    connection.ontrack = ({track, receiver}) => {
      if (how.buffer && track.kind === 'audio') receiver.jitterBufferTarget = how.buffer;
      const element = document.createElement(track.kind);
      element.autoplay = element.muted = true;
      element.srcObject = new MediaStream([track]);
      document.body.append(element);
    };
    if (how.isHeld) api.hold(connection);
    await connection.setRemoteDescription({type: 'offer', sdp: how.repair === 'voice' ? sdp : munged(sdp)});
    const answer = await connection.createAnswer();
    await connection.setLocalDescription({type: 'answer', sdp: munged(answer.sdp)});
    return connection.localDescription.sdp;
  },
  // What the room's page does, by its own rule: frontend/src/room/hold.ts has to stand before this script.
  hold(connection) {
    let held = hold.NO_HOLD;
    setInterval(async () => {
      held = hold.looked(held, hold.voicesIn([...(await connection.getStats()).values()]));
      hold.holdBack(connection, held.target);
    }, 1000);
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
  async stats(name) {
    const both = ['publish', 'subscribe'].map(way => connections[`${name} ${way}`].getStats());
    return (await Promise.all(both)).flatMap(report => [...report.values()]);
  },
  async ports(name) {
    const own = (await api.stats(name)).filter(({type}) => type === 'local-candidate');
    return own.filter(({protocol}) => protocol === 'udp').map(({port}) => port);
  },
  // Everything that counts up, summed by direction and kind.
  async counters(name) {
    const sums = {};
    for (const one of await api.stats(name)) {
      if (one.type !== 'inbound-rtp' && one.type !== 'outbound-rtp') continue;
      for (const [key, value] of Object.entries(one)) {
        if (typeof value !== 'number') continue;
        const sum = `${one.type.slice(0, -4)} ${one.kind} ${key}`;
        sums[sum] = (sums[sum] ?? 0) + value;
      }
    }
    return sums;
  },
  agreed(name) {
    return ['publish', 'subscribe'].map(way => connections[`${name} ${way}`].currentLocalDescription.sdp);
  },
};
"""


class Participant:
    """Drive one participant of the page through the relay's control protocol."""

    def __init__(self, page: Page, control: Control, name: str, *, room: str = "room-1") -> None:
        self.page, self.control, self.name = page, control, name
        self.generations = {"publish": 0, "subscribe": 0}
        control.ask(
            "connection.open",
            room=room,
            connection=name,
            participant=f"person-{name}",
            microphone=True,
            camera=True,
        )

    def call(self, function: str, *arguments: object) -> Any:  # JSON
        """Call a function of the page."""
        return self.page.evaluate("([name, list]) => api[name](...list)", [function, list(arguments)])

    def publish(self, *, camera: bool = True) -> None:
        """Build the outgoing path."""
        self.generations["publish"] += 1
        video: object = CAMERA if camera else False
        self.answer(self.call("publish", self.name, {"audio": True, "video": video}))

    def add_camera(self) -> None:
        """Offer the camera, too."""
        self.answer(self.call("addCamera", self.name))

    def answer(self, offer: str) -> None:
        """Give the relay's answer to the page."""
        answer = self.control.ask(
            "publish.offer", connection=self.name, generation=self.generations["publish"], sdp=offer
        )
        self.call("answered", self.name, answer["sdp"])

    def subscribe(self) -> None:
        """Build the incoming path."""
        self.generations["subscribe"] += 1
        names = {"connection": self.name, "generation": self.generations["subscribe"]}
        offer = self.control.ask("subscribe.offer", **names)["sdp"]
        self.control.ask("subscribe.answer", **names, sdp=self.call("subscribe", self.name, offer))

    def received(self) -> dict[str, Any]:  # JSON
        """Give what arrived so far."""
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
        """Wait until so much more has arrived."""
        before = self.received()
        return self.wait_for(
            lambda now: now["frames"] >= before["frames"] + frames and now["audio"] >= before["audio"] + audio
        )
