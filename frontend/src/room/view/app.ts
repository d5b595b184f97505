// The whole page from the state: one screen, and one dialog over it.
import { html, type TemplateResult } from "lit";
import { screenOf } from "../select";
import type { State } from "../state";
import { closedView, elsewhereView, unsupportedView } from "./closed";
import { dialogView } from "./dialogs";
import type { Stage } from "./parts";
import { previewView } from "./preview";
import { roomView } from "./room";
import { waitingView } from "./waiting";

export function appView(state: State, stage: Stage): TemplateResult {
  return html`${screenView(state, stage)}${dialogView(state, stage)}`;
}

function screenView(state: State, stage: Stage): TemplateResult {
  switch (screenOf(state)) {
    case "unsupported":
      return unsupportedView(state);
    case "preview":
      return previewView(state, stage);
    case "elsewhere":
      return elsewhereView(state, stage);
    case "waiting":
      return waitingView(state, stage);
    case "room":
      return roomView(state, stage);
    case "closed":
      return closedView(state, stage);
  }
}
