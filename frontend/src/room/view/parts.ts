// Small pieces that several views use.
import { html, nothing, type TemplateResult } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import type { RoomConfig } from "../config";
import type { Input } from "../state";

/** What views get besides the state: a way to send inputs, and the pictures, which are not data. */
export interface Stage {
  readonly send: (input: Input) => void;
  readonly camera: MediaStreamTrack | null;
  readonly video: (mid: string) => MediaStreamTrack | null;
}

const drawings = import.meta.glob<string>("../../../icons/*.svg", { query: "?raw", import: "default", eager: true });

/** Draw one of our icons; it is decoration, the words beside it carry the meaning. */
export function icon(name: string): TemplateResult {
  const drawing = drawings[`../../../icons/${name}.svg`] ?? "";
  // Drawings are files of this repository, never input.
  return html`<span class="icon-box" aria-hidden="true">${unsafeHTML(drawing.replace("<svg ", '<svg class="icon" focusable="false" '))}</span>`;
}

/** Give the number to call and the crisis line. */
export function helpLines(config: RoomConfig): TemplateResult {
  return html`<ul class="help-lines">
    ${config.phone
      ? html`<li>Trouble? Call <a href="tel:${config.phone.replaceAll(/[^+\d]/g, "")}">${config.phone}</a></li>`
      : nothing}
    <li>Crisis: call or text <a href="tel:${config.crisis}">${config.crisis}</a></li>
  </ul>`;
}

/** Say something in a box; the kind shows as an icon and in the words, not by colour alone. */
export function notice(kind: "" | "ok" | "warn" | "bad", text: unknown, action: unknown = nothing): TemplateResult {
  const picture = { "": "info", ok: "check", warn: "warning", bad: "error" }[kind];
  return html`<div class="notice ${kind && `is-${kind}`}">
    ${icon(picture)}
    <div><p>${text}</p>${action}</div>
  </div>`;
}

/** Give the first letters of a name for a tile without picture. */
export function initials(name: string): string {
  return name
    .split(/\s+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? "")
    .join("");
}
