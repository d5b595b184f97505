// A button that prints the page: <button type="button" data-print>.

/** Print on every `data-print` button of the page. */
export function printOnRequest(root: Document): void {
  root.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-print]")) root.defaultView?.print();
  });
}
