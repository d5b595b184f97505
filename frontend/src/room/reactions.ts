// What has to happen in the world when the state moves from one to the next. Pure: effects.ts does it.
import { hasSeat, me, screenOf } from "./select";
import { sends, type Command, type Device, type Input, type State } from "./state";

export type Effect =
  | { readonly do: "open_devices" }
  | { readonly do: "turn_on" | "turn_off" | "drop" | "switch"; readonly device: Device }
  | { readonly do: "dial"; readonly takeOver: boolean }
  | { readonly do: "leave" }
  | { readonly do: "snapshot" }
  | { readonly do: "media_set" }
  | { readonly do: "start_paths" | "stop_paths" | "rebuild_paths" | "retry_paths" }
  | { readonly do: "command"; readonly command: Command }
  | { readonly do: "unblock" }
  | { readonly do: "awake"; readonly on: boolean };

/** List what follows from one input. */
export function reactions(before: State, after: State, input: Input): readonly Effect[] {
  return [...asked(before, after, input), ...paths(before, after, input), ...upkeep(before, after, input)];
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
  for (const device of ["microphone", "camera"] as const) {
    const [was, is] = [before.media[device].want, after.media[device].want];
    // Turned on again after a refusal, `want` stays true: the person's word counts, not only the change.
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
  if (!does) return did ? [{ do: "stop_paths" }] : [];
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
  if (was.microphone !== is.microphone || was.camera !== is.camera) return true;
  if (input.type !== "server" || input.message.type !== "welcome") return false;
  const own = me(after);
  return own !== undefined && (own.microphone !== is.microphone || own.camera !== is.camera);
}

function staysAwake(state: State): boolean {
  const screen = screenOf(state);
  return screen === "waiting" || screen === "room";
}
