/** Frames from the kernel to the screen, and the few reports that go back. */

import type { Frame } from "./messages";

/** A report makes the front end busy too: two to four a second are enough. */
const REPORT_EVERY_MS = 300;
/** So many frames in one picture mean that the page has fallen behind: that is said at once ... */
const BEHIND = 8;
/** ... but not more often than this. */
const URGENT_EVERY_MS = 100;
const HURRY_MS = 400;
/** A frame that comes so long after the last picture comes too late for one. */
const LATE_MS = 25;
const PAUSED_MS = 200;
/** Most frames that are kept back, which is the delay that a smooth picture may cost. */
const DEEPEST = 3;
/** Pictures of which the rate is told. */
const RATE_SPAN_MS = 1000;

export interface StreamStats {
  frames: number;
  /** Pictures of the screen with new data. */
  drawn: number;
  /** Frames that shared a picture with a later one. */
  dropped: number;
  bytes: number;
  credit: number;
  roundTripMs: number | null;
  framesPerSecond: number;
}

export interface StreamHost {
  /** Give a frame to the panels. */
  take: (frame: Frame, buffer: DataView) => void;
  /** Draw what there is. */
  draw: () => void;
  report: (report: { seq: number; held: number; merged: number }) => void;
}

export class Stream {
  private queue: { frame: Frame; buffer: DataView }[] = [];
  private scheduled = 0;
  private timer = 0;
  private last = { seq: 0, at: 0 };
  private reported = { seq: 0, at: -Infinity };
  private since = { frames: 0, pictures: 0 };
  private pictures: number[] = [];
  private counts = { frames: 0, drawn: 0, dropped: 0, bytes: 0 };
  private hurried = -Infinity;
  private depth = 0;
  private credit = 0;
  private roundTripMs: number | null = null;

  constructor(
    private readonly host: StreamHost,
    signal: AbortSignal,
    private readonly now: () => number = () => performance.now(),
  ) {
    signal.addEventListener("abort", () => {
      cancelAnimationFrame(this.scheduled);
      clearTimeout(this.timer);
    });
  }

  get stats(): StreamStats {
    const start = this.now() - RATE_SPAN_MS;
    const recent = this.pictures.filter((at) => at > start).length;
    const framesPerSecond = recent / (RATE_SPAN_MS / 1000);
    return { ...this.counts, credit: this.credit, roundTripMs: this.roundTripMs, framesPerSecond };
  }

  /** Take a frame; it is drawn with the next picture of the screen. */
  receive(frame: Frame, buffer: DataView): void {
    this.notice();
    this.counts.frames += 1;
    this.counts.bytes += buffer.byteLength;
    this.credit = frame.credit;
    this.roundTripMs = frame.round_trip === null ? null : 1000 * frame.round_trip;
    this.queue.push({ frame, buffer });
    this.redraw();
  }

  /** A person has done something: what comes is drawn at once. */
  hurry(): void {
    this.hurried = this.now() + HURRY_MS;
  }

  /** Have the next picture drawn, with new data or without. */
  redraw(): void {
    if (this.scheduled === 0) this.scheduled = requestAnimationFrame(() => this.picture());
  }

  /** The page is shown or hidden: say now how far it is. */
  reportNow(): void {
    if (this.last.seq === 0) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.tell();
  }

  private picture(): void {
    this.scheduled = 0;
    const frames = this.queue.splice(0, this.queue.length - this.reserve());
    for (const { frame, buffer } of frames) this.host.take(frame, buffer);
    this.host.draw();
    if (this.queue.length > 0) this.redraw();
    if (frames.length === 0) return;
    const at = this.now();
    this.counts.drawn += 1;
    this.counts.dropped += frames.length - 1;
    this.pictures.push(at);
    if (this.pictures.length > 240) this.pictures = this.pictures.slice(-120);
    this.since.frames += frames.length;
    this.since.pictures += 1;
    this.last = { seq: frames[frames.length - 1].frame.seq, at };
    this.schedule(frames.length > BEHIND);
  }

  /**
   * Frames that are kept back for the next pictures.
   *
   * Frames come about as often as pictures are drawn, but not in step with them, and on a busy
   * machine in bursts. The more often a picture had none, the more are kept; but none while a
   * hand waits for an effect.
   */
  private reserve(): number {
    if (this.now() <= this.hurried) return 0;
    return Math.min(this.queue.length - 1, Math.max(1, Math.round(this.depth)));
  }

  /** Learn from when a frame comes whether there was a picture that had to do without. */
  private notice(): void {
    const since = this.now() - this.last.at;
    const missed = this.scheduled === 0 && since > LATE_MS && since < PAUSED_MS;
    this.depth = missed ? Math.min(DEEPEST, this.depth + 0.25) : Math.max(0, this.depth - 0.005);
  }

  private schedule(urgent: boolean): void {
    const first = this.reported.seq === 0;
    const wait = first ? 0 : urgent ? URGENT_EVERY_MS : REPORT_EVERY_MS;
    const rest = this.reported.at + wait - this.now();
    if (this.timer !== 0 && !urgent) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(
      () => {
        this.timer = 0;
        this.tell();
      },
      Math.max(0, rest),
    );
  }

  private tell(): void {
    const at = this.now();
    const merged = this.since.pictures > 0 ? this.since.frames / this.since.pictures : 1;
    this.since = { frames: 0, pictures: 0 };
    this.reported = { seq: this.last.seq, at };
    this.host.report({ seq: this.last.seq, held: at - this.last.at, merged });
  }
}
