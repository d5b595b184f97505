// The outgoing path: the browser offers one microphone, one camera and, once it was shared, one screen, always in this order.
import { addSender, alone, type Source } from "./encodings";
import { MediaPath, type PathOptions } from "./peer";
import { takesSimulcast, withOpusNack } from "./sdp";

const NOTHING: Readonly<Record<Source, null>> = { microphone: null, camera: null, screen: null };

export class PublishPath extends MediaPath {
  #tracks: Readonly<Record<Source, MediaStreamTrack | null>> = NOTHING;
  #lines: Readonly<Record<Source, RTCRtpTransceiver | null>> = NOTHING;
  #isAgreeing = false;
  #isOutdated = false;

  constructor(options: PathOptions) {
    super("publish", options);
  }

  /**
   * Send this track, or nothing, from now on; the path itself stays as it is. A microphone or camera that goes silent stays
   * published, since the relay tells a camera that was turned off from a person without camera; the first track of a device is
   * offered anew. A screen is offered as long as it is shared.
   */
  async send(source: Source, track: MediaStreamTrack | null): Promise<void> {
    this.#tracks = { ...this.#tracks, [source]: track };
    const { pc } = this;
    if (!pc || !this.#lines.microphone) return; // what is being built takes the tracks of that moment
    const line = this.#lines[source];
    if (!line) {
      if (track) this.#lines = { ...this.#lines, [source]: addSender(pc, source, track) };
    } else {
      await line.sender.replaceTrack(track);
      if (pc !== this.pc) return;
    }
    if (line && track) line.direction = "sendonly";
    if (line && !track && source === "screen") line.direction = "inactive";
    if (this.#differs(line ?? this.#lines[source])) await this.#offerAnew(pc);
  }

  protected override async negotiate(pc: RTCPeerConnection): Promise<void> {
    const { microphone, camera, screen } = this.#tracks;
    this.#isAgreeing = false;
    this.#lines = {
      microphone: addSender(pc, "microphone", microphone),
      camera: addSender(pc, "camera", camera),
      screen: screen && addSender(pc, "screen", screen),
    };
    await this.#agree(pc);
  }

  protected override async negotiateRestart(pc: RTCPeerConnection): Promise<void> {
    pc.restartIce();
    this.#isOutdated = true;
    if (!this.#isAgreeing) await this.#agree(pc);
  }

  #differs(line: RTCRtpTransceiver | null): boolean {
    return line !== null && line.direction !== (line.currentDirection ?? "new");
  }

  async #offerAnew(pc: RTCPeerConnection): Promise<void> {
    this.#isOutdated = true;
    if (!this.#isAgreeing) await this.#agree(pc).catch(() => pc === this.pc && this.restart());
  }

  /** Offer what there is, and once more if that changed while the answer was awaited. */
  async #agree(pc: RTCPeerConnection): Promise<void> {
    const { generation } = this;
    this.#isAgreeing = true;
    try {
      do {
        this.#isOutdated = false;
        await setLocal(pc, await pc.createOffer());
        const sdp = pc.localDescription?.sdp ?? "";
        const answer = await this.options.request({ type: "publish.offer", generation, sdp });
        if (answer.type !== "publish.answer" || answer.generation !== generation || pc !== this.pc) return;
        await pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
        await this.#onePictureOnly(answer.sdp);
      } while (this.#isOutdated && pc === this.pc);
    } finally {
      if (pc === this.pc) this.#isAgreeing = false;
    }
  }

  /** Send one full picture where several were not taken: the browser would go on with the first, a quarter of the size. */
  async #onePictureOnly(answer: string): Promise<void> {
    const { camera } = this.#lines;
    if (!camera || camera.direction !== "sendonly" || takesSimulcast(answer, camera.mid ?? "")) return;
    const parameters = camera.sender.getParameters();
    if ((parameters.encodings[0]?.scaleResolutionDownBy ?? 1) === 1) return;
    parameters.encodings = alone(parameters.encodings);
    await camera.sender.setParameters(parameters).catch(() => undefined); // a small picture is better than none
  }
}

/** Set a description with our additions, or as the browser wrote it if it refuses them. */
export async function setLocal(pc: RTCPeerConnection, description: RTCSessionDescriptionInit): Promise<void> {
  const sdp = withOpusNack(description.sdp ?? "");
  await pc.setLocalDescription({ ...description, sdp }).catch(() => pc.setLocalDescription(description));
}
