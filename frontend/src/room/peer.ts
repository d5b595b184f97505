// One media path: a peer connection, its negotiation over the socket, its watch, its rebuilding. Two of them make a seat's media.
import { judge, rebuildPause } from "./ladder";
import { Refused, type Request } from "./socket";
import type { PathName, PathStatus } from "./state";
import type { ServerMessage } from "./wire";

export interface PathOptions {
  readonly request: (message: Request) => Promise<ServerMessage>;
  readonly nextGeneration: () => number;
  readonly report: (status: PathStatus) => void;
  /** The relay could not be reached; building goes on, slowly. */
  readonly relayAway: (away: boolean) => void;
}

const WATCH_EVERY = 1_000;
const RELAY_PATIENCE = 5_000;

/** A path that is built, watched, and built again until it is closed. */
export abstract class MediaPath {
  pc: RTCPeerConnection | null = null;
  #build = 0;
  #failures = 0;
  #watch = 0;
  #retry = 0;
  #stateSince = 0;
  #heardAt = 0;
  #heard = "";

  constructor(
    readonly name: PathName,
    protected readonly options: PathOptions,
  ) {}

  /** Build the path; one that stands is replaced. */
  start(): void {
    this.#tearDown();
    const build = ++this.#build;
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });
    this.pc = pc;
    this.#stateSince = this.#heardAt = performance.now();
    this.options.report("connecting");
    pc.addEventListener("connectionstatechange", () => this.#changed(pc));
    this.#watch = window.setInterval(() => void this.#look(pc), WATCH_EVERY);
    this.negotiate(pc, this.options.nextGeneration()).then(
      () => build === this.#build && this.options.relayAway(false),
      (error: unknown) => {
        if (build === this.#build) this.#failed(error);
      },
    );
  }

  /** Build again now, whatever the pause: the server says that the relay is back. */
  restart(): void {
    this.#failures = 0;
    this.start();
  }

  close(): void {
    this.#build += 1;
    this.#tearDown();
    this.options.report("none");
  }

  get isOpen(): boolean {
    return this.pc !== null;
  }

  /** Agree with the relay about one peer connection; `generation` is its number. */
  protected abstract negotiate(pc: RTCPeerConnection, generation: number): Promise<void>;

  #tearDown(): void {
    window.clearInterval(this.#watch);
    window.clearTimeout(this.#retry);
    this.pc?.close();
    this.pc = null;
  }

  #changed(pc: RTCPeerConnection): void {
    if (pc !== this.pc) return;
    this.#stateSince = performance.now();
    if (pc.connectionState === "connected") {
      this.#failures = 0;
      this.#heardAt = performance.now();
      this.options.report("connected");
    } else if (pc.connectionState !== "new" && pc.connectionState !== "connecting") {
      this.options.report("broken");
    }
  }

  async #look(pc: RTCPeerConnection): Promise<void> {
    const heard = await heardOn(pc).catch(() => "");
    if (pc !== this.pc) return;
    const now = performance.now();
    if (heard !== this.#heard) [this.#heard, this.#heardAt] = [heard, now];
    const verdict = judge({
      state: pc.connectionState,
      stateFor: now - this.#stateSince,
      silentFor: now - this.#heardAt,
    });
    if (verdict === "rebuild") this.#failed(null);
  }

  #failed(error: unknown): void {
    this.#tearDown();
    this.options.report("broken");
    const refusal = error instanceof Refused ? error.error : null;
    if (refusal === "not_in_room" || refusal === "not_joined") return; // the next welcome or seat starts it again
    if (refusal === "relay_unavailable") this.options.relayAway(true);
    const pause = rebuildPause(this.#failures, Math.random()) + (refusal === "relay_unavailable" ? RELAY_PATIENCE : 0);
    this.#failures += 1;
    this.#retry = window.setTimeout(() => this.start(), pause);
  }
}

/** Sum up what has come in on the pair in use; a different text means that something came. */
async function heardOn(pc: RTCPeerConnection): Promise<string> {
  let text = "";
  for (const report of (await pc.getStats()).values() as IterableIterator<Record<string, unknown>>) {
    if (report["type"] !== "candidate-pair" || report["nominated"] !== true) continue;
    text += `${report["bytesReceived"]}/${report["responsesReceived"]}/${report["packetsReceived"]};`;
  }
  return text;
}

/** The outgoing path: the browser offers one microphone and one camera; what was never there is offered as inactive. */
export class PublishPath extends MediaPath {
  #tracks: { microphone: MediaStreamTrack | null; camera: MediaStreamTrack | null } = { microphone: null, camera: null };
  #generation = 0;
  #isAgreeing = false;
  #isOutdated = false;

  constructor(options: PathOptions) {
    super("publish", options);
  }

  /**
   * Send this track, or nothing, from now on; the path itself stays as it is. A device that goes silent stays published, since
   * the relay tells a camera that was turned off from a person without camera; the first track of a device is offered anew.
   */
  async send(device: "microphone" | "camera", track: MediaStreamTrack | null): Promise<void> {
    this.#tracks = { ...this.#tracks, [device]: track };
    const pc = this.pc;
    const transceiver = pc?.getTransceivers()[device === "microphone" ? 0 : 1];
    if (!pc || !transceiver) return;
    await transceiver.sender.replaceTrack(track);
    if (!track || transceiver.direction !== "inactive" || pc !== this.pc) return;
    transceiver.direction = "sendonly";
    this.#isOutdated = true;
    if (!this.#isAgreeing) await this.#agree(pc).catch(() => pc === this.pc && this.restart());
  }

  protected override async negotiate(pc: RTCPeerConnection, generation: number): Promise<void> {
    const { microphone, camera } = this.#tracks;
    this.#generation = generation;
    pc.addTransceiver(microphone ?? "audio", { direction: microphone ? "sendonly" : "inactive" });
    pc.addTransceiver(camera ?? "video", { direction: camera ? "sendonly" : "inactive", sendEncodings: [{ maxBitrate: 900_000 }] });
    await this.#agree(pc);
  }

  /** Offer what there is, and once more if that changed while the answer was awaited. */
  async #agree(pc: RTCPeerConnection): Promise<void> {
    const generation = this.#generation;
    this.#isAgreeing = true;
    try {
      do {
        this.#isOutdated = false;
        await pc.setLocalDescription(await pc.createOffer());
        const sdp = pc.localDescription?.sdp ?? "";
        const answer = await this.options.request({ type: "publish.offer", generation, sdp });
        if (answer.type !== "publish.answer" || answer.generation !== generation || pc !== this.pc) return;
        await pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
      } while (this.#isOutdated && pc === this.pc);
    } finally {
      if (pc === this.pc) this.#isAgreeing = false;
    }
  }
}

/** The incoming path: the relay offers its fixed slots once, who is in them changes by `media.slots`. */
export class SubscribePath extends MediaPath {
  constructor(
    options: PathOptions,
    private readonly arrived: (mid: string, track: MediaStreamTrack) => void,
  ) {
    super("subscribe", options);
  }

  protected override async negotiate(pc: RTCPeerConnection, generation: number): Promise<void> {
    const offer = await this.options.request({ type: "subscribe.request", generation });
    if (offer.type !== "subscribe.offer" || offer.generation !== generation || pc !== this.pc) return;
    await pc.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    for (const { mid, receiver } of pc.getTransceivers()) if (mid !== null) this.arrived(mid, receiver.track);
    await pc.setLocalDescription(await pc.createAnswer());
    const sdp = pc.localDescription?.sdp ?? "";
    await this.options.request({ type: "subscribe.answer", generation, sdp });
  }
}
