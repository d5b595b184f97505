// Sentences the room says. One place, so that the same thing is always said the same way.
import type { RoomConfig } from "./config";
import type { Closed, Device, DeviceStatus } from "./state";

/** Write a clock time in the person's zone, with the program's beside it when that clock shows something else. */
export function clock(config: RoomConfig, iso: string | number): string {
  const at = new Date(iso);
  const own = timeIn(at, config.userZone);
  const program = timeIn(at, config.programZone);
  if (own === program) return own;
  return `${own} (${program} in ${placeOf(config.programZone)})`;
}

/** Write a span of clock times in the person's zone, with the program's beside it when that clock shows something else. */
export function clockSpan(config: RoomConfig, from: string, to: string): string {
  const span = (zone: string): string => `${timeIn(new Date(from), zone)} to ${timeIn(new Date(to), zone)}`;
  const [own, program] = [span(config.userZone), span(config.programZone)];
  return own === program ? own : `${own} (${program} in ${placeOf(config.programZone)})`;
}

/** Write a clock time in the person's zone only: inside the room both zones are known. */
export function ownClock(config: RoomConfig, iso: string): string {
  return timeIn(new Date(iso), config.userZone);
}

function placeOf(zone: string): string {
  return zone.split("/").at(-1)?.replaceAll("_", " ") ?? zone;
}

function timeIn(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit", timeZone })
    .format(at)
    .replaceAll("\u202f", " ");
}

/** Write whole minutes from now until an instant, at least 1. */
export function minutesUntil(now: number, iso: string): number {
  return Math.max(1, Math.ceil((Date.parse(iso) - now) / 60_000));
}

/** Write whole minutes since an instant, at least 0. */
export function minutesSince(now: number, iso: string): number {
  return Math.max(0, Math.floor((now - Date.parse(iso)) / 60_000));
}

export function countOf(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Name several people as one would say it. */
export function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** End a sentence that may end with somebody's initial. */
export function ended(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

const deviceName: Record<Device, string> = { microphone: "microphone", camera: "camera" };

/** Say what is wrong with a device and what can be done; empty when nothing is. */
export function deviceTrouble(device: Device, status: DeviceStatus): string {
  const name = deviceName[device];
  switch (status) {
    case "denied":
      return `Your browser does not let this page use the ${name}. Allow it beside the page's address, then try again.`;
    case "missing":
      return `No ${name} was found. Connect one, or go on without it.`;
    case "busy":
      return `The ${name} is used by another program. Close that program, then try again.`;
    case "lost":
      return `The ${name} stopped. It may have been unplugged.`;
    case "failed":
      return `The ${name} could not be started.`;
    case "off":
    case "asking":
    case "on":
      return "";
  }
}

export interface Ending {
  readonly title: string;
  readonly text: string;
  /** Words of the button that goes back in, if that makes sense. */
  readonly again: string | null;
  readonly takeOver: boolean;
  readonly signIn: boolean;
}

/** Say why the visit is over and what the person can do now. */
export function endingOf(closed: Closed): Ending {
  const plain = { again: null, takeOver: false, signIn: false };
  switch (closed.error) {
    case "left":
      return {
        ...plain,
        title: "You left the room",
        text: "If that was a mistake, come back right away: for a short while your seat is still yours, without waiting.",
        again: "Go back in",
      };
    case "ended":
      return { ...plain, title: "This session is over", text: "Thank you for being here." };
    case "removed":
      return {
        ...plain,
        title: "You were taken out of the room",
        text: "The therapist removed you from this session. If you think it was a mistake, call your program. If you were invited back, you can try again.",
        again: "Try again",
      };
    case "superseded":
      return {
        ...plain,
        title: "You continued on another device",
        text: "This session is now open on another device or in another tab. Only one at a time can be in the room.",
        again: "Use this device instead",
        takeOver: true,
      };
    case "not_yet_open":
      return { ...plain, title: "The waiting room is not open yet", text: closed.text, again: "Try now" };
    case "logged_out":
      return { ...plain, title: "You signed out", text: "Sign in to come back to the room.", signIn: true };
    case "unauthenticated":
      return { ...plain, title: "Please sign in again", text: "Your sign-in has ended, so the room cannot tell who you are.", signIn: true };
    case "not_found":
      return {
        ...plain,
        title: "This session is not here for you",
        text: "You may be signed in with another account than the one that was invited.",
      };
    case "denied":
      return { ...plain, title: "You cannot come in right now", text: closed.text, again: "Try again" };
    default:
      return { ...plain, title: "The room closed", text: closed.text, again: "Try again" };
  }
}
