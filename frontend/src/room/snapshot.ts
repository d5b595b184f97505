// Apply numbered changes to the room's snapshot. Pure; docs/protocol.md section 4.
import type { Change, ParticipantInfo, RoomState, SessionInfo } from "./wire";

export interface Applied {
  readonly room: RoomState;
  /** A number is missing: the whole snapshot must be asked for. */
  readonly gap: boolean;
}

/** Apply one event. Old numbers change nothing, a number too high leaves the room as it is and reports the gap. */
export function applyEvent(room: RoomState, seq: number, change: Change): Applied {
  if (seq <= room.seq) return { room, gap: false };
  if (seq > room.seq + 1) return { room, gap: true };
  return { room: { ...applyChange(room, change), seq }, gap: false };
}

function applyChange(room: RoomState, change: Change): RoomState {
  switch (change.kind) {
    case "session": {
      const { kind: _, ...session } = change;
      return { ...room, session: session satisfies SessionInfo };
    }
    case "participant": {
      const { kind: _, ...person } = change;
      return { ...room, participants: placed(room.participants, person) };
    }
    case "participant_gone":
      return { ...room, participants: room.participants.filter((one) => one.id !== change.id) };
    case "none":
      return room;
  }
}

/** Put a person in the order of ids, as snapshots have it. */
function placed(people: readonly ParticipantInfo[], person: ParticipantInfo): ParticipantInfo[] {
  const others = people.filter((one) => one.id !== person.id);
  const at = others.findIndex((one) => one.id > person.id);
  return at < 0 ? [...others, person] : [...others.slice(0, at), person, ...others.slice(at)];
}
