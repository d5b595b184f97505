// Joins the parts: one state, one function that changes it, one that draws it, one that does what follows.
import { render } from "lit";
import "../styles/main.css";
import "../styles/room/main.css";
import { announcements } from "./announce";
import { readConfig } from "./config";
import { exposeDebug } from "./debug";
import { Effects } from "./effects";
import { reactions } from "./reactions";
import { rememberedDevices } from "./remembered";
import { offersShare, screenOf } from "./select";
import { canShare } from "./share";
import { Speaker } from "./speaker";
import { initial, reduce, type Device, type Input, type State } from "./state";
import { appView } from "./view/app";
import { keepingFocus } from "./view/focus";
import { Viewport } from "./viewport";

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page lacks #${id}`);
  return found;
}

function isSupported(): boolean {
  return (
    typeof RTCPeerConnection === "function" &&
    "addTransceiver" in RTCPeerConnection.prototype &&
    "replaceTrack" in (globalThis.RTCRtpSender?.prototype ?? {}) &&
    typeof WebSocket === "function" &&
    typeof HTMLDialogElement === "function" &&
    typeof Array.prototype.toSorted === "function"
  );
}

function start(): void {
  const root = element("room");
  const config = readConfig(element("room-config").textContent ?? "{}", window.location.origin);
  const speaker = new Speaker(element("live-polite"), element("live-assertive"));
  const remembered = rememberedDevices();
  let state: State = initial(config, Date.now(), canShare());
  for (const device of ["microphone", "camera"] as const satisfies readonly Device[]) {
    state = reduce(state, { type: "choose", device, id: remembered[device] });
  }
  let drawn = false;

  const draw = (): void => {
    drawn = true;
    render(appView(state, { send: dispatch, camera: effects.devices.camera, video: (mid) => effects.sinks.video(mid) }), root);
    root.dataset["screen"] = screenOf(state);
  };
  const redraw = (): void => {
    if (!drawn) return; // one is on its way
    drawn = false;
    queueMicrotask(() => {
      const before = root.dataset["screen"];
      keepingFocus(root, draw);
      observeStage();
      viewport.refresh();
      if (before && before !== root.dataset["screen"]) root.querySelector<HTMLElement>("h1")?.focus();
    });
  };
  const dispatch = (input: Input): void => {
    const before = state;
    state = reduce(before, input);
    if (state === before && input.type !== "unblock") return;
    redraw();
    speaker.say(announcements(before, state));
    for (const effect of reactions(before, state, input)) effects.perform(effect);
  };

  const observeStage = stageObserver(root, dispatch);
  const viewport = new Viewport(root, (sizes) => dispatch({ type: "sized", sizes }));
  const home = document.createElement("div");
  home.hidden = true;
  document.body.append(home);
  const effects = new Effects({ dispatch, state: () => state, redraw }, home);

  if (!isSupported()) state = reduce(state, { type: "unsupported" });
  root.replaceChildren();
  draw();
  if (state.phase === "unsupported") return;
  effects.perform({ do: "open_devices" });
  window.setInterval(() => dispatch({ type: "tick", now: Date.now() }), 1_000);
  listen(() => state, dispatch);
  if (config.debug) exposeDebug(() => state, [effects.publish, effects.subscribe]);
}

/**
 * Watch the room that tiles have; give back what must be called after a drawing, when the stage may be another element.
 * Outer sizes, so that a scroll bar cannot make it swing; an observer, so that a swing could never block the page.
 */
function stageObserver(root: HTMLElement, dispatch: (input: Input) => void): () => void {
  let watched: HTMLElement | null = null;
  const observer = new ResizeObserver(() => {
    if (watched) dispatch({ type: "resized", width: watched.offsetWidth, height: watched.offsetHeight });
  });
  return () => {
    const stage = root.querySelector<HTMLElement>("[data-stage]");
    if (stage === watched) return;
    observer.disconnect();
    watched = stage;
    if (stage) observer.observe(stage);
  };
}

function listen(state: () => State, dispatch: (input: Input) => void): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target instanceof Element && event.target.closest("input, select, textarea, dialog")) return;
    const screen = screenOf(state());
    if (screen !== "room" && screen !== "preview") return;
    if (event.key.toLowerCase() === "m") dispatch({ type: "toggle", device: "microphone" });
    if (event.key.toLowerCase() === "v") dispatch({ type: "toggle", device: "camera" });
    if (event.key.toLowerCase() === "s" && offersShare(state())) dispatch({ type: "share", on: !state().media.screen.want });
    if (event.key === "?") dispatch({ type: "dialog", dialog: { kind: "keys" } });
  });
}

start();
