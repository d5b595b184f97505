// Tells the server what is looked at: not before it stands still for a moment, and only what is new.
import type { Request } from "./socket";
import type { ViewHint } from "./stage";

const SETTLES_IN = 250;

export class ViewTeller {
  #told = "";
  #timer = 0;

  constructor(
    private readonly view: () => ViewHint,
    private readonly send: (message: Request) => Promise<unknown>,
  ) {}

  /** Something may have changed. */
  changed(): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#tell(), SETTLES_IN);
  }

  /** The other side knows nothing any more. */
  forget(): void {
    this.#told = "";
    this.changed();
  }

  #tell(): void {
    const view = this.view();
    const text = JSON.stringify(view);
    if (text === this.#told) return;
    this.#told = text;
    this.send({ type: "media.view", ...view }).catch(() => {
      if (this.#told === text) this.#told = "";
    });
  }
}
