// The facilitators' panel: the session, who waits, who is in the room, who is away.
import { html, nothing, type TemplateResult } from "lit";
import { away, isFacilitator, seated, waiting, wasPutOut } from "../select";
import type { State } from "../state";
import type { ParticipantInfo } from "../wire";
import { countOf, minutesSince } from "../words";
import { act, named } from "./act";
import { icon, type Stage } from "./parts";
import { isInCare, seatWords } from "./person";

/** The way to begin: large, and only while the session has not begun. */
export function startButton(state: State, stage: Stage): TemplateResult | typeof nothing {
  if (!isFacilitator(state) || state.room?.session.phase !== "SCHEDULED") return nothing;
  const busy = state.pending.includes("session.start");
  return html`<button
    type="button"
    class="button is-large"
    data-action="start"
    aria-disabled=${String(busy)}
    @click=${() => busy || stage.send({ type: "command", command: { type: "session.start" } })}
  >
    ${icon("play")}Start the session
  </button>`;
}

export function panelView(state: State, stage: Stage): TemplateResult {
  return html`<aside id="group-panel" class="panel" aria-label="Group">
    <div class="panel-head">
      <h2>Group</h2>
      <button type="button" class="button is-quiet is-small is-panel-close" @click=${() => stage.send({ type: "panel", open: false })}>Close</button>
    </div>
    ${sessionActions(state, stage)}${lockSwitch(state, stage)}${waitingList(state, stage)}${roomList(state, stage)}${awayList(state, stage)}
  </aside>`;
}

function sessionActions(state: State, stage: Stage): TemplateResult | typeof nothing {
  const session = state.room?.session;
  if (session?.phase !== "OPEN") return nothing;
  return html`<div class="cluster">
    ${session.on_break_since
      ? act(state, stage, { type: "break.end" }, html`${icon("play")}End the break`, "is-small", "break-end")
      : act(state, stage, { type: "break.start" }, html`${icon("coffee")}Start a break`, "is-small is-quiet", "break-start")}
    <button
      type="button"
      class="button is-small is-danger is-quiet"
      data-action="end"
      @click=${() => stage.send({ type: "dialog", dialog: { kind: "end" } })}
    >
      ${icon("stop")}End session
    </button>
  </div>`;
}

/** The door: open to who is admitted, or shut. What it is now shows to every facilitator. */
function lockSwitch(state: State, stage: Stage): TemplateResult | typeof nothing {
  const session = state.room?.session;
  if (session?.phase !== "OPEN") return nothing;
  const busy = state.pending.includes("room.lock");
  return html`<div class="lock">
    <button
      type="button"
      class="switch"
      role="switch"
      data-action="lock"
      aria-checked=${String(session.locked)}
      aria-disabled=${String(busy)}
      aria-describedby="lock-note"
      @click=${() => busy || stage.send({ type: "command", command: { type: "room.lock", locked: !session.locked } })}
    >
      ${icon(session.locked ? "lock" : "unlock")}<span class="switch-word">Lock the room</span><span class="switch-knob"></span>
    </button>
    <p id="lock-note" class="muted small">${session.locked ? LOCKED : "Open: whom you admit comes in."}</p>
  </div>`;
}

const LOCKED = "Locked: nobody new can come in or wait. Who is in the room stays, and finds back after a lost connection.";

function waitingList(state: State, stage: Stage): TemplateResult {
  const people = waiting(state);
  const open = state.room?.session.phase === "OPEN";
  return html`<section aria-labelledby="waiting-title">
    <div class="panel-head">
      <h3 id="waiting-title">Waiting (${people.length})</h3>
      ${open && people.length > 1 ? act(state, stage, { type: "participants.admit_all" }, "Admit all", "is-small", "admit-all") : nothing}
    </div>
    ${people.length === 0 ? html`<p class="muted small">Nobody is waiting.</p>` : nothing}
    <ul class="people">
      ${people.map(
        (one) => html`<li data-waiting=${one.id}>
          ${who(one, `waiting ${countOf(minutesSince(state.now, one.lobby_at ?? one.state_since), "minute")}`)}
          <div class="cluster">
            ${open
              ? act(state, stage, { type: "participant.admit", participant: one.id }, named("Admit", one), "is-small", "admit")
              : nothing}
            ${removeButton(stage, one)}
          </div>
        </li>`,
      )}
    </ul>
    ${!open && people.length > 0 ? html`<p class="muted small">Start the session to let people in.</p>` : nothing}
  </section>`;
}

function roomList(state: State, stage: Stage): TemplateResult {
  const people = seated(state);
  return html`<section aria-labelledby="seated-title">
    <h3 id="seated-title">In the room (${people.length})</h3>
    <ul class="people">
      ${people.map((one) => html`<li data-seated=${one.id}>${who(one, seatWords(state, one))}${seatActions(state, stage, one)}</li>`)}
    </ul>
  </section>`;
}

function seatActions(state: State, stage: Stage, one: ParticipantInfo): TemplateResult | typeof nothing {
  if (!isInCare(state, one)) return nothing;
  return html`<div class="cluster">
    ${one.microphone
      ? act(state, stage, { type: "participant.mute", participant: one.id }, named("Mute", one), "is-small is-quiet", "mute")
      : nothing}
    ${one.camera
      ? act(state, stage, { type: "participant.stop_video", participant: one.id }, named("Stop video", one), "is-small is-quiet", "stop-video")
      : nothing}
    ${one.side_room !== null
      ? act(state, stage, { type: "participant.move", participant: one.id, side_room: null }, named("Bring back", one), "is-small is-quiet", "bring-back")
      : nothing}
    <button
      type="button"
      class="button is-small is-quiet"
      data-action="person"
      aria-haspopup="dialog"
      @click=${() => stage.send({ type: "dialog", dialog: { kind: "person", participant: one.id } })}
    >
      ${named("More", one)}
    </button>
  </div>`;
}

function removeButton(stage: Stage, one: ParticipantInfo): TemplateResult {
  return html`<button
    type="button"
    class="button is-small is-danger is-quiet"
    data-action="remove"
    @click=${() => stage.send({ type: "dialog", dialog: { kind: "remove", participant: one.id } })}
  >
    ${named("Remove", one)}
  </button>`;
}

function awayList(state: State, stage: Stage): TemplateResult | typeof nothing {
  const people = away(state);
  if (people.length === 0) return nothing;
  return html`<section aria-labelledby="away-title">
    <h3 id="away-title">Not in the room (${people.length})</h3>
    <ul class="people">
      ${people.map(
        (one) => html`<li data-away=${one.id}>
          ${who(one, awayWords(one))}
          ${wasPutOut(one)
            ? act(state, stage, { type: "participant.readmit", participant: one.id }, named("Let back in", one), "is-small is-quiet", "readmit")
            : nothing}
        </li>`,
      )}
    </ul>
  </section>`;
}

function awayWords(one: ParticipantInfo): string {
  if (one.state === "DENIED") return "turned away";
  return one.state === "REMOVED" ? "removed" : "left";
}

function who(one: ParticipantInfo, note: string): TemplateResult {
  return html`<div class="person">
    <strong>${one.name}</strong>${one.full_name && one.full_name !== one.name ? html` <span class="muted">${one.full_name}</span>` : nothing}
    <span class="muted small">${note}</span>
  </div>`;
}
