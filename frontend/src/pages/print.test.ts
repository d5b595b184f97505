// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { printOnRequest } from "./print";

it("prints for its own buttons only, also when their drawing is clicked", () => {
  document.body.innerHTML = '<button data-print><svg></svg>Print</button><button id="other">Other</button>';
  let printed = 0;
  window.print = () => {
    printed += 1;
  };
  printOnRequest(document);
  document.querySelector<HTMLButtonElement>("#other")?.click();
  expect(printed).toBe(0);
  document.querySelector<HTMLButtonElement>("[data-print]")?.click();
  document.querySelector("svg")?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  expect(printed).toBe(2);
});
