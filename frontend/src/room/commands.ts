// What a facilitator can order. The server decides; the state only remembers what is awaited.

export type RemoveReason = "disruptive" | "wrong_person" | "privacy" | "other";

export type Command =
  | { readonly type: "session.start" | "session.end" | "break.start" | "break.end" | "participants.admit_all" }
  | { readonly type: "room.lock"; readonly locked: boolean }
  | {
      readonly type: "participant.admit" | "participant.mute" | "participant.stop_video" | "participant.readmit";
      readonly participant: string;
    }
  | { readonly type: "participant.move"; readonly participant: string; readonly side_room: string | null }
  | { readonly type: "participant.remove"; readonly participant: string; readonly reason: RemoveReason };

/** Name a command so that its button can be found again while the answer is awaited. */
export function commandKey(command: Command): string {
  return "participant" in command ? `${command.type} ${command.participant}` : command.type;
}
