// What proves that this tab holds a seat. It lives as long as the tab: long enough for a reload, gone with the tab.

export interface Seat {
  readonly connection: string;
  readonly secret: string;
  /** The highest number used for a peer connection of this seat. */
  readonly generation: number;
}

/** Keeps the seat in memory, and in the tab's storage where the browser allows it. */
export class SeatKeeper {
  #seat: Seat | null = null;

  constructor(
    private readonly storage: Storage | null,
    private readonly key: string,
  ) {
    try {
      const kept = JSON.parse(storage?.getItem(key) ?? "null") as Partial<Seat> | null;
      if (kept?.connection && kept.secret) {
        this.#seat = { connection: kept.connection, secret: kept.secret, generation: Number(kept.generation) || 0 };
      }
    } catch {
      this.#seat = null; // somebody else's text under our key, or storage that refuses: join afresh
    }
  }

  get resume(): { connection: string; secret: string } | null {
    return this.#seat && { connection: this.#seat.connection, secret: this.#seat.secret };
  }

  /** Remember a seat; the numbers of its peer connections go on only if it is the one held before. */
  keep(connection: string, secret: string): void {
    const generation = this.#seat?.connection === connection ? this.#seat.generation : 0;
    this.#store({ connection, secret, generation });
  }

  /** Give the next number for a peer connection. */
  nextGeneration(): number {
    const generation = (this.#seat?.generation ?? 0) + 1;
    if (this.#seat) this.#store({ ...this.#seat, generation });
    return generation;
  }

  forget(): void {
    this.#seat = null;
    try {
      this.storage?.removeItem(this.key);
    } catch {
      // Storage that refuses holds nothing either.
    }
  }

  #store(seat: Seat): void {
    this.#seat = seat;
    try {
      this.storage?.setItem(this.key, JSON.stringify(seat));
    } catch {
      // Private windows may refuse; memory is enough until a reload.
    }
  }
}
