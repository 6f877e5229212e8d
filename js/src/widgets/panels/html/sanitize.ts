/**
 * What of a page that a Node's function has written may be shown.
 *
 * It is shown in a frame without scripts, origin and network in any case; this leaves out what such
 * a frame could still do: lead somewhere else (links, refreshing), or ask for something.
 * Only what is listed stays.
 */

const HTML_NS = "http://www.w3.org/1999/xhtml";
const SVG_NS = "http://www.w3.org/2000/svg";

const HTML = new Set(
  (
    "abbr address article aside b big blockquote br caption center cite code col colgroup dd del details dfn div dl dt " +
    "em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd label li main mark meter nav ol p pre " +
    "progress q s samp section small span strike strong style sub summary sup table tbody td tfoot th thead time tr " +
    "tt u ul var wbr"
  ).split(" "),
);
const SVG = new Set(
  (
    "svg g defs symbol use path rect circle ellipse line polyline polygon text tspan textPath title desc linearGradient " +
    "radialGradient stop clipPath mask pattern marker image style filter feBlend feColorMatrix feComponentTransfer " +
    "feComposite feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology " +
    "feOffset"
  ).split(" "),
);
/** What goes with all that is in it; of anything else that is not listed, what is in it stays. */
const GONE = new Set(
  (
    "script noscript template iframe frame frameset object embed applet noembed noframes math xmp plaintext textarea " +
    "select option button form input title audio video canvas foreignobject animate animatemotion animatetransform " +
    "set"
  ).split(" "),
);
const ATTRIBUTES_GONE =
  /^(on.*|srcset|ping|action|formaction|background|autofocus|tabindex|contenteditable|target|is)$/i;
const REFERENCES = /^(href|xlink:href|src)$/i;
const PICTURE = /^\s*data:image\//i;
/** An address in CSS, or in an attribute of SVG, that is neither inside the page nor a picture in it. */
const OUTSIDE = /url\(\s*["']?\s*(?!["'#]|\s|data:image\/)/i;

function attributeStays(element: Element, name: string, value: string): boolean {
  if (ATTRIBUTES_GONE.test(name) || !/^[a-z_][\w:.-]*$/i.test(name)) return false;
  if (!REFERENCES.test(name)) return !OUTSIDE.test(value);
  const tag = element.localName;
  if (tag === "img" || tag === "image") return PICTURE.test(value);
  return element.namespaceURI === SVG_NS && value.trim().startsWith("#");
}

function copyAttributes(from: Element, to: Element): void {
  for (const { name, value, namespaceURI } of [...from.attributes]) {
    // Namespaces are known from the element; XLink's is written as HTML writes it.
    if (name.startsWith("xmlns") || !attributeStays(from, name, value)) continue;
    if (namespaceURI === null) to.setAttribute(name, value);
    else to.setAttributeNS(namespaceURI, name, value);
  }
}

function copyChildren(from: Node, to: Node, document: Document): void {
  for (const child of [...from.childNodes]) {
    if (child.nodeType === Node.TEXT_NODE)
      to.appendChild(document.createTextNode(child.textContent ?? ""));
    if (child.nodeType !== Node.ELEMENT_NODE) continue;
    const element = child as Element;
    const listed =
      element.namespaceURI === SVG_NS ? SVG : element.namespaceURI === HTML_NS ? HTML : null;
    if (listed?.has(element.localName) === true) {
      // In a style sheet "<" means nothing, but could become markup where it is read once more.
      if (element.localName === "style" && /<|@import/i.test(element.textContent ?? "")) continue;
      const copy = document.createElementNS(element.namespaceURI, element.localName);
      copyAttributes(element, copy);
      copyChildren(element, copy, document);
      to.appendChild(copy);
    } else if (!GONE.has(element.localName.toLowerCase())) {
      copyChildren(element, to, document);
    }
  }
}

/** A body with what may be shown of some HTML, in a document that loads and runs nothing. */
export function sanitized(html: string): HTMLElement {
  const given = new DOMParser().parseFromString(html, "text/html");
  const inert = document.implementation.createHTMLDocument("");
  // Style sheets that are written before anything else stand in the head.
  copyChildren(given.head, inert.body, inert);
  copyChildren(given.body, inert.body, inert);
  return inert.body;
}
