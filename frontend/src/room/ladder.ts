// When a media path is given up and built anew. Pure: the watcher brings what it saw, this answers.

export interface PathView {
  /** `RTCPeerConnection.connectionState`. */
  readonly state: RTCPeerConnectionState;
  /** How long that state has lasted. */
  readonly stateFor: number;
  /** How long nothing has come from the relay, media and checks of the path together. */
  readonly silentFor: number;
}

export type Verdict = "fine" | "wait" | "rebuild";

// Long enough for a slow phone: giving up sooner would only add to its work.
const CONNECT_DEADLINE = 15_000;
const DISCONNECTED_PATIENCE = 3_000;
// The browser checks the path every 2 to 3 seconds and the relay answers each check, whether anybody sends media or not.
const SILENCE_PATIENCE = 8_000;

/** Judge one path. */
export function judge(path: PathView): Verdict {
  switch (path.state) {
    case "failed":
    case "closed":
      return "rebuild";
    case "disconnected":
      return path.stateFor >= DISCONNECTED_PATIENCE ? "rebuild" : "wait";
    case "new":
    case "connecting":
      return path.stateFor >= CONNECT_DEADLINE ? "rebuild" : "wait";
    case "connected":
      return path.silentFor >= SILENCE_PATIENCE ? "rebuild" : "fine";
  }
}

/** Pause before the next attempt: none for the first, then doubling to 8 seconds. */
export function rebuildPause(failures: number, random: number): number {
  if (failures === 0) return Math.round(random * 200);
  return Math.round(Math.min(8_000, 500 * 2 ** Math.min(failures, 8)) * (0.5 + random / 2));
}
