// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LocalDevices, levelOf, statusOfFailure } from "./media";
import type { Device, DeviceState } from "./state";

class Track extends EventTarget {
  enabled = true;
  readyState: MediaStreamTrackState = "live";
  constructor(readonly kind: "audio" | "video") {
    super();
  }
  stop = (): void => void (this.readyState = "ended");
  getSettings = (): MediaTrackSettings => ({ deviceId: `${this.kind}-1` });
}

const failure = (name: string): DOMException => new DOMException("no", name);
let said: Partial<Record<Device, Partial<DeviceState>>>;
let sent: Partial<Record<Device, Track | null>>;
let ask: (wanted: MediaStreamConstraints) => Promise<Track[]>;
let devices: LocalDevices;

beforeEach(() => {
  [said, sent] = [{}, {}];
  ask = (wanted) => Promise.resolve([...(wanted.audio ? [new Track("audio")] : []), ...(wanted.video ? [new Track("video")] : [])]);
  vi.stubGlobal("navigator", {
    mediaDevices: {
      addEventListener: () => undefined,
      enumerateDevices: () => Promise.resolve([]),
      getUserMedia: async (wanted: MediaStreamConstraints) => {
        const tracks = await ask(wanted);
        return { getTracks: () => tracks };
      },
    },
  });
  vi.stubGlobal("AudioContext", undefined);
  devices = new LocalDevices({
    device: (device, change) => void (said[device] = { ...said[device], ...change }),
    choices: () => undefined,
    level: () => undefined,
    track: (device, track) => void (sent[device] = track as unknown as Track | null),
  });
});

afterEach(() => void vi.unstubAllGlobals());
const both = { microphone: "", camera: "" };

describe("own devices", () => {
  it("are asked for together", async () => {
    await devices.openBoth(both);
    expect([said.microphone?.status, said.camera?.status]).toEqual(["on", "on"]);
  });

  it("without a camera leave the microphone", async () => {
    ask = (wanted) => (wanted.video ? Promise.reject(failure("NotFoundError")) : Promise.resolve([new Track("audio")]));
    await devices.openBoth(both);
    expect([said.microphone?.status, said.camera?.status]).toEqual(["on", "missing"]);
  });

  it("that are both refused leave the person to listen", async () => {
    ask = () => Promise.reject(failure("NotAllowedError"));
    await devices.openBoth(both);
    expect([said.microphone?.status, said.camera?.status]).toEqual(["denied", "denied"]);
    expect(sent).toEqual({});
  });

  it("on an insecure page are missing, not broken", async () => {
    vi.stubGlobal("navigator", {});
    await devices.turnOn("microphone", "");
    expect(said.microphone?.status).toBe("missing");
  });

  it("muted keep their track and stop sounding", async () => {
    await devices.turnOn("microphone", "");
    devices.mute();
    expect(sent.microphone).toMatchObject({ enabled: false, readyState: "live" });
    await devices.unmute("");
    expect(sent.microphone?.enabled).toBe(true);
  });

  it("turned off let the camera go dark", async () => {
    await devices.turnOn("camera", "");
    const track = sent.camera;
    devices.drop("camera");
    expect(track?.readyState).toBe("ended");
    expect(sent.camera).toBeNull();
    expect(said.camera?.status).toBe("off");
  });

  it("allowed too late are not turned on against the person's changed mind", async () => {
    let allow: (tracks: Track[]) => void = () => undefined;
    ask = () => new Promise((resolve) => (allow = resolve));
    const asking = devices.turnOn("camera", "");
    devices.drop("camera");
    const late = new Track("video");
    allow([late]);
    await asking;
    expect(late.readyState).toBe("ended");
    expect(sent.camera).toBeUndefined();
  });

  it("that are unplugged say so, and nothing is sent any more", async () => {
    await devices.turnOn("microphone", "");
    (sent.microphone as Track).dispatchEvent(new Event("ended"));
    expect(said.microphone?.status).toBe("lost");
    expect(sent.microphone).toBeNull();
  });

  it.each([
    ["NotAllowedError", "denied"],
    ["SecurityError", "denied"],
    ["NotFoundError", "missing"],
    ["OverconstrainedError", "missing"],
    ["NotReadableError", "busy"],
    ["AbortError", "busy"],
    ["TypeError", "failed"],
  ])("failing with %s are %s", (name, status) => {
    expect(statusOfFailure(failure(name))).toBe(status);
  });
});

describe("loudness", () => {
  it("is nothing in silence and full in noise", () => {
    expect(levelOf(new Float32Array(64))).toBe(0);
    expect(levelOf(new Float32Array(64).fill(0.9))).toBe(10);
    expect(levelOf(new Float32Array(0))).toBe(0);
  });
});
