import { describe, expect, it } from "vitest";
import { SeatKeeper } from "./seat";

class Shelf implements Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  readonly held = new Map<string, string>();
  getItem = (key: string) => this.held.get(key) ?? null;
  setItem = (key: string, value: string) => void this.held.set(key, value);
  removeItem = (key: string) => void this.held.delete(key);
}
const shelf = (): Storage => new Shelf() as unknown as Storage;

describe("a seat", () => {
  it("survives a reload of the tab, with the numbers of its peer connections", () => {
    const storage = shelf();
    const before = new SeatKeeper(storage, "k");
    before.keep("c1", "secret");
    expect([before.nextGeneration(), before.nextGeneration()]).toEqual([1, 2]);
    const after = new SeatKeeper(storage, "k");
    expect(after.resume).toEqual({ connection: "c1", secret: "secret" });
    after.keep("c1", "secret");
    expect(after.nextGeneration()).toBe(3);
  });

  it("counts from one again for a new connection", () => {
    const keeper = new SeatKeeper(shelf(), "k");
    keeper.keep("c1", "one");
    keeper.nextGeneration();
    keeper.keep("c2", "two");
    expect(keeper.nextGeneration()).toBe(1);
  });

  it("is forgotten for good", () => {
    const storage = shelf();
    const keeper = new SeatKeeper(storage, "k");
    keeper.keep("c1", "secret");
    keeper.forget();
    expect(keeper.resume).toBeNull();
    expect(new SeatKeeper(storage, "k").resume).toBeNull();
  });

  it("does without storage, and with somebody else's text in it", () => {
    const storage = shelf();
    storage.setItem("k", "{not ours");
    expect(new SeatKeeper(storage, "k").resume).toBeNull();
    const keeper = new SeatKeeper(null, "k");
    keeper.keep("c1", "secret");
    expect(keeper.resume?.connection).toBe("c1");
  });
});
