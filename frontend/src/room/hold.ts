// How long voices are held back before they are played, so that what was lost and is sent again is still in time. Pure, but for `holdBack`.

import type { Numbers } from "./peer";

/** What has come so far of all voices of a connection, and how long its way is there and back, in milliseconds. */
export interface Voices {
  readonly received: number;
  readonly lost: number;
  readonly askedAgain: number;
  readonly roundTrip: number | null;
}

export interface Hold {
  /** What the browser is asked for, in milliseconds; null leaves it to the browser. */
  readonly target: number | null;
  readonly voices: Voices;
  readonly looks: readonly Look[];
  /** Looks in a row in which voices came and hardly anything was missing. */
  readonly calm: number;
}

interface Look {
  readonly received: number;
  readonly missing: number;
}

/** Looks are a second apart. */
const WINDOW = 5;
const CALM_FOR = 30;
/** Missing packets that are more than bad luck: so many, and this share. */
const HANDFUL = 3;
const SHARE = 0.01;
/** Fewer packets in a look are no voice, and say nothing about the line. */
const VOICE = 20;
/** Later than this people begin to talk into each other. */
export const LONGEST = 250;
/** Smaller changes of the way are not followed: each stretches or squeezes voices a little. */
const STEP = 40;

export const NO_HOLD: Hold = { target: null, voices: { received: 0, lost: 0, askedAgain: 0, roundTrip: null }, looks: [], calm: 0 };

/** Take a second's look at what came. */
export function looked(hold: Hold, voices: Voices): Hold {
  const received = grown(hold.voices.received, voices.received);
  // What comes after all is taken out of the lost ones; that it was asked for stays.
  const missing = Math.max(grown(hold.voices.lost, voices.lost), grown(hold.voices.askedAgain, voices.askedAgain));
  const looks = [...hold.looks, { received, missing }].slice(-WINDOW);
  const isBad = isLossy(looks);
  const calm = isBad ? 0 : hold.calm + (received >= VOICE ? 1 : 0);
  const isHeld = isBad || (hold.target !== null && calm < CALM_FOR);
  const roundTrip = voices.roundTrip ?? hold.voices.roundTrip;
  return { target: isHeld ? targetFor(roundTrip, hold.target) : null, voices: { ...voices, roundTrip }, looks, calm };
}

/** Of a connection that was built anew the numbers begin again. */
function grown(before: number, now: number): number {
  return Math.max(0, now - before);
}

function isLossy(looks: readonly Look[]): boolean {
  const missing = looks.reduce((sum, one) => sum + one.missing, 0);
  const received = looks.reduce((sum, one) => sum + one.received, 0);
  return missing >= HANDFUL && missing >= SHARE * (received + missing);
}

/** Two round trips: one to ask and be answered, one more where the answer is lost too. */
function targetFor(roundTrip: number | null, current: number | null): number | null {
  // What takes longer there and back cannot be in time: waiting would only make voices late.
  if (roundTrip === null || roundTrip > LONGEST) return null;
  const wanted = Math.min(LONGEST, Math.round(2 * roundTrip));
  return current !== null && Math.abs(wanted - current) < STEP ? current : wanted;
}

/** Sum up the voices in the statistics of a connection. */
export function voicesIn(stats: readonly Numbers[]): Voices {
  const voices = stats.filter((one) => one["type"] === "inbound-rtp" && one["kind"] === "audio");
  const sum = (name: string): number => voices.reduce((total, one) => total + Number(one[name] ?? 0), 0);
  const pair = stats.find((one) => one["type"] === "candidate-pair" && one["nominated"] === true && one["currentRoundTripTime"] !== undefined);
  return {
    received: sum("packetsReceived"),
    lost: sum("packetsLost"),
    askedAgain: sum("nackCount"),
    roundTrip: pair ? 1_000 * Number(pair["currentRoundTripTime"]) : null,
  };
}

/** Ask the browser to hold every voice of a connection back for so long, if it can be asked. */
export function holdBack(pc: RTCPeerConnection, target: number | null): void {
  for (const { receiver } of pc.getTransceivers()) {
    if (receiver.track.kind !== "audio" || !("jitterBufferTarget" in receiver)) continue;
    if (receiver.jitterBufferTarget !== target) receiver.jitterBufferTarget = target;
  }
}
