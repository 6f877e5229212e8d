/** Names as large as their amounts: in one row, or filling a place. */

export interface Word {
  text: string;
  amount: number;
  color: string;
}

export interface Placed extends Word {
  /** Left end and middle line, and the size of the letters, in CSS pixels. */
  x: number;
  y: number;
  size: number;
}

const GAP = 14;
const LINE = 1.25;
const SMALLEST = 11;

/** Size of the letters of an amount, of which 1 is all. */
export function sizeOf(amount: number, largest: number): number {
  const part = Math.min(1, Math.max(0, amount));
  return Math.max(SMALLEST, Math.round(largest * (0.25 + 0.75 * part)));
}

/** Lines of words whose widths fit. */
function broken(widths: number[], width: number): number[][] {
  const lines: number[][] = [];
  let used = Infinity;
  widths.forEach((wide, index) => {
    if (used + GAP + wide > width) {
      lines.push([]);
      used = -GAP;
    }
    lines[lines.length - 1].push(index);
    used += GAP + wide;
  });
  return lines;
}

/**
 * Put words into a box, each line in the middle. The order stays; where there is no room, letters
 * become smaller, and then the least amounts are left out.
 */
export function placed(
  words: Word[],
  box: { width: number; height: number; largest: number },
  measure: (text: string, size: number) => number,
): Placed[] {
  let { largest } = box;
  let shown = words;
  while (shown.length > 0) {
    const sizes = shown.map(({ amount }) => sizeOf(amount, largest));
    const widths = shown.map(({ text }, i) => measure(text, sizes[i]));
    const lines = broken(widths, box.width);
    const heights = lines.map((line) => LINE * Math.max(...line.map((i) => sizes[i])));
    const height = heights.reduce((sum, high) => sum + high, 0);
    const fits = height <= box.height && Math.max(...widths) <= box.width;
    if (fits || (largest <= SMALLEST && shown.length === 1)) {
      return lined(shown, sizes, widths, lines, heights, box);
    }
    if (largest > 2 * SMALLEST) largest *= 0.85;
    else {
      const least = Math.min(...shown.map(({ amount }) => amount));
      if (shown.length === 1) largest = SMALLEST;
      else shown = shown.filter(({ amount }) => amount > least);
      if (shown.length === 0) shown = words.slice(0, 1);
    }
  }
  return [];
}

function lined(
  words: Word[],
  sizes: number[],
  widths: number[],
  lines: number[][],
  heights: number[],
  box: { width: number; height: number },
): Placed[] {
  let top = (box.height - heights.reduce((sum, high) => sum + high, 0)) / 2;
  return lines.flatMap((line, row) => {
    const wide = line.reduce((sum, i) => sum + widths[i] + GAP, -GAP);
    let x = (box.width - wide) / 2;
    const y = top + heights[row] / 2;
    top += heights[row];
    return line.map((i) => {
      const word = { ...words[i], x, y, size: sizes[i] };
      x += widths[i] + GAP;
      return word;
    });
  });
}
