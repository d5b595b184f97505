// What everybody in the room must know now: lost connections, a lost therapist, a break, blocked sound.
import { html, nothing, type TemplateResult } from "lit";
import { isFacilitator, me, mediaFlows } from "../select";
import { here, ownSideRoom } from "../stage";
import type { State } from "../state";
import { countOf, ended, listOf, minutesUntil, ownClock } from "../words";
import { act } from "./act";
import { networkNotice } from "./network";
import { icon, notice, type Stage } from "./parts";

export function banners(state: State, stage: Stage): TemplateResult {
  return html`<div class="banners">
    ${linkNotice(state)}${mediaNotice(state)}${sideRoomNotice(state, stage)}${sharingNotice(state, stage)}${sessionNotice(state)}
    ${mutedNotice(state)}${stoppedNotice(state)}${networkNotice(state, stage)}
    ${state.soundBlocked
      ? html`<button type="button" class="button is-large" data-action="unblock" @click=${() => stage.send({ type: "unblock" })}>
          Tap to hear the group
        </button>`
      : nothing}
    ${state.refusal
      ? notice(
          "bad",
          state.refusal,
          html`<button type="button" class="button is-quiet is-small" @click=${() => stage.send({ type: "dismiss" })}>Close</button>`,
        )
      : nothing}
  </div>`;
}

/** Say that the socket is away; media may well go on. */
export function linkNotice(state: State): TemplateResult | typeof nothing {
  if (state.link === "up") return nothing;
  const text = mediaFlows(state)
    ? "Reconnecting to the room. You still hear and see each other; your seat is kept."
    : "Reconnecting to the room. Your seat is kept.";
  return notice("warn", text);
}

function mediaNotice(state: State): TemplateResult | typeof nothing {
  if (state.relayAway) return notice("warn", "The media server cannot be reached right now. Sound and picture come back by themselves.");
  const { publish, subscribe } = state.paths;
  if (publish === "broken" || subscribe === "broken") return notice("warn", "Sound and picture were interrupted. Reconnecting.");
  if (publish === "connecting" || subscribe === "connecting") return notice("", "Connecting sound and picture…");
  return nothing;
}

function sessionNotice(state: State): TemplateResult | typeof nothing {
  const session = state.room?.session;
  if (!session || session.phase !== "OPEN") return nothing;
  if (session.auto_end_at) {
    const left = countOf(minutesUntil(state.now, session.auto_end_at), "minute");
    const when = ownClock(state.config, session.auto_end_at);
    return notice(
      "warn",
      `The therapist is reconnecting. Please stay. If nobody comes back, the session ends by itself at ${when}, in ${left}.`,
    );
  }
  return nothing;
}

function mutedNotice(state: State): TemplateResult | typeof nothing {
  const own = me(state);
  if (!own?.muted_by_staff || isFacilitator(state) || state.media.microphone.want) return nothing;
  return notice("", "The therapist muted you. Unmute when it is your turn to speak.");
}

function stoppedNotice(state: State): TemplateResult | typeof nothing {
  const own = me(state);
  if (!own?.camera_stopped_by_staff || isFacilitator(state) || state.media.camera.want) return nothing;
  return notice("", "The therapist stopped your video. You can start it again when it fits.");
}

function sharingNotice(state: State, stage: Stage): TemplateResult | typeof nothing {
  const { status } = state.media.screen;
  const stop = html`<button type="button" class="button is-small" data-action="unshare" @click=${() => stage.send({ type: "share", on: false })}>
    Stop sharing
  </button>`;
  if (status === "on") return notice("", "You are sharing your screen. Everybody in the room sees it.", stop);
  return status === "failed" ? notice("warn", "The screen could not be shared. Please try again, or choose another window.") : nothing;
}

function sideRoomNotice(state: State, stage: Stage): TemplateResult | typeof nothing {
  if (ownSideRoom(state) === null) return nothing;
  const others = here(state).filter((one) => one.id !== state.you?.participant).map((one) => one.name);
  const company = others.length > 0 ? ` with ${listOf(others)}` : "";
  return html`<div class="side-room" data-side-room>
    ${icon("step-out")}
    <p>
      <strong>${ended(`You are in a private room${company}`)}</strong>
      The group does not hear or see you.${isFacilitator(state) ? "" : " The therapist brings you back."}
    </p>
    ${isFacilitator(state)
      ? act(state, stage, { type: "participant.move", participant: state.you?.participant ?? "", side_room: null }, "Back to the group", "is-small", "step-back")
      : nothing}
  </div>`;
}
