// How each source is sent: which encodings, at most how much, and what goes first when there is little.
import type { MediaSlot } from "./wire";

export type Source = MediaSlot["source"];

const FULL = 900_000;
const QUARTER = 120_000;
// Text must stay readable; 15 pictures a second are enough to follow a pointer.
const SCREEN = 1_500_000;
const SCREEN_RATE = 15;

/** The small one first: a relay that takes no simulcast keeps the first, which `alone` then makes large. */
const CAMERA: RTCRtpEncodingParameters[] = [
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: QUARTER },
  { rid: "f", maxBitrate: FULL },
];

/** List what to ask for, best first; a browser that refuses one is asked for the next. */
export function wishesFor(source: Source): readonly RTCRtpEncodingParameters[][] {
  switch (source) {
    case "microphone":
      return [[{ priority: "high", networkPriority: "high" }], []];
    case "camera":
      return [CAMERA, [{ maxBitrate: FULL }], []];
    case "screen":
      return [[{ maxBitrate: SCREEN, maxFramerate: SCREEN_RATE }], []];
  }
}

/** Turn what a browser kept of a refused simulcast into one full picture. */
export function alone(kept: readonly RTCRtpEncodingParameters[]): RTCRtpEncodingParameters[] {
  return kept.map((one, index) => (index === 0 ? { ...one, active: true, scaleResolutionDownBy: 1, maxBitrate: FULL } : { ...one, active: false }));
}

/** Add a sending m-line with the best encodings this browser takes. */
export function addSender(
  pc: RTCPeerConnection,
  source: Source,
  track: MediaStreamTrack | null,
): RTCRtpTransceiver {
  const direction = track ? "sendonly" : "inactive";
  for (const sendEncodings of wishesFor(source)) {
    try {
      return pc.addTransceiver(track ?? (source === "microphone" ? "audio" : "video"), { direction, sendEncodings });
    } catch {
      // An old browser: it knows no rid, or no priority. The next wish is plainer.
    }
  }
  return pc.addTransceiver(track ?? (source === "microphone" ? "audio" : "video"), { direction });
}
