// hx-swap="morph": what came is compared with what stands there, and only what differs is changed, so that focus, scroll and open
// details stay and nothing flickers. An element is the same one if its name and its id are. One with data-as-of is left alone where
// what came knows less: minutes known up to an earlier time are never shown after later ones.

/** Make the children of `to` those of `from`, keeping every element that is still there. */
export function morphChildren(to: ParentNode & Node, from: Node): void {
  const old = [...to.childNodes];
  const kept = new Set<ChildNode>();
  const byId = new Map(old.filter((node): node is Element & ChildNode => node instanceof Element && node.id !== "").map((node) => [node.id, node]));
  let place = 0;
  for (const node of [...from.childNodes]) {
    const named = node instanceof Element && node.id !== "" ? byId.get(node.id) : undefined;
    const match = named ?? old.slice(place).find((one) => !kept.has(one) && isSame(one, node));
    if (!match || kept.has(match) || !isSame(match, node)) {
      to.insertBefore(node, old[place] ?? null);
      continue;
    }
    kept.add(match);
    if (old.indexOf(match) < place) to.insertBefore(match, old[place] ?? null);
    else place = old.indexOf(match) + 1;
    if (match instanceof Element) {
      if (isOlder(match, node as Element)) continue;
      morphAttributes(match, node as Element);
      morphChildren(match, node);
    } else if (match.nodeValue !== node.nodeValue) match.nodeValue = node.nodeValue;
  }
  for (const node of old) if (!kept.has(node)) node.remove();
}

function isSame(one: Node, other: Node): boolean {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName && idOf(one) === idOf(other);
}

function idOf(node: Node): string {
  return node instanceof Element ? node.id : "";
}

function morphAttributes(to: Element, from: Element): void {
  for (const { name } of [...to.attributes]) {
    // Opened by the reader: the server does not know.
    if (!from.hasAttribute(name) && !(name === "open" && to instanceof HTMLDetailsElement)) to.removeAttribute(name);
  }
  for (const { name, value } of [...from.attributes]) if (to.getAttribute(name) !== value) to.setAttribute(name, value);
}

function isOlder(shown: Element, came: Element): boolean {
  const [known, told] = [shown, came].map((one) => one.getAttribute("data-as-of"));
  return known !== null && told !== null && known !== undefined && told !== undefined && told < known;
}

/** Let htmx swap by morphing. */
export function installMorph(htmx: { defineExtension(name: string, extension: never): void }): void {
  htmx.defineExtension("morph", {
    isInlineSwap: () => false,
    handleSwap: (style: string, target: Element, fragment: Node) => {
      if (style !== "morph") return false;
      morphChildren(target, fragment);
      return [...target.children];
    },
  } as never);
}
