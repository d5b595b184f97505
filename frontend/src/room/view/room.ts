// In the room: what the session is doing, the stage, the controls, and for facilitators the group's panel.
import { html, nothing, type TemplateResult } from "lit";
import { isFacilitator, me, offersShare, waiting } from "../select";
import type { State } from "../state";
import { ownClock, countOf, minutesSince } from "../words";
import { banners } from "./banners";
import { deviceSwitch } from "./devices";
import { panelView, startButton } from "./panel";
import { helpLines, icon, type Stage } from "./parts";
import { tilesView } from "./tiles";

export function roomView(state: State, stage: Stage): TemplateResult {
  const leads = isFacilitator(state);
  return html`<section class="room ${leads ? "has-panel" : ""}" data-panel=${String(state.panelOpen)}>
    <header class="room-bar">
      <h1 tabindex="-1">${state.config.title}</h1>
      <p class="room-phase">${phaseWords(state)}</p>
      ${leads && state.room?.session.locked ? html`<p class="room-lock">${icon("lock")}Locked</p>` : nothing}
      ${ownMinutes(state)}
    </header>
    ${banners(state, stage)}
    <div class="room-body">
      <div class="stage" data-stage>${state.room?.session.on_break_since ? breakView(state, stage) : tilesView(state, stage)}</div>
      ${leads ? panelView(state, stage) : nothing}
    </div>
    ${controls(state, stage)}
  </section>`;
}

function phaseWords(state: State): string {
  const session = state.room?.session;
  if (!session) return "";
  if (session.on_break_since) return "On a break";
  if (session.phase === "OPEN") {
    return `Since ${ownClock(state.config, session.opened_at ?? session.scheduled_start)}, planned until ${ownClock(state.config, session.scheduled_end)}`;
  }
  if (Date.parse(session.scheduled_start) > state.now) return `Starts at ${ownClock(state.config, session.scheduled_start)}`;
  const late = minutesSince(state.now, session.scheduled_start);
  return late < 2 ? "Not started yet" : `Not started yet, ${countOf(late, "minute")} after the planned time`;
}

function ownMinutes(state: State): TemplateResult | typeof nothing {
  const own = me(state);
  const minutes = own && state.minutes[own.id];
  if (minutes === undefined || isFacilitator(state)) return nothing;
  return html`<p class="room-minutes"><strong class="tabular">${minutes}</strong> min counted so far</p>`;
}

function breakView(state: State, stage: Stage): TemplateResult {
  const since = state.room?.session.on_break_since ?? "";
  const minutes = minutesSince(state.now, since);
  return html`<div class="break">
    <div class="break-cup">${icon("coffee")}</div>
    <h2>Break</h2>
    <p>${minutes === 0 ? "It has just begun." : `For ${countOf(minutes, "minute")} now.`} Nothing is counted during a break, and you may turn off microphone and camera.</p>
    <p>Please keep this page open. The therapist brings everybody back.</p>
    ${isFacilitator(state) && state.room?.session.phase === "OPEN"
      ? html`<button type="button" class="button is-large" data-action="break-end" @click=${() => stage.send({ type: "command", command: { type: "break.end" } })}>
          ${icon("play")}End the break
        </button>`
      : nothing}
    ${tilesView(state, stage)}
  </div>`;
}

function controls(state: State, stage: Stage): TemplateResult {
  const inLine = waiting(state).length;
  return html`<footer class="controls">
    ${startButton(state, stage)}
    <div class="rounds" role="group" aria-label="Controls">
      ${deviceSwitch(state, stage, "microphone")}${deviceSwitch(state, stage, "camera")}
      ${shareSwitch(state, stage)}
      <button type="button" class="round is-devices" data-action="devices" @click=${() => stage.send({ type: "dialog", dialog: { kind: "devices" } })}>
        <span class="round-face">${icon("settings")}</span><span class="round-word">Devices</span>
      </button>
      ${isFacilitator(state)
        ? html`<button
            type="button"
            class="round is-panel-switch"
            data-action="panel"
            aria-expanded=${String(state.panelOpen)}
            aria-controls="group-panel"
            @click=${() => stage.send({ type: "panel", open: !state.panelOpen })}
          >
            <span class="round-face">${icon("people")}${inLine ? html`<span class="round-count">${inLine}</span>` : nothing}</span>
            <span class="round-word">Group${inLine ? html`<span class="visually-hidden">, ${inLine} waiting</span>` : nothing}</span>
          </button>`
        : nothing}
      <button type="button" class="round is-keys" data-action="keys" @click=${() => stage.send({ type: "dialog", dialog: { kind: "keys" } })}>
        <span class="round-face">${icon("keyboard")}</span><span class="round-word">Keys</span>
      </button>
      <button type="button" class="round is-leave" data-action="leave" @click=${() => stage.send({ type: "dialog", dialog: { kind: "leave" } })}>
        <span class="round-face">${icon("leave")}</span><span class="round-word">Leave</span>
      </button>
    </div>
    ${helpLines(state.config)}
  </footer>`;
}

function shareSwitch(state: State, stage: Stage): TemplateResult | typeof nothing {
  if (!offersShare(state)) return nothing;
  const on = state.media.screen.want;
  return html`<button
    type="button"
    class="round ${on ? "is-on" : ""}"
    data-action="share"
    data-on=${String(on)}
    aria-keyshortcuts="s"
    @click=${() => stage.send({ type: "share", on: !on })}
  >
    <span class="round-face">${icon(on ? "screen-off" : "screen")}</span>
    <span class="round-word">${on ? "Stop sharing" : "Share screen"}</span>
  </button>`;
}
