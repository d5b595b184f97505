// Where incoming tracks go: a hidden audio element for every audio slot, and a table of video tracks for the tiles.

/** Plays every audio slot and hands out video tracks by the name of their m-line. */
export class Sinks {
  #audio = new Map<string, HTMLAudioElement>();
  #video = new Map<string, MediaStreamTrack>();

  constructor(
    private readonly home: HTMLElement,
    private readonly blocked: (blocked: boolean) => void,
    private readonly changed: () => void,
  ) {}

  /** Take the track of one slot of the subscribe connection. */
  arrived(mid: string, track: MediaStreamTrack): void {
    if (track.kind === "video") {
      this.#video.set(mid, track);
      this.changed();
      return;
    }
    const element = this.#audio.get(mid) ?? this.#element(mid);
    element.srcObject = new MediaStream([track]);
    this.#play(element);
  }

  video(mid: string): MediaStreamTrack | null {
    return this.#video.get(mid) ?? null;
  }

  /** Try again to play, now that the person tapped. */
  async unblock(): Promise<void> {
    this.blocked(false);
    for (const element of this.#audio.values()) this.#play(element);
  }

  /** Let go of all slots. */
  clear(): void {
    for (const element of this.#audio.values()) {
      element.srcObject = null;
      element.remove();
    }
    this.#audio.clear();
    this.#video.clear();
    this.blocked(false);
    this.changed();
  }

  #element(mid: string): HTMLAudioElement {
    const element = document.createElement("audio");
    element.autoplay = true;
    element.dataset["mid"] = mid;
    this.home.append(element);
    this.#audio.set(mid, element);
    return element;
  }

  #play(element: HTMLAudioElement): void {
    element.play().catch((error: unknown) => {
      // Replaced or removed while starting is no refusal.
      if (error instanceof DOMException && error.name === "NotAllowedError") this.blocked(true);
    });
  }
}
