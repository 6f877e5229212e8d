/**
 * Whether a kernel is still there.
 *
 * Messages to a kernel wait while it runs a cell, so a question would get no answer from a
 * healthy one. Instead a thread of the kernel sends a sign of life every second while the
 * Lab can be seen; silence for longer than a few of them means that something is wrong.
 */

const SILENT_AFTER_MS = 6000;
const LOOK_EVERY_MS = 1000;

export type Life = "alive" | "silent" | "gone";

export class Liveness {
  private last: number;
  private visible = false;
  private current: Life = "alive";

  constructor(
    private readonly changed: (life: Life) => void,
    signal: AbortSignal,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.last = now();
    const timer = setInterval(() => this.look(), LOOK_EVERY_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  get life(): Life {
    return this.current;
  }

  /** Something arrived from the kernel. */
  heard(): void {
    this.last = this.now();
    this.become("alive");
  }

  /** Whether the kernel has reason to send signs of life. */
  setVisible(visible: boolean): void {
    if (visible && !this.visible) this.last = this.now();
    this.visible = visible;
  }

  /** The front end knows that the kernel, or the model in it, is no more. */
  ended(): void {
    this.become("gone");
  }

  look(): void {
    if (!this.visible || this.current === "gone") return;
    if (this.now() - this.last > SILENT_AFTER_MS) this.become("silent");
  }

  private become(life: Life): void {
    if (life === this.current) return;
    this.current = life;
    this.changed(life);
  }
}
