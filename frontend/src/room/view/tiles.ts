// The stage: one tile a person. Order and columns come from the pure layout.
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { gridFor } from "../layout";
import { seated } from "../select";
import { sends, type State } from "../state";
import type { ParticipantInfo } from "../wire";
import { selfPicture } from "./devices";
import { shows } from "./directives";
import { icon, initials, type Stage } from "./parts";

export function tilesView(state: State, stage: Stage): TemplateResult {
  const people = seated(state);
  const { width, height } = state.stage;
  const grid = gridFor(people.length, width || 800, height || 600);
  return html`<ul class="tiles" data-columns=${grid.columns} ?data-scrolls=${grid.scrolls} aria-label="People in the room">
    ${repeat(
      people,
      (one) => one.id,
      (one) => tile(state, stage, one),
    )}
  </ul>`;
}

function tile(state: State, stage: Stage, person: ParticipantInfo): TemplateResult {
  const own = person.id === state.you?.participant;
  const speaking = state.speakers.includes(person.id);
  const lost = person.state === "RECONNECTING";
  const { microphone, camera } = own ? sends(state) : person;
  return html`<li
    class="tile ${speaking ? "is-speaking" : ""} ${lost ? "is-lost" : ""}"
    data-participant=${person.id}
    data-speaking=${String(speaking)}
  >
    ${own ? selfPicture(state, stage) : peerPicture(state, stage, person)}
    <p class="tile-plate">
      <span class="tile-name">${person.name}${own ? " (you)" : ""}</span>
      ${person.role === "facilitator" ? html`<span class="tile-role">Therapist</span>` : nothing}
      ${lost ? html`<span class="tile-role">Reconnecting</span>` : nothing}
      ${speaking ? mark("speaker", "Speaking", "is-voice") : nothing}
      ${microphone ? nothing : mark("mic-off", "Microphone off")}${camera ? nothing : mark("camera-off", "Camera off")}
    </p>
  </li>`;
}

function mark(name: string, words: string, look = ""): TemplateResult {
  return html`<span class="tile-mark ${look}">${icon(name)}<span class="visually-hidden">${words}</span></span>`;
}

function peerPicture(state: State, stage: Stage, person: ParticipantInfo): TemplateResult {
  const slot = state.slots.find((one) => one.kind === "video" && one.participant === person.id);
  const track = slot && person.camera ? stage.video(slot.mid) : null;
  return html`<div class="picture">
    <span class="picture-initials" aria-hidden="true">${initials(person.name)}</span>
    ${track
      ? html`<video autoplay playsinline data-mid=${slot?.mid ?? ""} aria-label="Picture of ${person.name}" ${shows(track)}></video>`
      : nothing}
  </div>`;
}
