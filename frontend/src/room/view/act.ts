// Buttons that order something from the server: quiet while the answer is awaited, with the person's name for who hears them alone.
import { html, type TemplateResult } from "lit";
import { commandKey, type Command } from "../commands";
import type { State } from "../state";
import type { ParticipantInfo } from "../wire";
import type { Stage } from "./parts";

export type Look = "is-small" | "is-small is-quiet" | "is-wide is-quiet";

export function act(
  state: State,
  stage: Stage,
  command: Command,
  words: unknown,
  look: Look,
  hook: string,
): TemplateResult {
  const busy = state.pending.includes(commandKey(command));
  return html`<button
    type="button"
    class="button ${look}"
    data-action=${hook}
    aria-disabled=${String(busy)}
    @click=${() => busy || stage.send({ type: "command", command })}
  >
    ${words}
  </button>`;
}

/** Words of a button, with the person's name for those who hear the button alone. */
export function named(words: string, one: ParticipantInfo): TemplateResult {
  return html`<span>${words}<span class="visually-hidden"> ${one.name}</span></span>`;
}
