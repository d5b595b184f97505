// What this browser remembers between visits: the devices chosen last. Only a convenience.
import type { Device, State } from "./state";

const KEY = "room-devices";

/** Give a storage, or null where the browser allows none. */
export function storage(name: "sessionStorage" | "localStorage"): Storage | null {
  try {
    return window[name];
  } catch {
    return null;
  }
}

export function rememberDevices(state: State): void {
  const { microphone, camera } = state.media;
  try {
    storage("localStorage")?.setItem(KEY, JSON.stringify({ microphone: microphone.deviceId, camera: camera.deviceId }));
  } catch {
    // Private windows may refuse.
  }
}

/** Give the devices chosen last time, if this browser remembers. */
export function rememberedDevices(): Readonly<Record<Device, string>> {
  const none = { microphone: "", camera: "" };
  try {
    return { ...none, ...(JSON.parse(storage("localStorage")?.getItem(KEY) ?? "{}") as typeof none) };
  } catch {
    return none;
  }
}
