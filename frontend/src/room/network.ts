// How well this person's network carries sound and picture, and what they chose to save. Pure.
import type { MediaQuality } from "./wire";

export interface Network {
  readonly downlink: MediaQuality["downlink"];
  readonly uplink: MediaQuality["uplink"];
  /** Since when pictures arrive reduced, or the own ones do not get out; null while they do. */
  readonly reducedSince: number | null;
  readonly weakSince: number | null;
  /** Since when nothing is wrong in either direction. */
  readonly goodSince: number | null;
  /** The person chose sound only. */
  readonly soundOnly: boolean;
  /** The own camera is off to save the line; it is still wanted. */
  readonly cameraRests: boolean;
  /** The person does not want to be asked again before the line was good. */
  readonly isDeclined: boolean;
  /** How long the line has to be good before pictures come back by themselves. */
  readonly patience: number;
  readonly cameBackAt: number | null;
}

/** Long enough that a passing dip asks nobody anything. */
export const OFFER_AFTER = 10_000;
const WARN_AFTER = 4_000;
const FIRST_PATIENCE = 30_000;
const LONGEST_PATIENCE = 240_000;
/** Pictures that broke the line again within this time came back too soon. */
const TOO_SOON = 60_000;

export const GOOD: Network = {
  downlink: "good",
  uplink: "good",
  reducedSince: null,
  weakSince: null,
  goodSince: 0,
  soundOnly: false,
  cameraRests: false,
  isDeclined: false,
  patience: FIRST_PATIENCE,
  cameBackAt: null,
};

/** Take what the relay found. */
export function measured(network: Network, quality: Pick<MediaQuality, "downlink" | "uplink">, now: number): Network {
  const { downlink, uplink } = quality;
  const isGood = downlink === "good" && uplink === "good";
  return {
    ...network,
    downlink,
    uplink,
    reducedSince: downlink === "good" ? null : (network.reducedSince ?? now),
    weakSince: uplink === "good" ? null : (network.weakSince ?? now),
    goodSince: isGood ? (network.goodSince ?? now) : null,
    isDeclined: network.isDeclined && !isGood,
    patience: isGood ? network.patience : patienceAfter(network, now),
    cameBackAt: isGood ? network.cameBackAt : null,
  };
}

function patienceAfter(network: Network, now: number): number {
  if (network.cameBackAt === null) return network.patience;
  return now - network.cameBackAt < TOO_SOON ? Math.min(LONGEST_PATIENCE, network.patience * 2) : FIRST_PATIENCE;
}

/** Stop pictures both ways; the camera stays wanted. */
export function saved(network: Network, what: "sound_only" | "camera", now: number): Network {
  return {
    ...network,
    soundOnly: network.soundOnly || what === "sound_only",
    cameraRests: true,
    // The line is judged anew from here on: without pictures it says nothing yet.
    goodSince: network.goodSince === null ? null : now,
    cameBackAt: null,
  };
}

/** Bring pictures back, because the person says so or the line has been good for long enough. */
export function restored(network: Network, now: number): Network {
  return { ...network, soundOnly: false, cameraRests: false, cameBackAt: now };
}

/** Let time pass. */
export function waited(network: Network, now: number): Network {
  const isSaving = network.soundOnly || network.cameraRests;
  return isSaving && network.goodSince !== null && now - network.goodSince >= network.patience ? restored(network, now) : network;
}

/** Say whether "sound only" is offered: pictures have been poor for a while, and the break is not there yet. */
export function offersSoundOnly(network: Network, now: number): boolean {
  const { downlink, reducedSince, soundOnly, isDeclined } = network;
  return downlink === "reduced" && !soundOnly && !isDeclined && reducedSince !== null && now - reducedSince >= OFFER_AFTER;
}

/** Say whether the person should know that they may be seen or heard badly. */
export function isHeardBadly(network: Network, now: number): boolean {
  const { uplink, weakSince, cameraRests, isDeclined } = network;
  return uplink === "weak" && !cameraRests && !isDeclined && weakSince !== null && now - weakSince >= WARN_AFTER;
}
