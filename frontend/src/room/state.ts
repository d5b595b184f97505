// The room's whole state and the one function that changes it. Pure and total: every input is answered in every state.
import { commandKey, type Command } from "./commands";
import type { RoomConfig } from "./config";
import { arrange } from "./layout";
import { GOOD, restored, saved, waited, type Network } from "./network";
import { onServer } from "./server";
import type { Size } from "./stage";
import type { ErrorId, MediaSlot, ParticipantInfo, RoomState, ServerMessage, You } from "./wire";

export type Device = "microphone" | "camera";
export type DeviceStatus = "off" | "asking" | "on" | "denied" | "missing" | "busy" | "failed" | "lost";

export interface DeviceState {
  /** What the person wants to send. */
  readonly want: boolean;
  readonly status: DeviceStatus;
  readonly deviceId: string;
}

export interface ScreenState {
  readonly want: boolean;
  /** `asking` while the browser shows its own question. */
  readonly status: "off" | "asking" | "on" | "failed";
}

export interface DeviceChoice {
  readonly id: string;
  readonly label: string;
}

export interface LocalMedia {
  readonly microphone: DeviceState;
  readonly camera: DeviceState;
  readonly screen: ScreenState;
  readonly choices: { readonly microphone: readonly DeviceChoice[]; readonly camera: readonly DeviceChoice[] };
  /** Loudness of the own microphone, 0 to 10. */
  readonly level: number;
}

/** Where the socket is: `idle` before Join, `down` while a new attempt is awaited. */
export type LinkStatus = "idle" | "connecting" | "up" | "down";
export type PathStatus = "none" | "connecting" | "connected" | "broken";
export type PathName = "publish" | "subscribe";

export type Dialog =
  | { readonly kind: "leave" | "end" | "keys" | "devices" }
  | { readonly kind: "remove" | "person"; readonly participant: string };

export interface Closed {
  readonly error: ErrorId | "left";
  readonly text: string;
  readonly reason: string | null;
  readonly wayOut: string | null;
}

export interface State {
  readonly config: RoomConfig;
  /** This browser can share a screen. */
  readonly canShare: boolean;
  readonly phase: "unsupported" | "preview" | "joining" | "elsewhere" | "joined" | "closed";
  readonly closed: Closed | null;
  readonly you: You | null;
  readonly room: RoomState | null;
  readonly needsSnapshot: boolean;
  readonly link: LinkStatus;
  readonly media: LocalMedia;
  readonly paths: Readonly<Record<PathName, PathStatus>>;
  /** The own media as the relay sees it. */
  readonly mediaSeen: "connected" | "silent" | "resumed" | "closed" | null;
  readonly relayAway: boolean;
  /** How often the server said that the media is gone; each time both paths are built anew. */
  readonly mediaLost: number;
  readonly slots: readonly MediaSlot[];
  readonly speakers: readonly string[];
  readonly minutes: Readonly<Record<string, number>>;
  /** Order of the tiles on the stage. */
  readonly tiles: readonly string[];
  readonly stage: { readonly width: number; readonly height: number };
  /** The picture that the viewer made large, by the key of its tile. */
  readonly pinned: string | null;
  /** How large pictures are shown, by the keys of their tiles, in device pixels; 0 x 0 is out of sight. */
  readonly sizes: Readonly<Record<string, Size>>;
  readonly isHidden: boolean;
  readonly network: Network;
  readonly soundBlocked: boolean;
  readonly dialog: Dialog | null;
  readonly panelOpen: boolean;
  readonly pending: readonly string[];
  readonly refusal: string | null;
  /** Milliseconds since the epoch on the server's clock. */
  readonly now: number;
  readonly clockOffset: number;
}

export type Input =
  | { readonly type: "tick"; readonly now: number }
  | { readonly type: "resized"; readonly width: number; readonly height: number }
  | { readonly type: "sized"; readonly sizes: State["sizes"] }
  | { readonly type: "hidden"; readonly hidden: boolean }
  | { readonly type: "pin"; readonly key: string | null }
  | { readonly type: "unsupported" }
  | { readonly type: "device"; readonly device: Device; readonly change: Partial<DeviceState> }
  | { readonly type: "choices"; readonly choices: LocalMedia["choices"] }
  | { readonly type: "level"; readonly level: number }
  | { readonly type: "toggle"; readonly device: Device }
  | { readonly type: "choose"; readonly device: Device; readonly id: string }
  | { readonly type: "share"; readonly on: boolean }
  | { readonly type: "screen"; readonly status: ScreenState["status"] }
  | { readonly type: "save"; readonly what: "sound_only" | "camera" }
  | { readonly type: "pictures" | "decline" }
  | { readonly type: "join"; readonly takeOver: boolean }
  | { readonly type: "leave" }
  | { readonly type: "link"; readonly link: LinkStatus }
  | { readonly type: "server"; readonly message: ServerMessage }
  | { readonly type: "path"; readonly path: PathName; readonly status: PathStatus }
  | { readonly type: "relay"; readonly away: boolean }
  | { readonly type: "sound"; readonly blocked: boolean }
  | { readonly type: "unblock" }
  | { readonly type: "dialog"; readonly dialog: Dialog | null }
  | { readonly type: "panel"; readonly open: boolean }
  | { readonly type: "command"; readonly command: Command }
  | { readonly type: "settled"; readonly command: Command; readonly refusal: string | null }
  | { readonly type: "dismiss" };

const off: DeviceState = { want: true, status: "off", deviceId: "" };
const NO_SCREEN: ScreenState = { want: false, status: "off" };

/** Give the state a page starts in. */
export function initial(config: RoomConfig, now: number, canShare = false): State {
  return {
    config,
    canShare,
    phase: "preview",
    closed: null,
    you: null,
    room: null,
    needsSnapshot: false,
    link: "idle",
    media: { microphone: off, camera: off, screen: NO_SCREEN, choices: { microphone: [], camera: [] }, level: 0 },
    paths: { publish: "none", subscribe: "none" },
    mediaSeen: null,
    relayAway: false,
    mediaLost: 0,
    slots: [],
    speakers: [],
    minutes: {},
    tiles: [],
    stage: { width: 0, height: 0 },
    pinned: null,
    sizes: {},
    isHidden: false,
    network: { ...GOOD, goodSince: now },
    soundBlocked: false,
    dialog: null,
    panelOpen: false,
    pending: [],
    refusal: null,
    now,
    clockOffset: 0,
  };
}

/** Say whether somebody sits in the room now, seen or briefly lost. */
export function isSeated(person: ParticipantInfo): boolean {
  return person.state === "IN_ROOM" || person.state === "RECONNECTING";
}

/** Change the state by one input. */
export function reduce(state: State, input: Input): State {
  const next = step(state, input);
  return next.room === state.room && next.speakers === state.speakers ? next : { ...next, tiles: tilesOf(next) };
}

function tilesOf(state: State): readonly string[] {
  const people = (state.room?.participants ?? []).filter(isSeated);
  const leads = people.filter((one) => one.role === "facilitator").map((one) => one.id);
  const others = people.filter((one) => one.role !== "facilitator").map((one) => one.id);
  return arrange(state.tiles, [...leads, ...others], state.speakers);
}

function step(state: State, input: Input): State {
  switch (input.type) {
    case "tick": {
      const now = input.now + state.clockOffset;
      return { ...state, now, network: waited(state.network, now) };
    }
    case "sized":
      return { ...state, sizes: input.sizes };
    case "hidden":
      return state.isHidden === input.hidden ? state : { ...state, isHidden: input.hidden };
    case "pin":
      return { ...state, pinned: input.key, dialog: null };
    case "resized":
      return state.stage.width === input.width && state.stage.height === input.height
        ? state
        : { ...state, stage: { width: input.width, height: input.height } };
    case "unsupported":
      return { ...state, phase: "unsupported" };
    case "device":
      return withDevice(state, input.device, input.change);
    case "choices":
      return { ...state, media: { ...state.media, choices: input.choices } };
    case "level":
      return { ...state, media: { ...state.media, level: input.level } };
    case "toggle":
      return toggled(state, input.device);
    case "choose":
      return withDevice(state, input.device, { deviceId: input.id });
    case "share":
      return withScreen(state, { want: input.on, status: input.on ? "asking" : "off" });
    case "screen":
      return withScreen(state, { want: input.status === "on" || input.status === "asking", status: input.status });
    case "save":
      return { ...state, network: saved(state.network, input.what, state.now) };
    case "pictures":
      return { ...state, network: restored(state.network, state.now) };
    case "decline":
      return { ...state, network: { ...state.network, isDeclined: true } };
    case "join":
      return { ...state, phase: "joining", closed: null, refusal: null, dialog: null };
    case "leave":
      return closedBy(state, { error: "left", text: "You left the room.", reason: null, wayOut: null });
    case "link":
      return { ...state, link: input.link };
    case "server":
      return onServer(state, input.message);
    case "path":
      return state.paths[input.path] === input.status ? state : { ...state, paths: { ...state.paths, [input.path]: input.status } };
    case "relay":
      return { ...state, relayAway: input.away };
    case "sound":
      return { ...state, soundBlocked: input.blocked };
    case "unblock":
      return state;
    case "dialog":
      return { ...state, dialog: input.dialog };
    case "panel":
      return { ...state, panelOpen: input.open };
    case "command":
      return { ...state, pending: [...state.pending, commandKey(input.command)], dialog: null, refusal: null };
    case "settled": {
      const key = commandKey(input.command);
      return { ...state, pending: state.pending.filter((one) => one !== key), refusal: input.refusal };
    }
    case "dismiss":
      return { ...state, refusal: null };
  }
}

/** Say whether the person wants a device to send, and nothing makes it rest. */
export function wants(state: State, device: Device): boolean {
  return state.media[device].want && !(device === "camera" && state.network.cameraRests);
}

/** Say whether a device is sending, or about to. */
export function isOn(state: State, device: Device): boolean {
  const { status } = state.media[device];
  return wants(state, device) && (status === "on" || status === "asking" || status === "off");
}

/** Say what really goes out: wanted, and there is a device. */
export function sends(state: State): Readonly<Record<Device | "screen", boolean>> {
  const { microphone, camera, screen } = state.media;
  return {
    microphone: microphone.want && microphone.status === "on",
    camera: wants(state, "camera") && camera.status === "on",
    screen: screen.status === "on",
  };
}

function toggled(state: State, device: Device): State {
  const on = !isOn(state, device);
  const rested = device === "camera" ? { ...state, network: { ...state.network, cameraRests: false } } : state;
  return withDevice(rested, device, { want: on });
}

function withScreen(state: State, screen: ScreenState): State {
  return { ...state, media: { ...state.media, screen } };
}

export function withDevice(state: State, device: Device, change: Partial<DeviceState>): State {
  return { ...state, media: { ...state.media, [device]: { ...state.media[device], ...change } } };
}

/** End the visit: nothing of the room stays on the screen. */
export function closedBy(state: State, closed: Closed): State {
  return {
    ...state,
    phase: "closed",
    closed,
    link: "idle",
    room: null,
    you: null,
    needsSnapshot: false,
    slots: [],
    speakers: [],
    paths: { publish: "none", subscribe: "none" },
    mediaSeen: null,
    relayAway: false,
    pinned: null,
    sizes: {},
    network: { ...GOOD, goodSince: state.now },
    soundBlocked: false,
    dialog: null,
    pending: [],
    refusal: null,
  };
}
