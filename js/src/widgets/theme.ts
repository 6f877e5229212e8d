/** The colours and fonts of the page, read from CSS so that canvas and DOM agree. */

/** What the plots need to know of the page's theme, as concrete colours. */
export interface Theme {
  dark: boolean;
  surface: string;
  text: string;
  muted: string;
  grid: string;
  /** Below 1 where the theme's lines are as bright as its text and would hide the data. */
  gridAlpha: number;
  frame: string;
  font: string;
  /** Okabe and Ito's colours, in an order that reads well on this surface. */
  dimensions: string[];
}

// Okabe and Ito, "Color Universal Design" (2008). Yellow is left to the dark themes, and the
// darker blue to the light ones: each is hard to see on the other.
const ON_LIGHT = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5f5f5f"];
const ON_DARK = ["#56b4e9", "#e69f00", "#00b98a", "#cc79a7", "#f0e442", "#e8702a", "#c8c8c8"];

/** Relative brightness of a CSS colour, 0 (black) to 1 (white). */
function brightness(color: string): number {
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) return 1;
  context.fillStyle = "#ffffff";
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

// An element that is off the page for a moment (the notebook takes cells that are far from the
// screen out of it) has no computed style; these hold until it is seen, and its theme read again.
const OFF_PAGE = {
  "--nl-surface": "#ffffff",
  "--nl-text": "#1a1a1a",
  "--nl-muted": "#555555",
  "--nl-border": "#bdbdbd",
  "--nl-grid": "#e0e0e0",
};

/** Read the theme that holds for `element`. */
export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const read = (name: keyof typeof OFF_PAGE): string =>
    style.getPropertyValue(name).trim() || OFF_PAGE[name];
  const surface = read("--nl-surface");
  const ground = brightness(surface);
  const dark = ground < 0.5;
  const grid = read("--nl-grid");
  return {
    dark,
    surface,
    text: read("--nl-text"),
    muted: read("--nl-muted"),
    grid,
    gridAlpha: Math.abs(brightness(grid) - ground) > 0.5 ? 0.3 : 1,
    frame: read("--nl-border"),
    font: style.fontFamily || "sans-serif",
    dimensions: dark ? ON_DARK : ON_LIGHT,
  };
}

/** Colour and dash of line `index`: after the last colour they start again, dashed. */
export function lineStyle(theme: Theme, index: number): { color: string; dashed: boolean } {
  const colors = theme.dimensions;
  return { color: colors[index % colors.length], dashed: index >= colors.length };
}

/** Call `changed` whenever the page switches its theme. */
export function watchTheme(changed: () => void, signal: AbortSignal): void {
  // JupyterLab names its theme on the body before the style sheet has arrived; the load event
  // of the sheet, which does not bubble but can be captured, tells when colours are there.
  const later = (): void => void requestAnimationFrame(changed);
  const observer = new MutationObserver(later);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: [
      "data-jp-theme-name",
      "data-jp-theme-light",
      "class",
      "data-vscode-theme-kind",
    ],
  });
  document.head.addEventListener("load", later, { capture: true, signal });
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", later, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
}
