/**
 * Showing anew what has changed in part: what is alike stays, and with it focus, caret, what was
 * typed and not entered yet, an open menu, and how far something is scrolled.
 */

import { setAttribute } from "./dom";

/**
 * What tells a node from those beside it. Of two with the same key, in places with the same keys,
 * the old one stays, and does what it did: so what an element does must follow from its key.
 */
function keyOf(node: Node): string {
  if (!(node instanceof Element)) return `#${node.nodeType}`;
  const said = node.getAttribute("data-key") ?? node.getAttribute("aria-label");
  if (said !== null) return `${node.tagName} ${said}`;
  // Options are what they stand for; a button does what it says.
  if (node instanceof HTMLOptionElement) return `OPTION ${node.value}`;
  if (node instanceof HTMLButtonElement) return `BUTTON ${node.title} ${node.textContent}`;
  return node.tagName;
}

/** Have `parent` show these, touching only what differs from what it shows. */
export function renew(parent: Element, wanted: readonly (Node | string)[]): void {
  const nodes = wanted.map((one) => (typeof one === "string" ? new Text(one) : one));
  const there = new Map<string, ChildNode[]>();
  for (const old of parent.childNodes) {
    const key = keyOf(old);
    there.set(key, [...(there.get(key) ?? []), old]);
  }
  const staying = nodes.map((node) => there.get(keyOf(node))?.shift() ?? null);
  // What goes goes first, so that nothing that stays is moved for it: that would take its focus.
  for (const left of there.values()) for (const old of left) old.remove();
  let at: Node | null = parent.firstChild;
  nodes.forEach((node, i) => {
    const old = staying[i];
    if (old === null) parent.insertBefore(node, at);
    else {
      if (old === at) at = old.nextSibling;
      else parent.insertBefore(old, at);
      become(old, node);
    }
  });
}

/** Let an old node show what a new one does; one that is given again shows it already. */
function become(old: ChildNode, node: Node): void {
  if (old === node) return;
  if (!(old instanceof Element) || !(node instanceof Element)) {
    if (old.nodeValue !== node.nodeValue) old.nodeValue = node.nodeValue;
  } else if (old instanceof HTMLCanvasElement) {
    old.replaceWith(node); // what is painted is no part of the page
  } else {
    const before = { value: old.getAttribute("value"), chosen: chosenIn(old) };
    copyAttributes(old, node);
    renew(old, [...node.childNodes]);
    if (old instanceof HTMLInputElement && node instanceof HTMLInputElement)
      fill(old, node, before.value ?? "");
    else if (old instanceof HTMLSelectElement) choose(old, before.chosen);
  }
}

function copyAttributes(old: Element, node: Element): void {
  for (const { name, value } of node.attributes) setAttribute(old, name, value);
  for (const { name } of [...old.attributes])
    // What a person has opened stays open.
    if (!node.hasAttribute(name) && !(name === "open" && old instanceof HTMLDetailsElement))
      old.removeAttribute(name);
}

/** A field is filled in where the kernel says something else now, and nobody types into it. */
function fill(old: HTMLInputElement, node: HTMLInputElement, told: string): void {
  if (old.type === "checkbox") {
    if (old.checked !== node.checked) old.checked = node.checked;
    if (old.indeterminate !== node.indeterminate) old.indeterminate = node.indeterminate;
    return;
  }
  const typing = document.activeElement === old && old.value !== told;
  if (node.value !== told && !typing && old.value !== node.value) old.value = node.value;
}

/** What the kernel says is chosen; null where that is the page's own affair. */
function chosenIn(element: Element): string | null {
  if (!(element instanceof HTMLSelectElement)) return null;
  const marked = [...element.options].find((option) => option.hasAttribute("selected"));
  return marked?.value ?? null;
}

function choose(old: HTMLSelectElement, told: string | null): void {
  const chosen = chosenIn(old);
  if (chosen !== null && chosen !== told && old.value !== chosen) old.value = chosen;
}
