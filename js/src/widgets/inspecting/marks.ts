/** How picked neurons are marked: each in a colour of its own, the same in all panels. */

import type { Theme } from "../theme";

/** The colour of each picked neuron; after the palette's end all have its last. */
export function markColors(theme: Theme, picked: readonly number[]): Map<number, string> {
  const colors = theme.dimensions;
  return new Map(
    picked.map((neuron, i) => [neuron, colors[Math.min(i, colors.length - 1)]] as const),
  );
}

/** "3, 17, 20 and 4 more". */
export function listed(numbers: readonly number[], most = 8): string {
  if (numbers.length <= most) return numbers.join(", ");
  const shown = numbers.slice(0, most).join(", ");
  return `${shown} and ${(numbers.length - most).toLocaleString("en")} more`;
}
