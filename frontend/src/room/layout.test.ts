import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrange, gridFor } from "./layout";

describe("columns", () => {
  it.each([
    // people, width, height, columns, scrolls
    [1, 1200, 700, 1, false],
    [2, 1200, 700, 2, false],
    [2, 366, 620, 1, false],
    [3, 366, 620, 1, false],
    [3, 1256, 610, 2, false],
    [3, 940, 610, 2, false],
    [4, 1200, 700, 2, false],
    [4, 366, 560, 2, false],
    [6, 1200, 700, 3, false],
    [8, 366, 620, 2, false],
    [9, 1200, 700, 3, false],
    [12, 1200, 700, 4, false],
    [12, 366, 560, 2, true],
    [16, 900, 400, 4, true],
    [0, 0, 0, 1, true],
  ])("for %i people on %i by %i are %i", (people, width, height, columns, scrolls) => {
    expect(gridFor(people, width, height)).toMatchObject({ columns, scrolls });
  });

  it("always hold everybody, and never more rows than needed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(4000), fc.nat(3000), (people, width, height) => {
        const { columns, rows } = gridFor(people, width, height);
        expect(columns).toBeGreaterThanOrEqual(1);
        expect(rows).toBe(Math.ceil(people / columns));
      }),
    );
  });
});

describe("order", () => {
  it.each<[string, string[], string[], string[], number, string[]]>([
    ["newcomers go to the end", ["a", "b"], ["c", "a", "b"], [], 9, ["a", "b", "c"]],
    ["who leaves makes the others close up", ["a", "b", "c"], ["a", "c"], [], 9, ["a", "c"]],
    ["who speaks inside the front stays where they are", ["a", "b", "c"], ["a", "b", "c"], ["c"], 3, ["a", "b", "c"]],
    ["who speaks outside changes places with the last silent one inside", ["a", "b", "c", "d"], ["a", "b", "c", "d"], ["d"], 3, ["a", "b", "d", "c"]],
    ["speakers do not push each other out", ["a", "b", "c", "d"], ["a", "b", "c", "d"], ["c", "d"], 3, ["a", "d", "c", "b"]],
    ["a front full of speakers stays", ["a", "b", "c"], ["a", "b", "c"], ["a", "b", "c"], 2, ["a", "b", "c"]],
    ["strangers who speak are nobody's tile", ["a"], ["a"], ["x"], 1, ["a"]],
  ])("%s", (_, previous, present, speaking, front, expected) => {
    expect(arrange(previous, present, speaking, front)).toEqual(expected);
  });

  it("that has nothing to change is the same list, so nothing is drawn", () => {
    const order = ["a", "b"];
    expect(arrange(order, ["b", "a"], ["a"])).toBe(order);
  });

  it("holds exactly who is present, and moves at most two tiles for one new speaker", () => {
    const people = fc.uniqueArray(fc.constantFrom(..."abcdefghijkl"), { maxLength: 12 });
    fc.assert(
      fc.property(people, people, fc.constantFrom(..."abcdefghijkl"), fc.integer({ min: 1, max: 9 }), (previous, present, speaker, front) => {
        const quiet = arrange(previous, present, [], front);
        const loud = arrange(previous, present, [speaker], front);
        expect([...loud].sort()).toEqual([...present].sort());
        expect(loud.filter((id, index) => id !== quiet[index]).length).toBeLessThanOrEqual(2);
      }),
    );
  });
});
