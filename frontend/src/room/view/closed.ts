// Screens without a room: over, refused, elsewhere, unsupported. Each says what happened and the way on.
import { html, nothing, type TemplateResult } from "lit";
import type { State } from "../state";
import { clock, endingOf } from "../words";
import { helpLines, icon, type Stage } from "./parts";

function page(state: State, picture: string, title: string, text: unknown, actions: unknown): TemplateResult {
  return html`<section class="lobby is-closed">
    <div class="card closed-card">
      <div class="closed-picture">${icon(picture)}</div>
      <h1 tabindex="-1">${title}</h1>
      <p class="lead">${text}</p>
      <div class="form-actions">${actions}</div>
      ${helpLines(state.config)}
    </div>
  </section>`;
}

function homeLink(state: State, quiet = true): TemplateResult {
  return html`<a class="button ${quiet ? "is-quiet" : ""}" data-action="home" href=${state.config.homeUrl}>Go to my page</a>`;
}

export function closedView(state: State, stage: Stage): TemplateResult {
  const { closed, config } = state;
  if (!closed) return html``;
  const ending = endingOf(closed);
  const picture = closed.error === "superseded" ? "devices" : closed.error === "ended" || closed.error === "left" ? "check" : "info";
  const text = closed.error === "not_yet_open" && !ending.text
    ? `The group starts at ${clock(config, config.scheduledStart)}. The waiting room opens a little before.`
    : ending.text;
  // A way out is a path of ours or words; anything else is not followed.
  const way = closed.wayOut ?? "";
  return page(
    state,
    picture,
    ending.title,
    text,
    html`
      ${/^\/(?!\/)/.test(way) ? html`<a class="button" data-action="way-out" href=${way}>Continue</a>` : nothing}
      ${way && !way.startsWith("/") ? html`<p>${way}</p>` : nothing}
      ${ending.signIn ? html`<a class="button" data-action="sign-in" href=${window.location.pathname}>Sign in</a>` : nothing}
      ${ending.again
        ? html`<button type="button" class="button" data-action="again" @click=${() => stage.send({ type: "join", takeOver: ending.takeOver })}>${ending.again}</button>`
        : nothing}
      ${homeLink(state, ending.again !== null || ending.signIn)}
    `,
  );
}

export function elsewhereView(state: State, stage: Stage): TemplateResult {
  return page(
    state,
    "devices",
    "You are already in this room",
    "This session is open on another device or in another tab. If you continue here, it closes there and your seat moves here.",
    html`<button type="button" class="button" data-action="take-over" @click=${() => stage.send({ type: "join", takeOver: true })}>Use this device instead</button>
      ${homeLink(state)}`,
  );
}

export function unsupportedView(state: State): TemplateResult {
  return page(
    state,
    "warning",
    "This browser cannot join the room",
    "Please use a current version of Chrome, Edge, Firefox or Safari. On an iPhone or iPad, use Safari. If you have no other browser, call your program now so that you do not miss the group.",
    homeLink(state, false),
  );
}
