// What a facilitator can do about one person, as a list in a dialog: large enough for a thumb, reached from tile and panel alike.
import { html, nothing, type TemplateResult } from "lit";
import type { Command } from "../commands";
import { isSeated, type State } from "../state";
import { ownSideRoom, tileKey } from "../stage";
import type { ParticipantInfo } from "../wire";
import { act } from "./act";
import { icon, type Stage } from "./parts";

/** Say whether there is anything a facilitator could order about somebody. */
export function isInCare(state: State, one: ParticipantInfo): boolean {
  return one.role !== "facilitator" && one.id !== state.you?.participant;
}

/** Say where a person is and what they send, in a line. */
export function seatWords(state: State, one: ParticipantInfo): string {
  const minutes = state.minutes[one.id];
  const words = one.role === "facilitator" ? ["therapist"] : minutes === undefined ? [] : [`${minutes} min counted`];
  if (one.state === "RECONNECTING") words.push("reconnecting");
  if (one.side_room !== null) words.push("stepped out");
  if (!one.microphone) words.push("muted");
  if (!one.camera) words.push("camera off");
  if (one.screen) words.push("shares a screen");
  return words.join(", ");
}

/** Say whether the viewer could leave the group with one more person: a private room is for two. */
function canStepOut(state: State, one: ParticipantInfo): boolean {
  const own = state.you?.participant ?? "";
  const room = ownSideRoom(state);
  const isTaken = (state.room?.participants ?? []).some((each) => each.side_room === own && each.id !== own && isSeated(each));
  return one.side_room !== own && !isTaken && (room === null || room === own);
}

export function personView(state: State, stage: Stage, participant: string): TemplateResult {
  const one = state.room?.participants.find((each) => each.id === participant);
  if (!one || !isSeated(one)) return html`<h2 id="dialog-title">This person is no longer in the room</h2>`;
  const key = tileKey(one.id, "camera");
  const isPinned = state.pinned === key;
  const row = (picture: string, words: string): TemplateResult => html`${icon(picture)}<span>${words}</span>`;
  return html`<h2 id="dialog-title">${one.name}</h2>
    <p class="muted small">${seatWords(state, one)}</p>
    <div class="acts">
      <button type="button" class="button is-wide is-quiet" data-action="pin" @click=${() => stage.send({ type: "pin", key: isPinned ? null : key })}>
        ${row(isPinned ? "pin-off" : "pin", isPinned ? "Do not show large any more" : "Show large, only for you")}
      </button>
      ${one.microphone
        ? act(state, stage, { type: "participant.mute", participant }, row("mic-off", "Mute"), "is-wide is-quiet", "mute")
        : nothing}
      ${one.camera
        ? act(state, stage, { type: "participant.stop_video", participant }, row("camera-off", "Stop video"), "is-wide is-quiet", "stop-video")
        : nothing}
      ${moves(state, stage, one)}
      <button
        type="button"
        class="button is-wide is-danger is-quiet"
        data-action="remove"
        @click=${() => stage.send({ type: "dialog", dialog: { kind: "remove", participant } })}
      >
        ${row("person-remove", "Remove from the session…")}
      </button>
    </div>`;
}

function moves(state: State, stage: Stage, one: ParticipantInfo): TemplateResult | typeof nothing {
  const { id: participant } = one;
  const own = state.you?.participant ?? "";
  if (one.side_room !== null) {
    const back: Command = { type: "participant.move", participant, side_room: null };
    return act(state, stage, back, html`${icon("arrow-back")}<span>Bring back to the group</span>`, "is-wide is-quiet", "bring-back");
  }
  if (!canStepOut(state, one)) return nothing;
  const out: Command = { type: "participant.move", participant, side_room: own };
  return html`${act(state, stage, out, html`${icon("step-out")}<span>Step out together</span>`, "is-wide is-quiet", "step-out")}
    <p class="muted small">In a private room the group neither hears nor sees the two of you.</p>`;
}
