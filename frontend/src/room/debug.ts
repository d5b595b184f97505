// A read-only window for the browser proof. It exists only where the server's configuration says `debug`.
import { numbersOf, type MediaPath, type Numbers } from "./peer";
import { planOf, viewOf } from "./stage";
import type { State } from "./state";

export interface PathReport {
  readonly connectionState: string;
  /** How often this path was built, restarted in place, and whether it may only use TURN. */
  readonly built: number;
  readonly restarted: number;
  readonly policy: string;
  readonly inbound: readonly Numbers[];
  readonly outbound: readonly Numbers[];
  /** What the relay reports about what we send: loss, jitter, round trip. */
  readonly remote: readonly Numbers[];
  /** The pair in use, with both candidates. */
  readonly pair: Numbers | null;
}

declare global {
  interface Window {
    roomDebug?: { state(): unknown; stats(): Promise<Record<string, PathReport>> };
  }
}

const STREAM = [
  "kind", "mid", "rid", "ssrc", "rtxSsrc", "active", "codecMimeType", "contentType", "bytesReceived", "bytesSent", "headerBytesReceived",
  "packetsReceived", "packetsSent", "packetsLost", "packetsDiscarded", "retransmittedPacketsReceived", "retransmittedBytesReceived",
  "retransmittedPacketsSent", "retransmittedBytesSent", "fecPacketsReceived", "nackCount", "pliCount", "firCount", "jitter",
  "jitterBufferDelay", "jitterBufferTargetDelay", "jitterBufferMinimumDelay", "jitterBufferEmittedCount", "totalSamplesReceived",
  "concealedSamples", "silentConcealedSamples", "concealmentEvents", "insertedSamplesForDeceleration", "removedSamplesForAcceleration",
  "audioLevel", "totalAudioEnergy", "totalSamplesDuration", "framesPerSecond", "framesReceived", "framesDecoded", "framesDropped",
  "framesEncoded", "framesSent", "keyFramesDecoded", "keyFramesEncoded", "frameWidth", "frameHeight", "freezeCount",
  "totalFreezesDuration", "pauseCount", "totalPausesDuration", "totalInterFrameDelay", "totalSquaredInterFrameDelay", "qpSum",
  "qualityLimitationReason", "qualityLimitationDurations", "targetBitrate", "estimatedPlayoutTimestamp", "lastPacketReceivedTimestamp",
];
const REMOTE = ["kind", "ssrc", "packetsLost", "fractionLost", "jitter", "roundTripTime", "totalRoundTripTime", "roundTripTimeMeasurements"];
const PAIR = [
  "state", "nominated", "bytesReceived", "bytesSent", "packetsReceived", "packetsSent", "currentRoundTripTime", "totalRoundTripTime",
  "responsesReceived", "requestsSent", "consentRequestsSent", "availableOutgoingBitrate", "availableIncomingBitrate",
];
const CANDIDATE = ["candidateType", "protocol", "relayProtocol", "address", "port", "networkType", "url"];

/** Offer state and statistics to a test. */
export function exposeDebug(state: () => State, paths: readonly MediaPath[]): void {
  window.roomDebug = {
    state: () => {
      const now = state();
      const { phase, you, room, link, paths: status, slots, speakers, minutes, media, network, pinned, sizes, isHidden, mediaLost, mediaSeen, relayAway } = now;
      const { focus, tiles, steppedOut } = planOf(now);
      // The secret that proves the seat stays inside.
      return structuredClone({
        phase, participant: you?.participant ?? null, connection: you?.connection ?? null, room, link, paths: status, slots, speakers, minutes,
        media, network, pinned, sizes, isHidden, mediaLost, mediaSeen, relayAway, view: viewOf(now),
        stage: { focus: focus?.key ?? null, tiles: tiles.map((one) => one.key), steppedOut: steppedOut.map((one) => one.id) },
      });
    },
    stats: async () => Object.fromEntries(await Promise.all(paths.map(async (path) => [path.name, await report(path)] as const))),
  };
}

async function report(path: MediaPath): Promise<PathReport> {
  const { pc } = path; // a path may be built anew while its numbers are collected
  const all = pc ? await numbersOf(pc) : [];
  const byId = new Map(all.map((one) => [one["id"], one]));
  const codec = (one: Numbers): Numbers => ({ ...one, codecMimeType: byId.get(one["codecId"])?.["mimeType"] });
  const ofType = (type: string): Numbers[] => all.filter((one) => one["type"] === type);
  const pair = ofType("candidate-pair").find((one) => one["nominated"] === true && one["state"] === "succeeded");
  const candidate = (id: string): Numbers => pick(byId.get(pair?.[id]) ?? {}, CANDIDATE);
  return {
    connectionState: pc?.connectionState ?? "none",
    built: path.built,
    restarted: path.restarted,
    policy: pc?.getConfiguration().iceTransportPolicy ?? "all",
    inbound: ofType("inbound-rtp").map((one) => pick(codec(one), STREAM)),
    outbound: ofType("outbound-rtp").map((one) => pick(codec(one), STREAM)),
    remote: ofType("remote-inbound-rtp").map((one) => pick(one, REMOTE)),
    pair: pair ? { ...pick(pair, PAIR), local: candidate("localCandidateId"), remote: candidate("remoteCandidateId") } : null,
  };
}

function pick(one: Numbers, names: readonly string[]): Numbers {
  return Object.fromEntries(names.filter((name) => one[name] !== undefined).map((name) => [name, one[name]]));
}
