// A question before a form is sent: <button type="submit" data-confirm="Sign for 8 patients?" data-confirm-text="..." data-confirm-button="Sign">.
// Renders a native <dialog class="dialog"> (Escape closes, focus returns). Without script the form is simply sent: what cannot be
// undone has a page of its own that asks.

/** Ask before any form whose button says so is sent. */
export function askBeforeSending(root: Document): void {
  const agreed = new WeakSet<HTMLElement>();
  root.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button?.dataset.confirm || agreed.delete(button)) return;
    event.preventDefault();
    ask(button, () => {
      agreed.add(button);
      (button as HTMLButtonElement).form?.requestSubmit(button);
    });
  });
}

function ask(button: HTMLElement, agree: () => void): void {
  const { confirm = "", confirmText, confirmButton = "Go on", confirmCancel = "Cancel" } = button.dataset;
  const made = <K extends keyof HTMLElementTagNameMap>(name: K, words: string, css = ""): HTMLElementTagNameMap[K] => {
    const element = document.createElement(name);
    element.textContent = words;
    element.className = css;
    return element;
  };
  const dialog = made("dialog", "", "dialog");
  const title = made("h2", confirm);
  title.id = "confirm-title";
  dialog.setAttribute("aria-labelledby", title.id);
  const actions = made("div", "", "dialog-actions");
  const stay = made("button", confirmCancel, "button is-quiet");
  const go = made("button", confirmButton, button.classList.contains("is-danger") ? "button is-danger" : "button");
  stay.type = go.type = "button";
  stay.autofocus = true;
  stay.addEventListener("click", () => dialog.close());
  go.addEventListener("click", () => {
    dialog.close();
    agree();
  });
  dialog.addEventListener("close", () => dialog.remove());
  actions.append(stay, go);
  dialog.append(title, ...(confirmText ? [made("p", confirmText)] : []), actions);
  document.body.append(dialog);
  dialog.showModal();
}
