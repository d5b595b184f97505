// What has to happen in the world when the state moves from one to the next. Pure: effects.ts does it.
import type { Command } from "./commands";
import { hasSeat, me, screenOf } from "./select";
import { viewOf } from "./stage";
import { sends, wants, type Device, type Input, type State } from "./state";

export type Effect =
  | { readonly do: "open_devices" }
  | { readonly do: "turn_on" | "turn_off" | "drop" | "switch"; readonly device: Device }
  | { readonly do: "dial"; readonly takeOver: boolean }
  | { readonly do: "leave" }
  | { readonly do: "snapshot" }
  | { readonly do: "media_set" }
  | { readonly do: "share" | "unshare" }
  | { readonly do: "view" | "view_anew" }
  | { readonly do: "start_paths" | "stop_paths" | "rebuild_paths" | "retry_paths" }
  | { readonly do: "command"; readonly command: Command }
  | { readonly do: "unblock" }
  | { readonly do: "awake"; readonly on: boolean };

/** List what follows from one input. */
export function reactions(before: State, after: State, input: Input): readonly Effect[] {
  return [...asked(before, after, input), ...paths(before, after, input), ...upkeep(before, after, input), ...looks(before, after, input)];
}

function asked(before: State, after: State, input: Input): Effect[] {
  const effects: Effect[] = [];
  if (input.type === "join") {
    if (before.phase === "closed") effects.push({ do: "open_devices" });
    effects.push({ do: "dial", takeOver: input.takeOver });
  }
  if (input.type === "leave") effects.push({ do: "leave" });
  if (input.type === "unblock") effects.push({ do: "unblock" });
  if (input.type === "command") effects.push({ do: "command", command: input.command });
  if (input.type === "share" && input.on) effects.push({ do: "share" });
  else if (input.type !== "screen" && before.media.screen.want && !after.media.screen.want) effects.push({ do: "unshare" });
  for (const device of ["microphone", "camera"] as const) {
    const [was, is] = [wants(before, device), wants(after, device)];
    // Turned on again after a refusal, the wish stays the same: the person's word counts, not only the change.
    if (is && (!was || (input.type === "toggle" && input.device === device))) effects.push({ do: "turn_on", device });
    if (was && !is) effects.push({ do: "turn_off", device });
    if (input.type === "choose" && input.device === device) effects.push({ do: is ? "switch" : "drop", device });
  }
  return effects;
}

function wantsPaths(state: State): boolean {
  return (state.phase === "joined" || (state.phase === "joining" && state.room !== null)) && hasSeat(state);
}

function paths(before: State, after: State, input: Input): Effect[] {
  const [did, does] = [wantsPaths(before), wantsPaths(after)];
  if (!does) return did ? [{ do: "stop_paths" }, ...(after.media.screen.want ? [{ do: "unshare" } as const] : [])] : [];
  if (!did) return [{ do: "start_paths" }];
  const welcomed = input.type === "server" && input.message.type === "welcome";
  if (before.mediaLost !== after.mediaLost) return [{ do: "rebuild_paths" }];
  if (welcomed && before.you?.connection !== after.you?.connection) return [{ do: "rebuild_paths" }];
  return welcomed ? [{ do: "retry_paths" }] : [];
}

function upkeep(before: State, after: State, input: Input): Effect[] {
  const effects: Effect[] = [];
  if (after.needsSnapshot && after.link === "up" && (!before.needsSnapshot || input.type === "tick")) {
    effects.push({ do: "snapshot" });
  }
  if (after.phase === "joined" && after.link === "up" && mustTell(before, after, input)) effects.push({ do: "media_set" });
  if (before.phase !== "closed" && after.phase === "closed") {
    effects.push({ do: "drop", device: "microphone" }, { do: "drop", device: "camera" });
  }
  const [was, is] = [staysAwake(before), staysAwake(after)];
  if (was !== is) effects.push({ do: "awake", on: is });
  return effects;
}

/** Say whether the server believes something else about what we send. */
function mustTell(before: State, after: State, input: Input): boolean {
  const [was, is] = [sends(before), sends(after)];
  if (was.microphone !== is.microphone || was.camera !== is.camera || was.screen !== is.screen) return true;
  if (input.type !== "server" || input.message.type !== "welcome") return false;
  const own = me(after);
  return own !== undefined && (own.microphone !== is.microphone || own.camera !== is.camera || own.screen !== is.screen);
}

/** Tell what is looked at when it changed, and all of it to a server or a relay that cannot know. */
function looks(before: State, after: State, input: Input): Effect[] {
  if (!wantsPaths(after) || after.link !== "up") return [];
  const isNew =
    !wantsPaths(before) ||
    (input.type === "server" && (input.message.type === "welcome" || input.message.type === "media.lost")) ||
    (input.type === "path" && input.path === "subscribe" && input.status === "connected");
  if (isNew) return [{ do: "view_anew" }];
  const isSame =
    before.sizes === after.sizes &&
    before.room === after.room &&
    before.tiles === after.tiles &&
    before.pinned === after.pinned &&
    before.isHidden === after.isHidden &&
    before.network.soundOnly === after.network.soundOnly;
  return isSame || JSON.stringify(viewOf(before)) === JSON.stringify(viewOf(after)) ? [] : [{ do: "view" }];
}

function staysAwake(state: State): boolean {
  const screen = screenOf(state);
  return screen === "waiting" || screen === "room";
}
