// What is done about a media path that does not work: wait, restart ICE in place, build it anew, go through TURN only.
// Pure: the watcher brings what it saw, this answers.

export interface PathView {
  /** `RTCPeerConnection.connectionState`. */
  readonly state: RTCPeerConnectionState;
  /** How long that state has lasted. */
  readonly stateFor: number;
  /** How long nothing has come from the relay, media and checks of the path together. */
  readonly silentFor: number;
  /** Something had come every second until the silence began: media, and not only checks of the path. */
  readonly wasSteady: boolean;
  /** The path has worked before; otherwise there is nothing that could be restarted. */
  readonly wasConnected: boolean;
  /** How long ago ICE was restarted; null when no restart is under way. */
  readonly restartedFor: number | null;
}

export type Verdict = "fine" | "wait" | "restart" | "rebuild";

// Long enough for a slow phone: giving up sooner would only add to its work.
const CONNECT_DEADLINE = 15_000;
const DISCONNECTED_PATIENCE = 3_000;
// The relay reports on media every second.
const STEADY_PATIENCE = 3_000;
// Without media only the browser's checks are answered: every 2 to 3 seconds in Chromium, every 4 to 6 by RFC 7675.
const CHECKED_PATIENCE = 8_000;
// Two checks over a bad line, and an answer over a slow socket.
const RESTART_PATIENCE = 5_000;
/** How long a path that may have slept has to show that it is alive. */
export const WAKE_GRACE = 3_000;

/** Judge one path. */
export function judge(path: PathView): Verdict {
  if (path.state === "closed") return "rebuild";
  if (path.restartedFor !== null) return path.restartedFor >= RESTART_PATIENCE ? "rebuild" : "wait";
  if (!path.wasConnected) return path.state === "failed" || path.stateFor >= CONNECT_DEADLINE ? "rebuild" : "wait";
  switch (path.state) {
    case "failed":
      return "restart";
    case "connected":
      return path.silentFor >= patience(path.wasSteady) ? "restart" : "fine";
    default:
      return Math.max(path.stateFor, path.silentFor) >= DISCONNECTED_PATIENCE ? "restart" : "wait";
  }
}

/** How long a connected path may be silent. */
export function patience(wasSteady: boolean): number {
  return wasSteady ? STEADY_PATIENCE : CHECKED_PATIENCE;
}

/** Pause before the next attempt: none for the first, then doubling to 8 seconds. */
export function rebuildPause(failures: number, random: number): number {
  if (failures === 0) return Math.round(random * 200);
  return Math.round(Math.min(8_000, 500 * 2 ** Math.min(failures, 8)) * (0.5 + random / 2));
}

const COUNTED_FOR = 60_000;
const REBUILDS_BEFORE_RELAY = 3;

/** Forget rebuilds that are older than a minute. */
export function recent(rebuilds: readonly number[], now: number): readonly number[] {
  return rebuilds.filter((at) => now - at < COUNTED_FOR);
}

/**
 * Say whether the next attempt goes through TURN only. Three rebuilds in a minute mean that something lets checks through and
 * not the rest; three more mean that TURN is no better, so both ways take turns.
 */
export function throughTurn(rebuilds: readonly number[], now: number): boolean {
  return Math.floor(recent(rebuilds, now).length / REBUILDS_BEFORE_RELAY) % 2 === 1;
}
