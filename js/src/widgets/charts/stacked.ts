/** Pictures of the parts of a panel, one below the other, as one; null where there are none. */
export function stacked(parts: HTMLCanvasElement[]): HTMLCanvasElement | null {
  if (parts.length < 2) return parts[0] ?? null;
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(...parts.map((part) => part.width));
  canvas.height = parts.reduce((sum, part) => sum + part.height, 0);
  const context = canvas.getContext("2d");
  let top = 0;
  for (const part of parts) {
    context?.drawImage(part, 0, top);
    top += part.height;
  }
  return canvas;
}
