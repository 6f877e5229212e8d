/** Building DOM without innerHTML: labels come from networks and are only ever text. */

type Attributes = Record<string, string>;

/** An element with a class, attributes and text or children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon from path data on a 16 by 16 grid. */
export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("width", "16");
  svg.setAttribute("height", "16");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  shape.setAttribute("fill", "currentColor");
  svg.append(shape);
  return svg;
}

/** A button that shows an icon, and says its name and its key. */
export function iconButton(path: string, name: string, key: string): HTMLButtonElement {
  const label = key === "" ? name : `${name} (${key})`;
  return make(
    "button",
    "nl-button",
    { type: "button", "aria-label": name, title: label },
    icon(path),
  );
}

/** Set text only when it differs, so that nothing is laid out again for nothing. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Set an attribute only when it differs. */
export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Hide or show an element, only where it is not so. */
export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/** Whether a key belongs to a field that is typed into. */
export function isTyped({ target }: KeyboardEvent): boolean {
  return target instanceof Element && target.matches("input, select, textarea, [contenteditable]");
}

/** Call `accept` when a person has finished typing: with Enter, which JupyterLab may keep from the
 * field's own `change`, or by leaving the field. */
export function onEntered(field: HTMLInputElement, accept: () => void): void {
  let accepted = field.value;
  const once = (): void => {
    if (field.value === accepted) return;
    accept();
    accepted = field.value;
  };
  field.addEventListener("focus", () => (accepted = field.value));
  field.addEventListener("change", once);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    once();
  });
}
