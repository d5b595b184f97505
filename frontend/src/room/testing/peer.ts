// A peer connection that a test holds in its hands: it does what browsers do with m-lines, and nothing of a network.
import { vi } from "vitest";

export class FakeTrack extends EventTarget {
  enabled = true;
  contentHint = "";
  readyState: MediaStreamTrackState = "live";
  constructor(readonly kind: "audio" | "video") {
    super();
  }
  stop(): void {
    this.readyState = "ended";
  }
}

export class FakeTransceiver {
  currentDirection: RTCRtpTransceiverDirection | null = null;
  mid: string | null = null;
  parameters: { encodings: RTCRtpEncodingParameters[] };
  readonly sender;
  readonly receiver;
  constructor(
    readonly kind: string,
    public track: FakeTrack | null,
    public direction: RTCRtpTransceiverDirection,
    encodings: RTCRtpEncodingParameters[],
  ) {
    this.parameters = { encodings: encodings.map((one) => ({ ...one })) };
    this.receiver = { track: new FakeTrack(kind as "audio" | "video"), jitterBufferTarget: null as number | null };
    this.sender = {
      replaceTrack: (next: FakeTrack | null): Promise<void> => {
        this.track = next;
        return Promise.resolve();
      },
      getParameters: () => structuredClone(this.parameters),
      setParameters: (next: typeof this.parameters): Promise<void> => {
        this.parameters = next;
        return Promise.resolve();
      },
    };
  }
}

export class FakePeer extends EventTarget {
  static made: FakePeer[] = [];
  /** What this browser refuses: encodings with a rid, or texts that it did not write. */
  static refuses: { rids?: boolean; changedText?: boolean } = {};
  connectionState: RTCPeerConnectionState = "new";
  localDescription: RTCSessionDescriptionInit | null = null;
  remote: string[] = [];
  restarts = 0;
  bytes = 0;
  /** Packets of voices that came, and that were asked for again. */
  voices = { packetsReceived: 0, nackCount: 0 };
  readonly lines: FakeTransceiver[] = [];

  constructor(public configuration: RTCConfiguration) {
    super();
    FakePeer.made.push(this);
  }

  static get last(): FakePeer {
    const last = FakePeer.made.at(-1);
    if (!last) throw new Error("No peer connection was made");
    return last;
  }

  addTransceiver(what: FakeTrack | string, init: RTCRtpTransceiverInit): FakeTransceiver {
    const encodings = init.sendEncodings ?? [];
    if (FakePeer.refuses.rids && encodings.some((one) => one.rid)) throw new TypeError("rid");
    const track = typeof what === "string" ? null : what;
    const line = new FakeTransceiver(track ? track.kind : String(what), track, init.direction ?? "sendrecv", encodings);
    this.lines.push(line);
    return line;
  }

  getTransceivers = (): FakeTransceiver[] => this.lines;
  setConfiguration = (configuration: RTCConfiguration): void => void (this.configuration = configuration);
  getConfiguration = (): RTCConfiguration => this.configuration;
  restartIce = (): void => void (this.restarts += 1);
  createOffer = (): Promise<RTCSessionDescriptionInit> => Promise.resolve({ type: "offer", sdp: this.#text() });
  createAnswer = (): Promise<RTCSessionDescriptionInit> => Promise.resolve({ type: "answer", sdp: this.#text() });

  #text(): string {
    const lines = this.lines.map(
      (one, index) => `m=${one.kind} 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:${index}\r\na=${one.direction}\r\na=rtpmap:111 ${one.kind === "audio" ? "opus/48000/2" : "VP8/90000"}\r\n`,
    );
    return `v=0\r\na=ice-ufrag:u${this.restarts}\r\n${lines.join("")}`;
  }

  setLocalDescription(description: RTCSessionDescriptionInit): Promise<void> {
    if (FakePeer.refuses.changedText && description.sdp !== this.#text()) return Promise.reject(new DOMException("changed", "InvalidModificationError"));
    this.localDescription = description;
    for (const [index, line] of this.lines.entries()) line.mid = String(index);
    return Promise.resolve();
  }

  setRemoteDescription({ type, sdp }: RTCSessionDescriptionInit): Promise<void> {
    this.remote.push(sdp ?? "");
    if (type === "answer") for (const line of this.lines) line.currentDirection = line.direction;
    if (type === "offer" && this.lines.length === 0) this.addTransceiver("audio", { direction: "recvonly" });
    return Promise.resolve();
  }

  getStats(): Promise<Map<string, object>> {
    const pair = { type: "candidate-pair", nominated: true, bytesReceived: this.bytes, responsesReceived: 1, currentRoundTripTime: 0.1 };
    return Promise.resolve(new Map<string, object>([["pair", pair], ["voices", { type: "inbound-rtp", kind: "audio", ...this.voices }]]));
  }

  close(): void {
    this.connectionState = "closed";
  }

  /** Let the browser report a state. */
  becomes(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }
}

/** Let so many seconds pass, with or without media on a peer connection in each of them. */
export async function seconds(count: number, media: FakePeer | null = null): Promise<void> {
  for (let second = 0; second < count; second += 1) {
    if (media) media.bytes += 1_000;
    await vi.advanceTimersByTimeAsync(1_000);
  }
}
