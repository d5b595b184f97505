// The waiting room: calm, says what is awaited and for how long. It changes by push; nothing has to be reloaded.
import { html, nothing, type TemplateResult } from "lit";
import { me } from "../select";
import type { State } from "../state";
import type { SessionInfo } from "../wire";
import { clock, countOf, minutesSince, minutesUntil } from "../words";
import { linkNotice } from "./banners";
import { deviceSwitch, selfPicture } from "./devices";
import { helpLines, icon, type Stage } from "./parts";

interface Awaited {
  readonly title: string;
  readonly text: string;
}

export function waitingView(state: State, stage: Stage): TemplateResult {
  const session = state.room?.session;
  const awaited = session ? whatIsAwaited(state, session) : { title: "One moment", text: "" };
  const since = me(state)?.state_since;
  return html`<section class="lobby is-waiting">
    <header class="lobby-header">
      <p class="eyebrow">Waiting room · ${state.config.title}</p>
      <h1 tabindex="-1">${awaited.title}</h1>
      <p class="lead">${awaited.text}</p>
    </header>
    ${linkNotice(state)}
    <div class="lobby-body">
      <div class="mirror">
        <div class="mirror-frame">
          ${selfPicture(state, stage)}
          <p class="name-plate">Only you see this picture</p>
        </div>
        <div class="rounds">
          ${deviceSwitch(state, stage, "microphone")}${deviceSwitch(state, stage, "camera")}
          <button type="button" class="round is-leave" data-action="leave" @click=${() => stage.send({ type: "leave" })}>
            <span class="round-face">${icon("leave")}</span><span class="round-word">Leave</span>
          </button>
        </div>
      </div>
      <div class="card lobby-card">
        <div class="breathing" aria-hidden="true"><span></span><span></span><span></span></div>
        <p>${since ? waitedFor(state, since) : nothing}</p>
        <ul class="plain-list">
          <li>You will come in by yourself as soon as the therapist lets you in. Keep this page open.</li>
          <li>Find a private place, and use headphones if you can.</li>
          <li>Time in the waiting room before the start is not counted as session time.</li>
        </ul>
      </div>
    </div>
    <footer class="lobby-footer">${helpLines(state.config)}</footer>
  </section>`;
}

function waitedFor(state: State, since: string): string {
  const minutes = minutesSince(state.now, since);
  return minutes === 0 ? "You are in line. You just arrived." : `You are in line. You have waited ${countOf(minutes, "minute")}.`;
}

/** Say in words what has to happen before this person comes in. */
export function whatIsAwaited(state: State, session: SessionInfo): Awaited {
  const start = clock(state.config, session.scheduled_start);
  if (session.phase === "OPEN") {
    return session.auto_end_at
      ? { title: "The therapist is reconnecting", text: "The session has started, and the therapist lost the connection. Please stay in line." }
      : { title: "You are in line", text: "The session has started. The therapist will let you in." };
  }
  const late = minutesSince(state.now, session.scheduled_start);
  if (Date.parse(session.scheduled_start) > state.now) {
    const minutes = minutesUntil(state.now, session.scheduled_start);
    return { title: `The group starts at ${start}`, text: `That is in ${countOf(minutes, "minute")}. You are early, and in the right place.` };
  }
  if (late < 2) return { title: "The group is about to start", text: "The therapist will start the session any moment." };
  return {
    title: "The therapist is late",
    text: `The group was to start at ${start}, ${countOf(late, "minute")} ago. You did nothing wrong: please stay, your time of arrival is recorded.`,
  };
}
