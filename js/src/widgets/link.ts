/**
 * The way to the kernel.
 *
 * A kernel reads comm messages between two cells, so while a cell runs they wait. Its control
 * channel it reads at any time; where the front end lets a page send there (JupyterLab,
 * Notebook), that is the way. The answer to "hello" says which way it came; until there is an
 * answer, both ways are tried in turn.
 */

import { call, dig, type WidgetModel } from "./host";
import type { Layout, PageMessage } from "./messages";

/** `nengolab_widgets.control.MESSAGE_TYPE`. */
const MESSAGE_TYPE = "nengolab_message";
const HELLO_AFTER_MS = [400, 800, 1500, 3000];

type Path = Layout["path"];

export class Link {
  private path: Path | null = null;
  private timer = 0;
  private asked = 0;

  constructor(
    private readonly model: WidgetModel,
    private readonly hello: () => PageMessage,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => clearTimeout(this.timer));
  }

  /** Ask for the layout until `answered` is called. */
  ask(): void {
    if (this.signal.aborted) return;
    const control = this.asked % 2 === 0 && this.controls();
    this.deliver(this.hello(), control ? "control" : "comm");
    const wait = HELLO_AFTER_MS[Math.min(this.asked, HELLO_AFTER_MS.length - 1)];
    this.asked += 1;
    this.timer = window.setTimeout(() => this.ask(), wait);
  }

  /** The layout is here, and came by this way. */
  answered(path: Path): void {
    clearTimeout(this.timer);
    // Answers to both ways of asking may cross; the better way stays.
    if (this.path !== "control") this.path = path;
  }

  send(message: PageMessage): void {
    this.deliver(message, this.path ?? (this.controls() ? "control" : "comm"));
  }

  /** Say that the page goes; where its notebook is closed, the kernel finds out by itself. */
  part(message: PageMessage): void {
    try {
      this.send(message);
    } catch {
      // The way there went first: the kernel misses the signs of life.
    }
  }

  private deliver(message: PageMessage, path: Path): void {
    if (path === "control" && this.control(message)) return;
    this.model.send(message);
  }

  private kernel(): unknown {
    const manager = this.model.widget_manager;
    return dig(manager, "context", "sessionContext", "session", "kernel") ?? dig(manager, "kernel");
  }

  private controls(): boolean {
    return typeof dig(this.kernel(), "sendControlMessage") === "function";
  }

  /** Send over the control channel; false where that cannot be. */
  private control(message: PageMessage): boolean {
    const kernel = this.kernel();
    if (!this.controls()) return false;
    const header = {
      date: new Date().toISOString(),
      msg_id: crypto.randomUUID(),
      msg_type: MESSAGE_TYPE,
      session: String(dig(kernel, "clientId") ?? ""),
      username: String(dig(kernel, "username") ?? ""),
      version: "5.3",
    };
    const content = { key: this.model.get("_key"), message };
    const whole = {
      header,
      parent_header: {},
      metadata: {},
      content,
      channel: "control",
      buffers: [],
    };
    try {
      call(kernel, "sendControlMessage", whole, false, true);
    } catch {
      return false; // a kernel that is gone: what watches it says so
    }
    return true;
  }
}
