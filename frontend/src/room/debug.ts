// A read-only window for the browser proof. It exists only where the server's configuration says `debug`.
import type { MediaPath } from "./peer";
import type { State } from "./state";

export interface PathReport {
  readonly connectionState: string;
  readonly inbound: readonly Record<string, unknown>[];
  readonly outbound: readonly Record<string, unknown>[];
}

declare global {
  interface Window {
    roomDebug?: { state(): unknown; stats(): Promise<Record<string, PathReport>> };
  }
}

const SHOWN = [
  "kind", "mid", "bytesReceived", "bytesSent", "packetsReceived", "packetsSent", "packetsLost", "framesDecoded",
  "framesSent", "frameWidth", "frameHeight", "freezeCount", "audioLevel", "totalAudioEnergy", "nackCount", "pliCount",
];

/** Offer state and statistics to a test. */
export function exposeDebug(state: () => State, paths: readonly MediaPath[]): void {
  window.roomDebug = {
    state: () => {
      const { phase, you, room, link, paths: status, slots, speakers, minutes, media } = state();
      // The secret that proves the seat stays inside.
      return structuredClone({ phase, participant: you?.participant ?? null, connection: you?.connection ?? null, room, link, paths: status, slots, speakers, minutes, media });
    },
    stats: async () => Object.fromEntries(await Promise.all(paths.map(async (path) => [path.name, await report(path)] as const))),
  };
}

async function report(path: MediaPath): Promise<PathReport> {
  const { pc } = path; // a path may be built anew while its numbers are collected
  if (!pc) return { connectionState: "none", inbound: [], outbound: [] };
  const all = [...((await pc.getStats()).values() as IterableIterator<Record<string, unknown>>)];
  const pick = (one: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(SHOWN.filter((name) => name in one).map((name) => [name, one[name]]));
  return {
    connectionState: pc.connectionState,
    inbound: all.filter((one) => one["type"] === "inbound-rtp").map(pick),
    outbound: all.filter((one) => one["type"] === "outbound-rtp").map(pick),
  };
}
