/** What is written into a notebook so that a Lab of it can be looked at without a kernel. */

import { css, js } from "bundle:./index.ts";

import { make } from "../dom";

/** The model that stands in for a Lab's. */
export function standInOf(kept: string, lab: string): Record<string, string> {
  return { _esm: js, _css: css, _kept: kept, _lab: lab };
}

/** HTML for pages made of the notebook: the picture where no script runs, else what is kept. */
export function htmlOf(kept: string, lab: string, png: string, [width, height]: number[]): string {
  const image = make("img", "", {
    src: `data:image/png;base64,${png}`,
    width: String(width),
    height: String(height),
    alt: "saved picture of a nengolab Lab",
  });
  const place = make("div", "nengolab-kept", { "data-lab": lab }, image);
  const code = js.replaceAll("</script", "<\\/script").replaceAll("<!--", "\\x3c!--");
  const inside = `${image.outerHTML}<script type="text/plain">${kept}</script>`;
  return (
    `${place.outerHTML.replace(image.outerHTML, () => inside)}` +
    `<style>${css}</style><script type="module">${code}</script>`
  );
}
