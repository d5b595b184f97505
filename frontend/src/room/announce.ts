// What a screen reader says when the room changes. A pure comparison; effects write it into the two live regions.
import { isHeardBadly, offersSoundOnly } from "./network";
import { hasSeat, isFacilitator, me, mediaFlows, screenOf, seated, waiting } from "./select";
import { here, ownSideRoom } from "./stage";
import { wants, type State } from "./state";
import { countOf, ended, listOf } from "./words";

export interface Said {
  readonly polite: readonly string[];
  readonly assertive: readonly string[];
}

/** Say what is new between two states. */
export function announcements(before: State, after: State): Said {
  const polite: string[] = [];
  const assertive: string[] = [];
  comings(before, after, polite);
  session(before, after, polite, assertive);
  own(before, after, polite, assertive);
  places(before, after, polite, assertive);
  line(before, after, polite);
  if (after.refusal && after.refusal !== before.refusal) assertive.push(after.refusal);
  return { polite, assertive };
}

function comings(before: State, after: State, polite: string[]): void {
  if (!before.room || !after.room) return;
  const was = new Set(seated(before).map((one) => one.id));
  const is = new Set(seated(after).map((one) => one.id));
  const own = after.you?.participant;
  if (hasSeat(before) && hasSeat(after)) {
    for (const one of seated(after)) if (!was.has(one.id) && one.id !== own) polite.push(`${one.name} came in.`);
    for (const one of seated(before)) if (!is.has(one.id) && one.id !== own) polite.push(`${one.name} left.`);
    screens(before, after, polite);
  }
  if (!isFacilitator(after)) return;
  const known = new Set(waiting(before).map((one) => one.id));
  const fresh = waiting(after).filter((one) => !known.has(one.id));
  if (fresh.length > 0) polite.push(`${fresh.map((one) => one.name).join(", ")} in the waiting room.`);
}

function screens(before: State, after: State, polite: string[]): void {
  const own = after.you?.participant;
  const [was, is] = [here(before), here(after)].map((people) => new Map(people.filter((one) => one.screen && one.id !== own).map((one) => [one.id, one])));
  for (const [id, one] of is ?? []) if (!was?.has(id)) polite.push(`${one.name} shares a screen.`);
  for (const [id, one] of was ?? []) if (!is?.has(id)) polite.push(`${one.name} no longer shares a screen.`);
}

/** Who moved between the group and a side room; whoever is moved hears it at once. */
function places(before: State, after: State, polite: string[], assertive: string[]): void {
  if (!before.room || !after.room || !hasSeat(before) || !hasSeat(after)) return;
  const [was, is] = [ownSideRoom(before), ownSideRoom(after)];
  if (was !== is) {
    const others = here(after).filter((one) => one.id !== after.you?.participant).map((one) => one.name);
    assertive.push(
      is === null
        ? `You are back in the group.${me(after)?.muted_by_staff ? " Your microphone is off: press M to speak." : ""}`
        : `${ended(`You are in a private room${others.length > 0 ? ` with ${listOf(others)}` : ""}`)} The group does not hear or see you.`,
    );
    return;
  }
  const places = new Map(seated(before).map((one) => [one.id, one.side_room]));
  for (const one of seated(after)) {
    const from = places.get(one.id);
    if (from === undefined || from === one.side_room || one.id === after.you?.participant) continue;
    if (one.side_room === is) polite.push(is === null ? `${one.name} is back in the group.` : `${one.name} came into your private room.`);
    else if (from === is) polite.push(is === null ? `${one.name} stepped out.` : `${one.name} went back to the group.`);
  }
}

function line(before: State, after: State, polite: string[]): void {
  const [was, is] = [before.network, after.network];
  if (is.downlink === "sound_only" && was.downlink !== "sound_only" && !is.soundOnly) {
    polite.push("Your connection is weak. Sound goes on; pictures come back by themselves.");
  }
  if (offersSoundOnly(is, after.now) && !offersSoundOnly(was, before.now)) polite.push("Your connection is weak. Sound only is offered above the group.");
  if (isHeardBadly(is, after.now) && !isHeardBadly(was, before.now)) polite.push("Others may see or hear you badly: your connection is weak.");
  if (was.soundOnly !== is.soundOnly) polite.push(is.soundOnly ? "Sound only." : "Pictures are back.");
}

function session(before: State, after: State, polite: string[], assertive: string[]): void {
  const [was, is] = [before.room?.session, after.room?.session];
  if (!was || !is) return;
  if (was.phase === "SCHEDULED" && is.phase === "OPEN") polite.push("The session has started.");
  if (isFacilitator(after) && was.locked !== is.locked) polite.push(is.locked ? "The room is locked." : "The room is open again.");
  if (!was.on_break_since && is.on_break_since) assertive.push("Break. Microphones and cameras can stay off.");
  if (was.on_break_since && !is.on_break_since && is.phase === "OPEN") assertive.push("The break is over.");
  if (!was.auto_end_at && is.auto_end_at) assertive.push("The therapist lost the connection. Please stay, the room is kept open.");
  if (was.auto_end_at && !is.auto_end_at && is.phase === "OPEN") polite.push("The therapist is back.");
}

function own(before: State, after: State, polite: string[], assertive: string[]): void {
  const [was, is] = [me(before), me(after)];
  // Who comes back from a private room is muted too, and hears it with the move.
  if (is?.muted_by_staff && was && !was.muted_by_staff && was.side_room === is.side_room) assertive.push("The therapist muted you. Press M to unmute.");
  else if (screenOf(after) === "room" && was?.side_room === is?.side_room && before.media.microphone.want !== after.media.microphone.want) {
    polite.push(after.media.microphone.want ? "Microphone on." : "Microphone off.");
  }
  if (is?.camera_stopped_by_staff && was && !was.camera_stopped_by_staff) assertive.push("The therapist stopped your video. Press V to start it again.");
  else if (screenOf(after) === "room" && wants(before, "camera") !== wants(after, "camera")) {
    polite.push(wants(after, "camera") ? "Camera on." : "Camera off.");
  }
  const [shared, shares] = [before.media.screen.status, after.media.screen.status];
  if (shared !== "on" && shares === "on") assertive.push("You are sharing your screen.");
  if (shared === "on" && shares !== "on" && after.closed === null) polite.push("You no longer share your screen.");
  if (screenOf(before) === "waiting" && screenOf(after) === "room") assertive.push("You are in the room now.");
  if (before.link === "up" && after.link === "down") assertive.push("The connection was lost. Reconnecting; your seat is kept.");
  if (before.link !== "up" && after.link === "up" && before.room && after.room) polite.push("Connected again.");
  if (hasSeat(after) && mediaFlows(before) && !mediaFlows(after)) assertive.push("Sound and picture were interrupted. Reconnecting.");
  if (hasSeat(after) && !mediaFlows(before) && mediaFlows(after)) {
    const others = seated(after).length - 1;
    polite.push(`Connected. ${others > 0 ? `${countOf(others, "other person", "other people")} in the room.` : "Nobody else is here yet."}`);
  }
  if (before.closed === null && after.closed) assertive.push(after.closed.text);
}
