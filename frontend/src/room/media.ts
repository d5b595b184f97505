// The person's own devices: asking for them, choosing, turning off, and saying in a word what went wrong.
import type { Device, DeviceChoice, DeviceState, DeviceStatus } from "./state";

export interface MediaEvents {
  device(device: Device, change: Partial<DeviceState>): void;
  choices(choices: { microphone: readonly DeviceChoice[]; camera: readonly DeviceChoice[] }): void;
  level(level: number): void;
  /** The track to send changed; null means that nothing is sent. */
  track(device: Device, track: MediaStreamTrack | null): void;
}

const VIDEO: MediaTrackConstraints = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 24, max: 30 } };
const AUDIO: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const LEVEL_EVERY = 120;

/** Turn a failure of `getUserMedia` into one of our words. */
export function statusOfFailure(error: unknown): DeviceStatus {
  switch (error instanceof Error || error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "failed";
  }
}

/** Holds at most one microphone track and one camera track. */
export class LocalDevices {
  #tracks: Record<Device, MediaStreamTrack | null> = { microphone: null, camera: null };
  #asked: Record<Device, number> = { microphone: 0, camera: 0 };
  #meter: { context: AudioContext; timer: number } | null = null;

  constructor(private readonly events: MediaEvents) {
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.#list());
  }

  get camera(): MediaStreamTrack | null {
    return this.#tracks.camera;
  }

  /** Ask for both at once, so that the browser asks once; what fails together is tried apart. */
  async openBoth(choice: Readonly<Record<Device, string>>): Promise<void> {
    this.#asking("microphone");
    this.#asking("camera");
    const marks = { ...this.#asked };
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: { ...AUDIO, ...wished(choice.microphone) },
        video: { ...VIDEO, ...wished(choice.camera) },
      });
      for (const track of stream.getTracks()) {
        const device = track.kind === "audio" ? "microphone" : "camera";
        this.#got(device, track, marks[device]);
      }
    } catch {
      await this.turnOn("microphone", choice.microphone);
      await this.turnOn("camera", choice.camera);
    }
    await this.#list();
  }

  /** Start one device; what it replaces is stopped. */
  async turnOn(device: Device, deviceId: string): Promise<void> {
    this.#asking(device);
    const mark = this.#asked[device];
    try {
      if (!navigator.mediaDevices) throw new DOMException("No devices on an insecure page", "NotFoundError");
      const stream = await navigator.mediaDevices.getUserMedia(
        device === "microphone" ? { audio: { ...AUDIO, ...wished(deviceId) } } : { video: { ...VIDEO, ...wished(deviceId) } },
      );
      const [track] = stream.getTracks();
      if (track) this.#got(device, track, mark);
    } catch (error) {
      if (mark !== this.#asked[device]) return;
      this.#release(device);
      this.events.device(device, { status: statusOfFailure(error) });
    }
    await this.#list();
  }

  /** Mute: the track stays, so that unmuting is instant and the line stays alive. */
  mute(): void {
    if (this.#tracks.microphone) this.#tracks.microphone.enabled = false;
  }

  /** Unmute, asking for the microphone if there is none yet. */
  async unmute(deviceId: string): Promise<void> {
    const track = this.#tracks.microphone;
    if (track?.readyState !== "live") return this.turnOn("microphone", deviceId);
    track.enabled = true;
    this.events.device("microphone", { status: "on" });
  }

  /** Let go of one device. */
  drop(device: Device): void {
    this.#asked[device] += 1;
    this.#release(device);
    this.events.device(device, { status: "off" });
  }

  #asking(device: Device): void {
    this.#asked[device] += 1;
    this.events.device(device, { status: "asking" });
  }

  #got(device: Device, track: MediaStreamTrack, mark: number): void {
    if (mark !== this.#asked[device]) {
      track.stop(); // the person changed their mind while the browser asked
      return;
    }
    this.#release(device);
    this.#tracks[device] = track;
    track.addEventListener("ended", () => {
      if (this.#tracks[device] !== track) return;
      this.#release(device);
      this.events.device(device, { status: "lost" });
    });
    if (device === "microphone") this.#measure(track);
    this.events.track(device, track);
    this.events.device(device, { status: "on", deviceId: track.getSettings().deviceId ?? "" });
  }

  #release(device: Device): void {
    const track = this.#tracks[device];
    if (!track) return;
    this.#tracks[device] = null;
    track.stop();
    if (device === "microphone") this.#unmeasure();
    this.events.track(device, null);
  }

  async #list(): Promise<void> {
    const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const named = (kind: MediaDeviceKind, fallback: string): DeviceChoice[] =>
      all
        .filter((one) => one.kind === kind && one.deviceId)
        .map((one, index) => ({ id: one.deviceId, label: one.label || `${fallback} ${index + 1}` }));
    this.events.choices({ microphone: named("audioinput", "Microphone"), camera: named("videoinput", "Camera") });
  }

  #measure(track: MediaStreamTrack): void {
    this.#unmeasure();
    if (typeof AudioContext === "undefined") return;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let last = -1;
    const timer = window.setInterval(() => {
      if (context.state === "suspended") void context.resume().catch(() => undefined);
      analyser.getFloatTimeDomainData(samples);
      const level = levelOf(samples);
      if (level !== last) this.events.level((last = level));
    }, LEVEL_EVERY);
    this.#meter = { context, timer };
  }

  #unmeasure(): void {
    if (!this.#meter) return;
    window.clearInterval(this.#meter.timer);
    void this.#meter.context.close();
    this.#meter = null;
    this.events.level(0);
  }
}

function wished(deviceId: string): MediaTrackConstraints {
  return deviceId ? { deviceId: { ideal: deviceId } } : {};
}

/** Give loudness from 0 to 10 on a scale of decibels, as ears hear it. */
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / Math.max(samples.length, 1) + 1e-9);
  return Math.max(0, Math.min(10, Math.round((decibels + 60) / 5)));
}
