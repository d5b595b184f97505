// Writes announcements into the two live regions of the page, one after the other.
import type { Said } from "./announce";

const APART = 700;

export class Speaker {
  #queue: { region: HTMLElement; text: string }[] = [];
  #timer = 0;

  constructor(
    private readonly polite: HTMLElement,
    private readonly assertive: HTMLElement,
  ) {}

  /** Queue sentences; a screen reader would lose the first of two written at once. */
  say(said: Said): void {
    for (const text of said.assertive) this.#queue.push({ region: this.assertive, text });
    for (const text of said.polite) this.#queue.push({ region: this.polite, text });
    if (this.#queue.length > 0 && !this.#timer) this.#next();
  }

  #next(): void {
    const one = this.#queue.shift();
    if (!one) {
      this.#timer = 0;
      return;
    }
    one.region.textContent = "";
    one.region.append(one.text);
    this.#timer = window.setTimeout(() => this.#next(), APART);
  }
}
