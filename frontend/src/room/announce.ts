// What a screen reader says when the room changes. A pure comparison; effects write it into the two live regions.
import { hasSeat, isFacilitator, me, mediaFlows, screenOf, seated, waiting } from "./select";
import type { State } from "./state";
import { countOf } from "./words";

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
  }
  if (!isFacilitator(after)) return;
  const known = new Set(waiting(before).map((one) => one.id));
  const fresh = waiting(after).filter((one) => !known.has(one.id));
  if (fresh.length > 0) polite.push(`${fresh.map((one) => one.name).join(", ")} in the waiting room.`);
}

function session(before: State, after: State, polite: string[], assertive: string[]): void {
  const [was, is] = [before.room?.session, after.room?.session];
  if (!was || !is) return;
  if (was.phase === "SCHEDULED" && is.phase === "OPEN") polite.push("The session has started.");
  if (!was.on_break_since && is.on_break_since) assertive.push("Break. Microphones and cameras can stay off.");
  if (was.on_break_since && !is.on_break_since && is.phase === "OPEN") assertive.push("The break is over.");
  if (!was.auto_end_at && is.auto_end_at) assertive.push("The therapist lost the connection. Please stay, the room is kept open.");
  if (was.auto_end_at && !is.auto_end_at && is.phase === "OPEN") polite.push("The therapist is back.");
}

function own(before: State, after: State, polite: string[], assertive: string[]): void {
  const [was, is] = [me(before), me(after)];
  if (is?.muted_by_staff && was && !was.muted_by_staff) assertive.push("The therapist muted you. Press M to unmute.");
  else if (screenOf(after) === "room" && before.media.microphone.want !== after.media.microphone.want) {
    polite.push(after.media.microphone.want ? "Microphone on." : "Microphone off.");
  }
  if (screenOf(after) === "room" && before.media.camera.want !== after.media.camera.want) {
    polite.push(after.media.camera.want ? "Camera on." : "Camera off.");
  }
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
