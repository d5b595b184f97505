// The person's own screen while it is shared: the browser asks which part, and its own bar may end it at any time.
import type { ScreenState } from "./state";

export interface ShareEvents {
  status(status: ScreenState["status"]): void;
  track(track: MediaStreamTrack | null): void;
}

// Slides and pages: sharp rather than smooth. Sound is not taken, the group hears the microphone.
const SCREEN: DisplayMediaStreamOptions = {
  video: { frameRate: { ideal: 8, max: 15 }, width: { max: 1920 }, height: { max: 1200 } },
  audio: false,
};

/** Say whether this browser can share a screen. Phones either cannot or would show the whole phone. */
export function canShare(): boolean {
  const isPhone = window.matchMedia?.("(hover: none) and (pointer: coarse)").matches ?? false;
  return !isPhone && typeof navigator.mediaDevices?.getDisplayMedia === "function";
}

export class ScreenShare {
  #track: MediaStreamTrack | null = null;
  #asked = 0;

  constructor(private readonly events: ShareEvents) {}

  /** Ask for a screen; must run while the browser still knows that somebody tapped. */
  async start(): Promise<void> {
    const mark = ++this.#asked;
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia(SCREEN);
      const [track] = stream.getVideoTracks();
      if (!track || mark !== this.#asked) {
        for (const one of stream.getTracks()) one.stop();
        return;
      }
      track.contentHint = "detail";
      this.#track = track;
      track.addEventListener("ended", () => this.#track === track && this.stop());
      this.events.track(track);
      this.events.status("on");
    } catch (error) {
      if (mark !== this.#asked) return;
      // Who closes the browser's question has changed their mind; that is no fault.
      const isRefused = error instanceof DOMException && (error.name === "NotAllowedError" || error.name === "AbortError");
      this.events.status(isRefused ? "off" : "failed");
    }
  }

  stop(): void {
    this.#asked += 1;
    const track = this.#track;
    this.#track = null;
    track?.stop();
    if (track) this.events.track(null);
    this.events.status("off");
  }
}
