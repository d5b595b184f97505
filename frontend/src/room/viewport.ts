// Watches how large pictures are on the screen, and which are in sight at all. What is not known yet is not reported.
import type { State } from "./state";

/** Reports the sizes of all `[data-tile]` in device pixels; `refresh` must be called after each drawing. */
export class Viewport {
  #watched = new Map<Element, string>();
  /** Whether each is in sight; what the browser has not said yet is not in it. */
  #inSight = new Map<Element, boolean>();
  #said = "";
  #isDue = false;
  readonly #resize = new ResizeObserver(() => this.#soon());
  readonly #sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) this.#inSight.set(target, isIntersecting);
    this.#soon();
  });

  constructor(
    private readonly root: HTMLElement,
    private readonly report: (sizes: State["sizes"]) => void,
  ) {}

  /** Watch the tiles that stand on the page now. */
  refresh(): void {
    const found = new Map([...this.root.querySelectorAll<HTMLElement>("[data-tile]")].map((one) => [one, one.dataset["tile"] ?? ""]));
    for (const gone of this.#watched.keys()) {
      if (found.has(gone as HTMLElement)) continue;
      this.#resize.unobserve(gone);
      this.#sight.unobserve(gone);
      this.#inSight.delete(gone);
      this.#soon();
    }
    for (const [tile, key] of found) {
      if (this.#watched.get(tile) === key) continue;
      this.#resize.observe(tile);
      this.#sight.observe(tile);
      this.#soon();
    }
    this.#watched = found;
  }

  /** Many tiles change at once; they are reported once. */
  #soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#measure();
    });
  }

  #measure(): void {
    const scale = window.devicePixelRatio || 1;
    const sizes: Record<string, { width: number; height: number }> = {};
    for (const [tile, key] of this.#watched) {
      const isSeen = this.#inSight.get(tile);
      if (isSeen === undefined) continue;
      const factor = isSeen ? scale : 0;
      sizes[key] = { width: Math.round(tile.clientWidth * factor), height: Math.round(tile.clientHeight * factor) };
    }
    const text = JSON.stringify(sizes);
    if (text === this.#said) return;
    this.#said = text;
    this.report(sizes);
  }
}
