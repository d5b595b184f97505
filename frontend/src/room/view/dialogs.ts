// Questions before something that cannot simply be taken back, and two small helps. Native dialogs: Escape closes, focus returns.
import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import type { RemoveReason } from "../commands";
import { offersShare } from "../select";
import type { Dialog, State } from "../state";
import { deviceChoices } from "./devices";
import { modal } from "./directives";
import type { Stage } from "./parts";
import { personView } from "./person";

const REASONS: readonly (readonly [RemoveReason, string])[] = [
  ["disruptive", "Disrupts the group"],
  ["wrong_person", "Is not the person expected"],
  ["privacy", "Somebody else can hear or see the group"],
  ["other", "Another reason"],
];

export function dialogView(state: State, stage: Stage): TemplateResult | typeof nothing {
  const { dialog } = state;
  if (!dialog) return nothing;
  return html`${keyed(
    dialog,
    html`<dialog
      class="dialog"
      aria-labelledby="dialog-title"
      ${modal()}
      @cancel=${(event: Event) => {
        event.preventDefault();
        stage.send({ type: "dialog", dialog: null });
      }}
    >
      ${content(state, stage, dialog)}
    </dialog>`,
  )}`;
}

function content(state: State, stage: Stage, dialog: Dialog): TemplateResult {
  switch (dialog.kind) {
    case "leave":
      return ask(
        stage,
        "Leave the room?",
        "If you come back soon, you need not wait again.",
        "Stay",
        html`<button type="button" class="button is-danger" data-action="leave-confirm" @click=${() => stage.send({ type: "leave" })}>Leave</button>`,
      );
    case "end":
      return ask(
        stage,
        "End the session for everybody?",
        "All people leave the room, and counting stops now. A session that has ended cannot be opened again.",
        "Go on with the session",
        html`<button type="button" class="button is-danger" data-action="end-confirm" @click=${() => stage.send({ type: "command", command: { type: "session.end" } })}>
          End for everybody
        </button>`,
      );
    case "remove":
      return removal(state, stage, dialog.participant);
    case "person":
      return html`${personView(state, stage, dialog.participant)}
        <div class="dialog-actions">${closeButton(stage, "Close")}</div>`;
    case "devices":
      return html`<h2 id="dialog-title">Devices</h2>
        ${deviceChoices(state, stage)}
        <div class="dialog-actions">${closeButton(stage, "Done")}</div>`;
    case "keys":
      return html`<h2 id="dialog-title">Keys</h2>
        <dl>
          <dt><kbd>M</kbd></dt><dd>Mute or unmute</dd>
          <dt><kbd>V</kbd></dt><dd>Start or stop the camera</dd>
          ${offersShare(state) ? html`<dt><kbd>S</kbd></dt><dd>Share a screen, or stop sharing</dd>` : nothing}
          <dt><kbd>?</kbd></dt><dd>Show this list</dd>
          <dt><kbd>Esc</kbd></dt><dd>Close a question like this one</dd>
        </dl>
        <div class="dialog-actions">${closeButton(stage, "Close")}</div>`;
  }
}

function ask(stage: Stage, title: string, text: string, stay: string, action: TemplateResult): TemplateResult {
  return html`<h2 id="dialog-title">${title}</h2>
    <p>${text}</p>
    <div class="dialog-actions">${closeButton(stage, stay)}${action}</div>`;
}

function removal(state: State, stage: Stage, participant: string): TemplateResult {
  const name = state.room?.participants.find((one) => one.id === participant)?.name ?? "this person";
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const reason = new FormData(event.target as HTMLFormElement).get("reason") as RemoveReason;
    stage.send({ type: "command", command: { type: "participant.remove", participant, reason } });
  };
  return html`<form class="form" @submit=${submit}>
    <h2 id="dialog-title">Remove ${name}?</h2>
    <p>${name} leaves the room at once and cannot come back until you allow it. The reason goes into the record and is not shown to others.</p>
    <fieldset class="field">
      <legend>Reason</legend>
      ${REASONS.map(
        ([value, words], index) =>
          html`<label class="check"><input type="radio" name="reason" value=${value} ?checked=${index === 0} /> <span>${words}</span></label>`,
      )}
    </fieldset>
    <div class="dialog-actions">
      ${closeButton(stage, "Keep in the room")}
      <button type="submit" class="button is-danger" data-action="remove-confirm">Remove</button>
    </div>
  </form>`;
}

function closeButton(stage: Stage, words: string): TemplateResult {
  return html`<button type="button" class="button is-quiet" autofocus data-action="dialog-close" @click=${() => stage.send({ type: "dialog", dialog: null })}>
    ${words}
  </button>`;
}
