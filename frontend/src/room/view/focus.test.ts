// @vitest-environment happy-dom
import { render } from "lit";
import { expect, it } from "vitest";
import type { State } from "../state";
import { after, joined, person, room } from "../testing/room";
import { appView } from "./app";
import { keepingFocus } from "./focus";

const group = joined(room([person("p1"), person("p2"), person("t1", { role: "facilitator" })]));

it("stays on the button of a tile that becomes large and small again, and is not taken from anything else", () => {
  document.body.innerHTML = '<main id="root"></main>';
  const root = document.getElementById("root") as HTMLElement;
  const draw = (state: State): void =>
    keepingFocus(root, () => render(appView(state, { send: () => undefined, camera: null, video: () => null }), root));
  const focused = (): string | null | undefined => document.activeElement?.closest("[data-tile]")?.getAttribute("data-tile");
  const large = (): boolean => root.querySelector('.focus [data-tile="p2/camera"]') !== null;
  draw(group);
  root.querySelector<HTMLElement>('[data-tile="p2/camera"] [data-action="pin"]')?.focus();
  draw(after(group, { type: "pin", key: "p2/camera" }));
  expect([large(), focused()]).toEqual([true, "p2/camera"]);
  draw(group);
  expect([large(), focused()]).toEqual([false, "p2/camera"]);
  root.querySelector<HTMLElement>('[data-action="leave"]')?.focus();
  draw(after(group, { type: "pin", key: "p2/camera" }));
  expect(document.activeElement?.getAttribute("data-action")).toBe("leave");
});
