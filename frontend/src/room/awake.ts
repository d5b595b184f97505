// Keeps the screen lit while somebody waits or sits in the room, and notices when the page slept or the network changed.

/** Holds the wake lock for as long as it is wanted; the browser takes it away whenever the page is hidden. */
export class ScreenLight {
  #lock: WakeLockSentinel | null = null;
  #isWanted = false;

  constructor() {
    document.addEventListener("visibilitychange", () => void this.#keep());
  }

  want(on: boolean): void {
    this.#isWanted = on;
    void this.#keep();
  }

  async #keep(): Promise<void> {
    if (!this.#isWanted) {
      await this.#lock?.release().catch(() => undefined);
      this.#lock = null;
      return;
    }
    if (document.hidden || !("wakeLock" in navigator) || this.#lock?.released === false) return;
    // Refused on low battery; the session goes on without it.
    this.#lock = await navigator.wakeLock.request("screen").catch(() => null);
  }
}

export interface Waking {
  /** Time has passed without us, or the network is another one: nothing that was known of connections holds any more. */
  woke(): void;
  /** Somebody looks at the page again. */
  shown(): void;
  hidden(hidden: boolean): void;
}

const BEAT = 1_000;
/** Hidden pages are slowed down to a beat a minute at most, but not those that hold a live connection: this was sleep. */
export const SLEPT_AFTER = 20_000;

/** Say whether the page slept between two beats. */
export function slept(before: number, now: number): boolean {
  return now - before > SLEPT_AFTER;
}

/** Watch for sleep by the wall clock, the only one that goes on meanwhile. */
export function watchWaking(waking: Waking): void {
  let beat = Date.now();
  const look = (): void => {
    const now = Date.now();
    const before = beat;
    beat = now;
    if (slept(before, now)) waking.woke();
  };
  window.setInterval(look, BEAT);
  window.addEventListener("online", () => waking.woke());
  window.addEventListener("pageshow", (event) => event.persisted && waking.woke());
  const network = (navigator as Navigator & { connection?: EventTarget }).connection;
  network?.addEventListener?.("change", () => navigator.onLine && waking.shown());
  document.addEventListener("visibilitychange", () => {
    waking.hidden(document.hidden);
    if (document.hidden) return;
    look();
    waking.shown();
  });
}
