// Questions about the state that more than one view asks. Pure.
import { isSeated, type State } from "./state";
import type { ParticipantInfo } from "./wire";

export type Screen = "unsupported" | "preview" | "elsewhere" | "waiting" | "room" | "closed";

/** Name the screen the state asks for. */
export function screenOf(state: State): Screen {
  switch (state.phase) {
    case "unsupported":
    case "elsewhere":
    case "closed":
      return state.phase;
    case "preview":
    case "joining":
      // A rejoin after a drop keeps what was on the screen.
      return state.room && state.you ? seatedScreen(state) : "preview";
    case "joined":
      return seatedScreen(state);
  }
}

function seatedScreen(state: State): Screen {
  return hasSeat(state) ? "room" : "waiting";
}

/** Give the own block of the snapshot. */
export function me(state: State): ParticipantInfo | undefined {
  return state.room?.participants.find((one) => one.id === state.you?.participant);
}

/** Say whether the person sits in the room, and so may send and receive media. */
export function hasSeat(state: State): boolean {
  const own = me(state);
  if (own) return isSeated(own);
  return state.you?.state === "IN_ROOM";
}

export function isFacilitator(state: State): boolean {
  return state.you?.role === "facilitator";
}

const byArrival = (one: ParticipantInfo, other: ParticipantInfo): number =>
  (one.lobby_at ?? one.state_since).localeCompare(other.lobby_at ?? other.state_since) || one.id.localeCompare(other.id);

/** List who waits, first come first. */
export function waiting(state: State): readonly ParticipantInfo[] {
  return (state.room?.participants ?? []).filter((one) => one.state === "WAITING").toSorted(byArrival);
}

/** List who sits in the room, in the order of the tiles. */
export function seated(state: State): readonly ParticipantInfo[] {
  const people = new Map((state.room?.participants ?? []).map((one) => [one.id, one]));
  return state.tiles.flatMap((id) => people.get(id) ?? []);
}

/** List who left, was removed or was turned away at the door, for the facilitators' panel. */
export function away(state: State): readonly ParticipantInfo[] {
  return (state.room?.participants ?? []).filter((one) => one.state === "LEFT" || wasPutOut(one));
}

/** Say whether only a readmission brings this person back. */
export function wasPutOut(one: ParticipantInfo): boolean {
  return one.state === "REMOVED" || one.state === "DENIED";
}

/** Say whether the group is live: opened, not over, not on a break. */
export function isLive(state: State): boolean {
  return state.room?.session.phase === "OPEN" && !state.room.session.on_break_since;
}

/** Say whether the own media reaches the room. */
export function mediaFlows(state: State): boolean {
  return state.paths.publish === "connected" && state.paths.subscribe === "connected";
}

/** Say whether the person may share a screen here: facilitators, in the room, with a browser that can. */
export function offersShare(state: State): boolean {
  return state.canShare && isFacilitator(state) && screenOf(state) === "room";
}

export type Line = "good" | "weak" | "poor";

/** Sum up the own connection in one word, for the mark on the own tile. */
export function lineOf(state: State): Line {
  const { downlink, uplink } = state.network;
  if (!mediaFlows(state) || downlink === "sound_only") return "poor";
  return downlink === "good" && uplink === "good" ? "good" : "weak";
}
