// What somebody with a weak connection is told and offered. Calm words: nothing here is the person's fault.
import { html, nothing, type TemplateResult } from "lit";
import { isHeardBadly, offersSoundOnly } from "../network";
import { mediaFlows } from "../select";
import { sends, type Input, type State } from "../state";
import { notice, type Stage } from "./parts";

export function networkNotice(state: State, stage: Stage): TemplateResult | typeof nothing {
  if (state.link !== "up" || !mediaFlows(state)) return nothing; // a lost connection has its own words
  const { network, now } = state;
  const button = (words: string, hook: string, input: Input, look = "is-quiet"): TemplateResult =>
    html`<button type="button" class="button is-small ${look}" data-action=${hook} @click=${() => stage.send(input)}>${words}</button>`;
  const later = button("Not now", "decline", { type: "decline" });
  if (network.soundOnly) {
    return notice(
      "",
      "Sound only, as you chose. Pictures come back by themselves when your connection is steady.",
      button("Show pictures now", "pictures", { type: "pictures" }),
    );
  }
  if (network.downlink === "sound_only") return notice("warn", "Your connection is weak. Sound goes on; pictures come back by themselves.");
  if (network.cameraRests) {
    return notice(
      "",
      "Your camera is resting so that your sound stays clear. It comes back by itself.",
      button("Turn it on now", "pictures", { type: "pictures" }),
    );
  }
  if (offersSoundOnly(network, now)) {
    return notice(
      "",
      "Your connection is weak, so pictures are smaller. Sound alone would be steadier.",
      html`<div class="cluster">${button("Sound only", "sound-only", { type: "save", what: "sound_only" }, "")}${later}</div>`,
    );
  }
  if (isHeardBadly(network, now)) {
    return sends(state).camera
      ? notice(
          "",
          "Others may see or hear you badly: your connection is weak. Without your picture, your voice gets through better.",
          html`<div class="cluster">${button("Rest my camera", "rest-camera", { type: "save", what: "camera" }, "")}${later}</div>`,
        )
      : notice("", "Others may hear you badly: your connection is weak.", later);
  }
  return nothing;
}
