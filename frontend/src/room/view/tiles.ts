// The stage: one tile a picture. Which one is large comes from stage.ts, columns from layout.ts.
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { gridFor } from "../layout";
import { isFacilitator, lineOf, type Line } from "../select";
import { planOf, slotOf, type Tile } from "../stage";
import { sends, type State } from "../state";
import type { ParticipantInfo } from "../wire";
import { selfPicture } from "./devices";
import { shows } from "./directives";
import { icon, initials, type Stage } from "./parts";
import { isInCare } from "./person";

export function tilesView(state: State, stage: Stage): TemplateResult {
  const { focus, tiles, steppedOut } = planOf(state);
  const { width, height } = state.stage;
  const grid = gridFor(tiles.length, width || 800, height || 600);
  const list = repeat(
    tiles,
    (one) => one.key,
    (one) => tile(state, stage, one, false),
  );
  if (!focus) {
    return html`<ul class="tiles" data-columns=${grid.columns} ?data-scrolls=${grid.scrolls} aria-label="People in the room">${list}</ul>
      ${outList(steppedOut)}`;
  }
  return html`<div class="spotlight">
      <ul class="focus" aria-label="Large picture">${repeat([focus], (one) => one.key, (one) => tile(state, stage, one, true))}</ul>
      <ul class="tiles is-strip" aria-label="People in the room" tabindex="0">${list}</ul>
    </div>
    ${outList(steppedOut)}`;
}

function tile(state: State, stage: Stage, one: Tile, isLarge: boolean): TemplateResult {
  return one.source === "screen" ? screenTile(state, stage, one, isLarge) : cameraTile(state, stage, one, isLarge);
}

function cameraTile(state: State, stage: Stage, one: Tile, isLarge: boolean): TemplateResult {
  const { person } = one;
  const own = person.id === state.you?.participant;
  const speaking = state.speakers.includes(person.id);
  const lost = person.state === "RECONNECTING";
  const { microphone, camera } = own ? sends(state) : person;
  return html`<li
    class="tile ${speaking ? "is-speaking" : ""} ${lost ? "is-lost" : ""} ${isLarge ? "is-large" : ""}"
    data-participant=${person.id}
    data-tile=${one.key}
    data-speaking=${String(speaking)}
  >
    ${own ? selfPicture(state, stage) : peerPicture(state, stage, one, person.camera)}
    <p class="tile-plate">
      <span class="tile-name">${person.name}${own ? " (you)" : ""}</span>
      ${person.role === "facilitator" ? html`<span class="tile-role">Therapist</span>` : nothing}
      ${lost ? html`<span class="tile-role">Reconnecting</span>` : nothing}
      ${speaking ? mark("speaker", "Speaking", "is-voice") : nothing}
      ${microphone ? nothing : mark("mic-off", "Microphone off")}${camera ? nothing : mark("camera-off", "Camera off")}
      ${own ? lineMark(lineOf(state)) : nothing}
    </p>
    ${own ? nothing : tools(state, stage, one, person.name)}
  </li>`;
}

function screenTile(state: State, stage: Stage, one: Tile, isLarge: boolean): TemplateResult {
  return html`<li class="tile is-screen ${isLarge ? "is-large" : ""}" data-screen-of=${one.person.id} data-tile=${one.key}>
    ${peerPicture(state, stage, one, true)}
    <p class="tile-plate">${icon("screen")}<span class="tile-name">Screen of ${one.person.name}</span></p>
    ${tools(state, stage, one, `the screen of ${one.person.name}`)}
  </li>`;
}

/** Who stepped out has a place in the group, and no picture. */
function outList(people: readonly ParticipantInfo[]): TemplateResult | typeof nothing {
  if (people.length === 0) return nothing;
  return html`<ul class="out-list" aria-label="Stepped out">
    ${people.map(
      (one) => html`<li data-stepped-out=${one.id}>
        <span class="out-initials" aria-hidden="true">${initials(one.name)}</span><strong>${one.name}</strong> stepped out
      </li>`,
    )}
  </ul>`;
}

function tools(state: State, stage: Stage, one: Tile, name: string): TemplateResult {
  const isPinned = state.pinned === one.key;
  return html`<div class="tile-tools">
    <button
      type="button"
      class="tile-tool"
      data-action="pin"
      aria-pressed=${String(isPinned)}
      title=${isPinned ? "Do not show large any more" : "Show large"}
      @click=${() => stage.send({ type: "pin", key: isPinned ? null : one.key })}
    >
      ${icon(isPinned ? "pin-off" : "pin")}<span class="visually-hidden">Show ${name} large</span>
    </button>
    ${one.source === "camera" && isFacilitator(state) && isInCare(state, one.person)
      ? html`<button
          type="button"
          class="tile-tool"
          data-action="person"
          aria-haspopup="dialog"
          title="More for ${name}"
          @click=${() => stage.send({ type: "dialog", dialog: { kind: "person", participant: one.person.id } })}
        >
          ${icon("more")}<span class="visually-hidden">More for ${name}</span>
        </button>`
      : nothing}
  </div>`;
}

function mark(name: string, words: string, look = ""): TemplateResult {
  return html`<span class="tile-mark ${look}">${icon(name)}<span class="visually-hidden">${words}</span></span>`;
}

const LINES: Record<Line, readonly [string, string]> = {
  good: ["signal", "Your connection is good"],
  weak: ["signal-weak", "Your connection is weak"],
  poor: ["signal-poor", "Your connection is poor"],
};

function lineMark(line: Line): TemplateResult {
  const [picture, words] = LINES[line];
  return html`<span class="tile-mark is-line is-${line}" data-line=${line} title=${words}>${icon(picture)}<span class="visually-hidden">${words}</span></span>`;
}

/** A picture that is not sent is initials and a reason; a frozen face would say that somebody froze. */
function peerPicture(state: State, stage: Stage, one: Tile, isSent: boolean): TemplateResult {
  const slot = slotOf(state, one);
  const track = slot && isSent && !slot.paused ? stage.video(slot.mid) : null;
  const pinned = state.pinned === one.key;
  const { name } = one.person;
  return html`<div class="picture" @click=${() => stage.send({ type: "pin", key: pinned ? null : one.key })}>
    ${one.source === "screen"
      ? html`<span class="picture-wait">${icon("screen")}</span>`
      : html`<span class="picture-initials" aria-hidden="true">${initials(name)}</span>`}
    ${isSent && !track ? missingNote(state, one, slot?.paused ?? false) : nothing}
    ${track
      ? html`<video
          autoplay
          playsinline
          data-mid=${slot?.mid ?? ""}
          aria-label="${one.source === "screen" ? "Screen" : "Picture"} of ${name}"
          ${shows(track)}
        ></video>`
      : nothing}
  </div>`;
}

function missingNote(state: State, one: Tile, isPaused: boolean): TemplateResult | typeof nothing {
  const { soundOnly, downlink } = state.network;
  const note = (words: string, why = ""): TemplateResult => html`<span class="picture-note">${words}<span class="picture-why">${why}</span></span>`;
  if (soundOnly) return note("Sound only");
  const what = one.source === "screen" ? "Screen" : "Picture";
  // On a good line a pause lasts a moment, until the relay has heard that the picture is in sight again.
  if (isPaused && downlink !== "good") return note(`${what} paused`, ": weak connection");
  return one.source === "screen" ? note("The screen is on its way") : nothing;
}
