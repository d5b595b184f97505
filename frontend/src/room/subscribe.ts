// The incoming path: the relay offers its fixed slots once, who is in them changes by `media.slots`.
import { holdBack, looked, NO_HOLD, voicesIn } from "./hold";
import { MediaPath, type Numbers, type PathOptions } from "./peer";
import { setLocal } from "./publish";
import type { ServerMessage } from "./wire";

export class SubscribePath extends MediaPath {
  #hold = NO_HOLD;
  #offer: Promise<ServerMessage> | null = null;

  constructor(
    options: PathOptions,
    private readonly arrived: (mid: string, track: MediaStreamTrack) => void,
  ) {
    super("subscribe", options);
  }

  protected override prepare(): void {
    // The first picture comes a round trip earlier than by asking one after the other.
    this.#offer = this.#ask(false);
    this.#offer.catch(() => undefined); // `negotiate` hears of it
  }

  protected override async negotiate(pc: RTCPeerConnection): Promise<void> {
    await this.#agree(pc, false);
  }

  protected override async negotiateRestart(pc: RTCPeerConnection): Promise<void> {
    await this.#agree(pc, true);
  }

  protected override measured(pc: RTCPeerConnection, stats: readonly Numbers[]): void {
    this.#hold = looked(this.#hold, voicesIn(stats));
    holdBack(pc, this.#hold.target);
  }

  #ask(restart: boolean): Promise<ServerMessage> {
    return this.options.request({ type: "subscribe.request", generation: this.generation, restart });
  }

  async #agree(pc: RTCPeerConnection, restart: boolean): Promise<void> {
    const { generation } = this;
    const offer = await (restart ? this.#ask(true) : (this.#offer ?? this.#ask(false)));
    if (offer.type !== "subscribe.offer" || offer.generation !== generation || pc !== this.pc) return;
    await pc.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    if (!restart) for (const { mid, receiver } of pc.getTransceivers()) if (mid !== null) this.arrived(mid, receiver.track);
    await setLocal(pc, await pc.createAnswer());
    const sdp = pc.localDescription?.sdp ?? "";
    await this.options.request({ type: "subscribe.answer", generation, sdp });
  }
}
