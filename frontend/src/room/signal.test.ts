import fc from "fast-check";
import { describe, expect, it } from "vitest";
import schema from "../../../docs/wire.schema.json";
import { CLOSE_CODES, FINAL, pauseAfter, START, step, type Link, type LinkInput } from "./signal";

const run = (...inputs: LinkInput[]): Link => inputs.reduce<Link>((link, input) => step(link, input, 0)[0], START);
const dialed: LinkInput = { type: "start", takeOver: false };
const UP = [dialed, { type: "opened", attempt: 1 }, { type: "welcomed", attempt: 1 }] as const satisfies readonly LinkInput[];

describe("the life of a socket", () => {
  it.each<[string, Link["at"], LinkInput[]]>([
    ["waits for Join", "idle", []],
    ["dials on Join", "dialing", [dialed]],
    ["joins once open", "joining", [dialed, { type: "opened", attempt: 1 }]],
    ["is joined when welcomed", "joined", [...UP]],
    ["asks when the seat is held elsewhere", "asking", [dialed, { type: "opened", attempt: 1 }, { type: "elsewhere", attempt: 1 }]],
    ["joins again on the same socket when the person takes over", "joining", [dialed, { type: "opened", attempt: 1 }, { type: "elsewhere", attempt: 1 }, { type: "start", takeOver: true }]],
    ["pauses after a loss", "pausing", [...UP, { type: "closed", attempt: 1, code: 1006 }]],
    ["dials again when the pause is over", "dialing", [...UP, { type: "closed", attempt: 1, code: 1006 }, { type: "due", attempt: 1 }]],
    ["dials at once when the network is back", "dialing", [...UP, { type: "closed", attempt: 1, code: 1006 }, { type: "online" }]],
    ["ignores the network coming back while joined", "joined", [...UP, { type: "online" }]],
    ["gives up an attempt that takes too long", "pausing", [dialed, { type: "opened", attempt: 1 }, { type: "overdue", attempt: 1 }]],
    ["is not hurried once joined", "joined", [...UP, { type: "overdue", attempt: 1 }]],
    ["stays away after its last message", "over", [...UP, { type: "finished", attempt: 1 }]],
    ["stays away after leaving", "over", [...UP, { type: "stop", attempt: 1 }]],
    ["can be started again afterwards", "dialing", [...UP, { type: "stop", attempt: 1 }, dialed]],
  ])("%s", (_, at, inputs) => {
    expect(run(...inputs).at).toBe(at);
  });

  it.each(Object.entries(CLOSE_CODES))("code %s (%s) is for good exactly where the protocol says so", (code, error) => {
    const link = run(...UP, { type: "closed", attempt: 1, code: Number(code) });
    expect(link.at).toBe(FINAL.has(error) ? "over" : "pausing");
  });

  it("knows the close codes of the protocol", () => {
    expect(Object.fromEntries(Object.entries(CLOSE_CODES).map(([code, error]) => [error, Number(code)]))).toEqual(schema.close_codes);
  });

  it("drops what a superseded attempt reports", () => {
    const second = run(...UP, { type: "closed", attempt: 1, code: 1006 }, { type: "online" });
    for (const input of [
      { type: "opened", attempt: 1 },
      { type: "welcomed", attempt: 1 },
      { type: "closed", attempt: 1, code: 4411 },
      { type: "stop", attempt: 1 },
      { type: "due", attempt: 1 },
    ] as const) expect(step(second, input, 0)).toEqual([second, []]);
  });

  it("claims the seat only in the join that was asked to", () => {
    const claimed = run({ type: "start", takeOver: true }, { type: "opened", attempt: 1 }, { type: "welcomed", attempt: 1 }, { type: "closed", attempt: 1, code: 1006 });
    expect(claimed).toMatchObject({ at: "pausing", takeOver: false });
  });

  it("numbers attempts upwards only, whatever happens", () => {
    const anyInput = fc.oneof<fc.Arbitrary<LinkInput>[]>(
      fc.constantFrom<LinkInput>(dialed, { type: "online" }),
      fc
        .tuple(fc.constantFrom("opened", "welcomed", "elsewhere", "finished", "overdue", "due", "stop"), fc.integer({ min: 0, max: 6 }))
        .map(([type, attempt]) => ({ type, attempt }) as LinkInput),
      fc.integer({ min: 0, max: 6 }).map((attempt) => ({ type: "closed", attempt, code: 1006 })),
    );
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 40 }), (inputs) => {
        let link = START;
        for (const input of inputs) {
          const [next, actions] = step(link, input, 0.5);
          expect(next.attempt - link.attempt).toBe(actions.some((action) => action.do === "dial") ? 1 : 0);
          // Whoever pauses will be woken: no state without a way on except the end.
          if (next.at === "pausing" && link.at !== "pausing") expect(actions.some((action) => action.do === "pause")).toBe(true);
          link = next;
        }
      }),
    );
  });

  it("pauses longer after each failure, spread over half of the pause, and at most fifteen seconds", () => {
    fc.assert(
      fc.property(fc.nat(60), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
        const pause = pauseAfter(failures, random);
        expect(pause).toBeGreaterThanOrEqual(Math.min(7_500, 250 * 2 ** Math.min(failures, 10)) - 1);
        expect(pause).toBeLessThanOrEqual(15_000);
      }),
    );
  });
});
