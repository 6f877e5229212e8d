/** The part of a canvas's drawing context that painters use, written down as SVG. */

type Style = {
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  dash: number[];
  alpha: number;
  font: string;
  align: string;
  baseline: string;
};

const ANCHORS: Record<string, string> = {
  left: "start",
  start: "start",
  center: "middle",
  right: "end",
  end: "end",
};
const BASELINES: Record<string, string> = {
  middle: "central",
  top: "text-before-edge",
  bottom: "text-after-edge",
};

/** Text in an attribute or an element. */
export function escaped(text: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => names[character]);
}

const NOWHERE = { x: 0, y: 0, angle: 0 };

const short = (value: number): string => String(Math.round(value * 100) / 100);

export class SvgContext {
  fillStyle = "#000";
  strokeStyle = "#000";
  lineWidth = 1;
  lineJoin = "round";
  lineCap = "butt";
  lineDashOffset = 0;
  globalAlpha = 1;
  font = "12px sans-serif";
  textAlign = "start";
  textBaseline = "alphabetic";
  readonly parts: string[] = [];
  private path = "";
  private dash: number[] = [];
  private kept: (Style & { moved: typeof NOWHERE })[] = [];
  private moved = NOWHERE;

  save(): void {
    const { fillStyle, strokeStyle, lineWidth, dash, globalAlpha, font, textAlign, textBaseline } =
      this;
    const { moved } = this;
    this.kept.push({
      moved,
      fillStyle,
      strokeStyle,
      lineWidth,
      dash,
      alpha: globalAlpha,
      font,
      align: textAlign,
      baseline: textBaseline,
    });
  }

  restore(): void {
    const style = this.kept.pop();
    if (style === undefined) return;
    const { alpha, align, baseline, ...rest } = style;
    Object.assign(this, rest, { globalAlpha: alpha, textAlign: align, textBaseline: baseline });
  }

  beginPath(): void {
    this.path = "";
  }

  moveTo(x: number, y: number): void {
    this.path += `M${short(x)} ${short(y)}`;
  }

  lineTo(x: number, y: number): void {
    this.path += `${this.path === "" ? "M" : "L"}${short(x)} ${short(y)}`;
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}z`;
  }

  arc(x: number, y: number, radius: number, from: number, to: number): void {
    if (Math.abs(to - from) >= 2 * Math.PI - 1e-9) {
      const r = short(radius);
      const d = short(2 * radius);
      this.path += `M${short(x - radius)} ${short(y)}a${r} ${r} 0 1 0 ${d} 0a${r} ${r} 0 1 0 -${d} 0z`;
      return;
    }
    const at = (angle: number): string =>
      `${short(x + radius * Math.cos(angle))} ${short(y + radius * Math.sin(angle))}`;
    const large = Math.abs(to - from) > Math.PI ? 1 : 0;
    this.path += `${this.path === "" ? "M" : "L"}${at(from)}A${short(radius)} ${short(radius)} 0 ${large} 1 ${at(to)}`;
  }

  closePath(): void {
    this.path += "z";
  }

  translate(x: number, y: number): void {
    this.moved = { ...this.moved, x: this.moved.x + x, y: this.moved.y + y };
  }

  /** For text: what is drawn after it stands at the origin. */
  rotate(angle: number): void {
    this.moved = { ...this.moved, angle: this.moved.angle + (angle * 180) / Math.PI };
  }

  /** All that is drawn is clipped to the plot already. */
  clip(): void {}

  setLineDash(dash: number[]): void {
    this.dash = dash;
  }

  stroke(): void {
    const dash =
      this.dash.length > 0 ? ` stroke-dasharray="${this.dash.map(short).join(" ")}"` : "";
    this.add(
      `<path d="${this.path}" fill="none" stroke="${escaped(this.strokeStyle)}" stroke-linejoin="round" ` +
        `stroke-width="${short(this.lineWidth)}"${dash}${this.opacity()}/>`,
    );
  }

  fill(): void {
    this.add(`<path d="${this.path}" fill="${escaped(this.fillStyle)}"${this.opacity()}/>`);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.add(
      `<rect x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}" ` +
        `fill="${escaped(this.fillStyle)}"${this.opacity()}/>`,
    );
  }

  fillText(text: string, x: number, y: number): void {
    const size = /([\d.]+)px/.exec(this.font)?.[1] ?? "12";
    const family = this.font.replace(/^.*px\s*/, "");
    this.add(
      `<text x="${short(x)}" y="${short(y)}" font-size="${size}" font-family="${escaped(family)}" ` +
        `text-anchor="${ANCHORS[this.textAlign] ?? "start"}" ` +
        `dominant-baseline="${BASELINES[this.textBaseline] ?? "auto"}" ` +
        `fill="${escaped(this.fillStyle)}">${escaped(text)}</text>`,
    );
  }

  drawImage(source: HTMLCanvasElement, ...at: number[]): void {
    const [x, y, width, height] = at.length > 4 ? at.slice(4) : at;
    this.add(
      `<image x="${short(x)}" y="${short(y)}" width="${short(width ?? source.width)}" ` +
        `height="${short(height ?? source.height)}" preserveAspectRatio="none" href="${source.toDataURL()}"/>`,
    );
  }

  private opacity(): string {
    return this.globalAlpha < 1 ? ` opacity="${short(this.globalAlpha)}"` : "";
  }

  private add(part: string): void {
    const { x, y, angle } = this.moved;
    const plain = x === 0 && y === 0 && angle === 0;
    const place = `translate(${short(x)} ${short(y)}) rotate(${short(angle)})`;
    this.parts.push(plain ? part : `<g transform="${place}">${part}</g>`);
  }
}
