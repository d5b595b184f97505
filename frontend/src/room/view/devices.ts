// The person's own devices: picture, switches, choices, loudness, and what is wrong. Used before and in the room.
import { html, nothing, type TemplateResult } from "lit";
import { isOn, type Device, type State } from "../state";
import { deviceTrouble } from "../words";
import { shows } from "./directives";
import { icon, initials, notice, type Stage } from "./parts";

const OFFERS: Record<Device, { off: string; on: string; icon: string; iconOff: string; key: string }> = {
  microphone: { off: "Mute", on: "Unmute", icon: "mic", iconOff: "mic-off", key: "m" },
  camera: { off: "Stop camera", on: "Start camera", icon: "camera", iconOff: "camera-off", key: "v" },
};

/** A switch whose words say what it will do; the picture says what is. */
export function deviceSwitch(state: State, stage: Stage, device: Device): TemplateResult {
  const on = isOn(state, device);
  const words = OFFERS[device];
  return html`<button
    type="button"
    class="round ${on ? "" : "is-off"}"
    data-action=${device}
    data-on=${String(on)}
    aria-keyshortcuts=${words.key}
    @click=${() => stage.send({ type: "toggle", device })}
  >
    <span class="round-face">${icon(on ? words.icon : words.iconOff)}</span>
    <span class="round-word">${on ? words.off : words.on}</span>
  </button>`;
}

/** The own picture, mirrored as in a looking-glass; initials while there is none. */
export function selfPicture(state: State, stage: Stage): TemplateResult {
  const { name } = state.config.you;
  return html`<div class="picture">
    <span class="picture-initials" aria-hidden="true">${initials(name)}</span>
    ${stage.camera
      ? html`<video class="is-mirrored" autoplay playsinline aria-label="Your own picture" ${shows(stage.camera)}></video>`
      : nothing}
  </div>`;
}

/** Choices for both devices, with a bar that moves while one speaks. */
export function deviceChoices(state: State, stage: Stage): TemplateResult {
  return html`${choice(state, stage, "microphone", "Microphone")}${meter(state)}${choice(state, stage, "camera", "Camera")}`;
}

function choice(state: State, stage: Stage, device: Device, label: string): TemplateResult {
  const options = state.media.choices[device];
  const chosen = state.media[device].deviceId;
  return html`<div class="field">
    <label for="choose-${device}">${label}</label>
    <select
      id="choose-${device}"
      ?disabled=${options.length === 0}
      @change=${(event: Event) => stage.send({ type: "choose", device, id: (event.target as HTMLSelectElement).value })}
    >
      ${options.length === 0 ? html`<option>None found yet</option>` : nothing}
      ${options.map((one) => html`<option value=${one.id} .selected=${one.id === chosen}>${one.label}</option>`)}
    </select>
    ${trouble(state, stage, device)}
  </div>`;
}

function trouble(state: State, stage: Stage, device: Device): TemplateResult | typeof nothing {
  const { want, status } = state.media[device];
  const text = want ? deviceTrouble(device, status) : "";
  if (!text) return nothing;
  return notice(
    "warn",
    text,
    html`<button type="button" class="button is-quiet is-small" @click=${() => stage.send({ type: "toggle", device })}>
      Try the ${device} again
    </button>`,
  );
}

function meter(state: State): TemplateResult {
  const on = isOn(state, "microphone");
  return html`<div class="meter-line">
    <span id="meter-label">${on ? "Say something: the bar should move" : "Your microphone is off"}</span>
    <meter aria-labelledby="meter-label" min="0" max="10" .value=${on ? state.media.level : 0}></meter>
  </div>`;
}
