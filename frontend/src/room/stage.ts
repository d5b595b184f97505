// What stands on the stage: who is in the same room, which picture is large, what the relay has to know of it. Pure.
import { me, seated } from "./select";
import type { State } from "./state";
import type { MediaSlot, ParticipantInfo } from "./wire";

export interface Tile {
  readonly key: string;
  readonly person: ParticipantInfo;
  readonly source: "camera" | "screen";
}

export interface StagePlan {
  /** The one large picture, if there is one. */
  readonly focus: Tile | null;
  readonly tiles: readonly Tile[];
  /** People of the room who are in a side room while the viewer is not. */
  readonly steppedOut: readonly ParticipantInfo[];
}

/** A picture's size on the screen in device pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export const tileKey = (participant: string, source: Tile["source"]): string => `${participant}/${source}`;

/** Name the side room the viewer is in; null in the group. */
export function ownSideRoom(state: State): string | null {
  return me(state)?.side_room ?? null;
}

/** List who is in the same room as the viewer, the viewer too, in the order of the tiles. */
export function here(state: State): readonly ParticipantInfo[] {
  const own = ownSideRoom(state);
  return seated(state).filter((one) => one.side_room === own);
}

/** Lay out the stage: a pinned picture is large, else a screen that somebody shares. */
export function planOf(state: State): StagePlan {
  const people = here(state);
  const own = state.you?.participant;
  const screens = people.filter((one) => one.screen && one.id !== own).map((one) => tile(one, "screen"));
  const all = [...screens, ...people.map((one) => tile(one, "camera"))];
  // On a break everybody is small: the pause is what counts.
  const isPause = Boolean(state.room?.session.on_break_since);
  const focus = isPause ? null : (all.find((one) => one.key === state.pinned && one.person.id !== own) ?? screens[0] ?? null);
  return {
    focus,
    tiles: all.filter((one) => one !== focus),
    steppedOut: ownSideRoom(state) === null ? seated(state).filter((one) => one.side_room !== null) : [],
  };
}

function tile(person: ParticipantInfo, source: Tile["source"]): Tile {
  return { key: tileKey(person.id, source), person, source };
}

/** Find the m-line that carries a picture. */
export function slotOf(state: State, one: Tile): MediaSlot | undefined {
  return state.slots.find((slot) => slot.participant === one.person.id && slot.source === one.source);
}

export interface ViewHint {
  readonly tiles: { participant: string; source: Tile["source"]; width: number; height: number; pinned: boolean }[];
  readonly sound_only: boolean;
}

// Sizes are told in steps, so that a scroll bar or a fading edge says nothing new.
const STEP = 16;
const MOST_PIXELS = 16_384;
const MOST_TILES = 64;

/** Say what is really looked at; a hidden page looks at nothing. Of what has not been measured yet nothing is said. */
export function viewOf(state: State): ViewHint {
  const { focus, tiles } = planOf(state);
  const shown = [...(focus ? [focus] : []), ...tiles].filter((one) => one.person.id !== state.you?.participant && (state.isHidden || one.key in state.sizes));
  return {
    tiles: shown.slice(0, MOST_TILES).map(({ key, person, source }) => {
      const size = state.isHidden ? undefined : state.sizes[key];
      return { participant: person.id, source, width: pixels(size?.width), height: pixels(size?.height), pinned: key === state.pinned };
    }),
    sound_only: state.network.soundOnly,
  };
}

function pixels(size: number | undefined): number {
  return Math.min(MOST_PIXELS, Math.ceil((size ?? 0) / STEP) * STEP);
}
