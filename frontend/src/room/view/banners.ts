// What everybody in the room must know now: lost connections, a lost therapist, a break, blocked sound.
import { html, nothing, type TemplateResult } from "lit";
import { isFacilitator, me, mediaFlows } from "../select";
import type { State } from "../state";
import { countOf, minutesUntil, ownClock } from "../words";
import { notice, type Stage } from "./parts";

export function banners(state: State, stage: Stage): TemplateResult {
  return html`<div class="banners">
    ${linkNotice(state)}${mediaNotice(state)}${sessionNotice(state)}${mutedNotice(state)}
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
