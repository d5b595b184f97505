// @vitest-environment happy-dom
import fc from "fast-check";
import { expect, it } from "vitest";
import { morphChildren } from "./morph";

function made(html: string): HTMLElement {
  const element = document.createElement("div");
  element.innerHTML = html;
  return element;
}

it("changes words without replacing the elements around them", () => {
  const page = made('<section id="a"><p>In the room</p><strong>41</strong> <a href="tel:1">call</a></section>');
  document.body.append(page);
  const [section, number, link] = [page.querySelector("section"), page.querySelector("strong"), page.querySelector("a")];
  link?.focus();
  morphChildren(page, made('<section id="a"><p>In the room</p><strong>42</strong> <a href="tel:1">call</a></section>'));
  expect(page.textContent).toBe("In the room42 call");
  expect([page.querySelector("section"), page.querySelector("strong"), page.querySelector("a")]).toEqual([section, number, link]);
  expect(page.querySelector("strong")).toBe(number);
  expect(document.activeElement).toBe(link);
  page.remove();
});

it("keeps the rows of a table by their ids when one leaves and another comes", () => {
  const row = (id: string, words: string): string => `<p id="${id}"><button>${words}</button></p>`;
  const page = made(row("a", "A") + row("b", "B") + row("c", "C"));
  const c = page.querySelector("#c button");
  morphChildren(page, made(row("x", "X") + row("a", "A") + row("c", "C")));
  expect([...page.children].map((one) => one.id)).toEqual(["x", "a", "c"]);
  expect(page.querySelector("#c button")).toBe(c);
});

it("leaves open what the reader opened", () => {
  const page = made("<details><summary>More</summary>text</details>");
  page.querySelector("details")!.open = true;
  morphChildren(page, made("<details><summary>More</summary>other text</details>"));
  expect(page.querySelector("details")?.open).toBe(true);
  expect(page.textContent).toBe("Moreother text");
});

it("gives exactly what came, whatever stood there before", () => {
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom("a", "b", "42"),
      fc
        .tuple(fc.constantFrom("p", "b", "i"), fc.constantFrom("", "one", "two"), fc.array(tie("node"), { maxLength: 3 }))
        .map(([name, css, inside]) => `<${name}${css ? ` class="${css}"` : ""}>${inside.join("")}</${name}>`),
    ),
  })).node as fc.Arbitrary<string>;
  // Paragraphs cannot stand in one another: the parser would move them, so both sides are read by it first.
  fc.assert(
    fc.property(tree, tree, (before, after) => {
      const page = made(before);
      const wanted = made(after).innerHTML;
      morphChildren(page, made(after));
      expect(page.innerHTML).toBe(wanted);
    }),
    { numRuns: 300 },
  );
});

it("does not show minutes known up to an earlier time after later ones, but what was judged anew", () => {
  const at = (time: string, minutes: number): HTMLElement => made(`<p data-as-of="${time}">${minutes}</p>`);
  const page = at("2026-11-17T14:00:10Z", 42);
  const told = (time: string, minutes: number): string | null => {
    morphChildren(page, at(time, minutes));
    return page.textContent;
  };
  expect(told("2026-11-17T14:00:05Z", 41)).toBe("42");
  expect(told("2026-11-17T14:00:15Z", 37)).toBe("37");
  morphChildren(page, made("<p>150</p>"));
  expect(page.innerHTML).toBe("<p>150</p>");
});
