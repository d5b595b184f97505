// Two things a template cannot say: which track a video shows, and that a dialog is modal.
import { noChange } from "lit";
import { AsyncDirective } from "lit/async-directive.js";
import { directive, type ElementPart, type PartInfo, PartType } from "lit/directive.js";

class Shows extends AsyncDirective {
  #track: MediaStreamTrack | null = null;
  #video: HTMLVideoElement | null = null;

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error("shows() belongs on an element");
  }

  override render(_track: MediaStreamTrack | null): unknown {
    return noChange;
  }

  override update(part: ElementPart, [track]: [MediaStreamTrack | null]): unknown {
    const video = part.element as HTMLVideoElement;
    if (video === this.#video && track === this.#track) return noChange;
    [this.#video, this.#track] = [video, track];
    // Muted as a property: pictures may play without a tap only if they can make no sound.
    video.muted = true;
    video.srcObject = track ? new MediaStream([track]) : null;
    if (track) video.play().catch(() => undefined); // replaced while starting; the next update starts the new one
    return noChange;
  }

  override disconnected(): void {
    if (this.#video) this.#video.srcObject = null;
    [this.#video, this.#track] = [null, null];
  }
}

/** Show a track in a video element. */
export const shows = directive(Shows);

class Modal extends AsyncDirective {
  #dialog: HTMLDialogElement | null = null;
  #before: Element | null = null;

  override render(): unknown {
    return noChange;
  }

  override update(part: ElementPart): unknown {
    if (this.#dialog) return noChange;
    this.#dialog = part.element as HTMLDialogElement;
    this.#before = document.activeElement;
    queueMicrotask(() => {
      if (this.#dialog?.isConnected && !this.#dialog.open) this.#dialog.showModal();
    });
    return noChange;
  }

  override disconnected(): void {
    const [dialog, before] = [this.#dialog, this.#before];
    [this.#dialog, this.#before] = [null, null];
    dialog?.close();
    // The browser gives focus back on close(), but not when the dialog is taken out of the page.
    queueMicrotask(() => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    });
  }
}

/** Open a dialog as modal when it appears, and give focus back when it goes. */
export const modal = directive(Modal);
