// Before coming in: see oneself, choose devices, know what happens next.
import { html, nothing, type TemplateResult } from "lit";
import { isOn, type State } from "../state";
import { clockSpan } from "../words";
import { deviceChoices, deviceSwitch, selfPicture } from "./devices";
import { helpLines, notice, type Stage } from "./parts";

export function previewView(state: State, stage: Stage): TemplateResult {
  const { config } = state;
  const asking = state.media.camera.status === "asking" || state.media.microphone.status === "asking";
  return html`<section class="lobby">
    <header class="lobby-header">
      <p class="eyebrow">Before you come in</p>
      <h1 tabindex="-1">${config.title}</h1>
      ${config.scheduledStart
        ? html`<p class="muted">${clockSpan(config, config.scheduledStart, config.scheduledEnd)}</p>`
        : nothing}
    </header>
    <div class="lobby-body">
      <div class="mirror">
        <div class="mirror-frame">
          ${selfPicture(state, stage)}
          <p class="name-plate">Others see you as <strong>${config.you.name}</strong></p>
        </div>
        <div class="rounds">${deviceSwitch(state, stage, "microphone")}${deviceSwitch(state, stage, "camera")}</div>
      </div>
      <form class="card lobby-card" @submit=${(event: Event) => event.preventDefault()}>
        ${asking ? notice("", "Your browser asks whether this page may use the camera and the microphone. Choose Allow, or come in without.") : nothing}
        ${deviceChoices(state, stage)}
        ${joinButton(state, stage)}
        <p class="muted small">${promise(state)}</p>
      </form>
    </div>
    <footer class="lobby-footer">${helpLines(config)}</footer>
  </section>`;
}

function promise(state: State): string {
  return state.config.you.role === "patient"
    ? "You come to the waiting room first. Nobody sees or hears you until the therapist lets you in."
    : "You go straight into the room. Patients wait until you start the session and let them in.";
}

function joinButton(state: State, stage: Stage): TemplateResult {
  const busy = state.phase === "joining";
  const label = busy ? "Joining…" : joinWords(isOn(state, "microphone"), isOn(state, "camera"));
  return html`<button
    type="button"
    class="button is-large is-wide"
    data-action="join"
    aria-disabled=${String(busy)}
    @click=${() => busy || stage.send({ type: "join", takeOver: false })}
  >
    ${label}
  </button>
  ${busy && state.link === "down" ? notice("warn", "No connection yet. It is tried again by itself.") : nothing}`;
}

function joinWords(microphone: boolean, camera: boolean): string {
  if (microphone && camera) return "Join";
  if (microphone) return "Join with microphone only";
  return camera ? "Join without microphone" : "Join to listen only";
}
