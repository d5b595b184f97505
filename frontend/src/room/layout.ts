// Order and size of tiles: pure functions that move as little as possible on the screen.

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Tiles are lower than they should be: the stage scrolls and rows keep their least height. */
  readonly scrolls: boolean;
}

const LEAST_HEIGHT = 150;
const LEAST_WIDTH = 130;
const BEST_RATIO = 4 / 3;
/** Pictures have to grow by so much for one more column: otherwise three people stand in a row of narrow tiles. */
const WORTH_A_COLUMN = 1.05;
export const MOST_COLUMNS = 5;

/**
 * Choose the columns that give the largest 4:3 picture inside each tile; of about equal ones the fewest columns.
 * Where every choice would make faces as small as stamps, rows keep their least height and the stage scrolls.
 */
export function gridFor(count: number, width: number, height: number): Grid {
  const tiles = Math.max(count, 1);
  let best: Grid | null = null;
  let bestArea = 0;
  for (let columns = 1; columns <= Math.min(tiles, MOST_COLUMNS); columns += 1) {
    const rows = Math.ceil(tiles / columns);
    const [wide, high] = [width / columns, height / rows];
    if (high < LEAST_HEIGHT || wide < LEAST_WIDTH) continue;
    const area = Math.min(wide, high * BEST_RATIO);
    if (area > bestArea * WORTH_A_COLUMN) [best, bestArea] = [{ columns, rows, scrolls: false }, area];
  }
  if (best) return best;
  const fitting = Math.max(2, Math.min(MOST_COLUMNS, Math.floor(width / (LEAST_HEIGHT * BEST_RATIO))));
  const columns = Math.min(tiles, fitting);
  return { columns, rows: Math.ceil(tiles / columns), scrolls: true };
}

/** How many tiles of an order are looked at first; who speaks outside of them is brought inside. */
export const FRONT = 9;

/**
 * Bring the previous order up to date: who stays keeps the place, who is new goes to the end, a place that became free is closed up.
 * Somebody who speaks outside the front changes places with the last silent one inside it.
 */
export function arrange(
  previous: readonly string[],
  present: readonly string[],
  speaking: readonly string[],
  front: number = FRONT,
): readonly string[] {
  const kept = previous.filter((id) => present.includes(id));
  const order = [...kept, ...present.filter((id) => !kept.includes(id))];
  for (const speaker of speaking) {
    const from = order.indexOf(speaker);
    if (from < front) continue; // inside already, or not in the room
    const to = order.slice(0, front).findLastIndex((id) => !speaking.includes(id));
    const silent = order[to];
    if (silent === undefined) continue;
    order[to] = speaker;
    order[from] = silent;
  }
  return same(order, previous) ? previous : order;
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id, index) => id === other[index]);
}
