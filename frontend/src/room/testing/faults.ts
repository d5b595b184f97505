// What axe finds on a drawn page. Colours are checked in a real browser; here there is no layout.
import axe from "axe-core";

export async function faultsOf(root: HTMLElement): Promise<string[]> {
  const { violations } = await axe.run(root, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
    resultTypes: ["violations"],
    preload: false,
    iframes: false,
  });
  return violations.map((one) => `${one.id}: ${one.nodes[0]?.html ?? ""}`);
}
