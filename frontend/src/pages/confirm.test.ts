// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import { askBeforeSending } from "./confirm";

let sent = 0;

beforeEach(() => {
  sent = 0;
  document.body.innerHTML = `<form><button type="submit" id="plain">Save</button>
    <button type="submit" id="asks" class="button is-danger" data-confirm="Sign for 8 patients?" data-confirm-button="Sign">Sign</button></form>`;
});

askBeforeSending(document);
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) sent += 1;
  event.preventDefault();
});

const press = (id: string): void => {
  const button = document.getElementById(id) as HTMLButtonElement;
  button.form?.requestSubmit(button);
};
const dialog = (): HTMLDialogElement | null => document.querySelector("dialog");
const buttonNamed = (words: string): HTMLButtonElement | undefined =>
  [...(dialog()?.querySelectorAll("button") ?? [])].find((one) => one.textContent === words);

it("sends a form at once whose button asks nothing", () => {
  press("plain");
  expect([sent, dialog()]).toEqual([1, null]);
});

it("asks first, with the page's words, and does nothing on cancel", () => {
  press("asks");
  expect(dialog()?.textContent).toContain("Sign for 8 patients?");
  expect(dialog()?.getAttribute("aria-labelledby")).toBe("confirm-title");
  buttonNamed("Cancel")?.click();
  expect([sent, dialog()]).toEqual([0, null]);
});

it("sends once after the answer, and asks anew the next time", () => {
  press("asks");
  buttonNamed("Sign")?.click();
  expect([sent, dialog()]).toEqual([1, null]);
  press("asks");
  expect([sent, dialog() !== null]).toEqual([1, true]);
});
