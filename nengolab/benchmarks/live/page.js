/**
 * Watches a page from before its first script: how often each plot gets new data drawn, how many
 * animation frames there are, and when a plot shows what a slider was moved to.
 *
 * It knows nothing of the panel it watches. A plot is a place on the screen with one or more
 * canvases; data is drawn by strokes, fills, pictures and WebGL, and comes in widget messages with
 * buffers. A plot that scrolls may draw in every frame: its data is new only where such a message
 * came shortly before, and each message counts for one frame.
 */
(() => {
  "use strict";
  if (window.top !== window) return;

  /** Canvases that are smaller (CSS pixels) are no plots: legends, ticks, buttons. */
  const LEAST = { width: 150, height: 80 };
  /** Columns at the newest end of a plot in which a changed value must show. */
  const NEWEST = 24;
  /** Pixels this far apart are a line and what is behind it; grid lines are closer to that. */
  const FAR = 200;
  /** A message may be drawn this many frames after it came: the front end hands it on in between. */
  const PATIENCE = 3;
  const RECORD = Symbol("benchmark");

  const known = new Set();
  let touched = [];
  let frames = 0;
  /** Whether each frame is watched, or only those tasks in which something is drawn. */
  let ticks = true;
  let data = { messages: 0, bytes: 0, sent: 0 };
  const arrivals = [];
  let began = [0];
  let plots = [];
  let since = null;
  let watchers = new Set();
  const UNMOVED = { pressed: NaN, input: NaN };
  let moved = { ...UNMOVED };

  // --- what is drawn --------------------------------------------------------------------------

  function touch(canvas) {
    let record = canvas[RECORD];
    if (record === undefined) {
      record = canvas[RECORD] = { pending: false, plot: null, times: 0 };
      if (canvas instanceof HTMLCanvasElement) known.add(new WeakRef(canvas));
    }
    if (record.pending) return;
    record.pending = true;
    touched.push(canvas);
    if (!ticks && touched.length === 1) tick();
  }

  function hook(type, names, counts = () => true) {
    if (type === undefined) return;
    for (const name of names) {
      const original = type.prototype[name];
      if (original === undefined) continue;
      type.prototype[name] = function () {
        if (counts(this.canvas, arguments)) touch(this.canvas);
        return original.apply(this, arguments);
      };
    }
  }

  const flat = [window.CanvasRenderingContext2D, window.OffscreenCanvasRenderingContext2D];
  for (const type of flat) {
    hook(type, ["stroke", "fill", "fillRect", "strokeRect", "putImageData"]);
    // A plot that scrolls copies itself: no data in that.
    hook(type, ["drawImage"], (canvas, [source]) => source !== canvas);
  }
  const instanced = ["drawArraysInstanced", "drawElementsInstanced"];
  for (const type of [window.WebGLRenderingContext, window.WebGL2RenderingContext]) {
    hook(type, ["drawArrays", "drawElements", ...instanced]);
  }
  hook(window.ImageBitmapRenderingContext, ["transferFromImageBitmap"]);

  // --- what arrives ---------------------------------------------------------------------------

  /** Bytes of the buffers of a widget message in Jupyter's binary protocol; 0 for any other. */
  function bufferBytes(message) {
    if (!(message instanceof ArrayBuffer) || message.byteLength < 64) return 0;
    const view = new DataView(message);
    const count = Number(view.getBigUint64(0, true));
    if (count < 7 || count > 1000) return 0;
    const offset = (index) => Number(view.getBigUint64(8 * (1 + index), true));
    // Channel, header, parent, metadata, content, buffers; the last offset is the end.
    const header = new TextDecoder().decode(new Uint8Array(message, offset(1), offset(2) - offset(1)));
    if (!header.includes('"comm_msg"')) return 0;
    return offset(count - 1) - offset(5);
  }

  window.WebSocket = class extends window.WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", (event) => {
        const bytes = bufferBytes(event.data);
        if (bytes === 0) return;
        data.messages += 1;
        arrivals.push(performance.now());
        data.bytes += bytes;
      });
    }
    send(message) {
      data.sent += 1;
      super.send(message);
    }
  };

  // --- frames ---------------------------------------------------------------------------------

  // A message posted within a frame comes when the frame's callbacks and its painting are done.
  const channel = new MessageChannel();
  channel.port1.onmessage = () => frameDone();
  const tick = () => {
    began = [performance.now(), ...began.slice(0, PATIENCE)];
    channel.port2.postMessage(null);
    if (ticks) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);

  /**
   * Ask for no frames: a browser that is asked for sixty a second takes time that a page without
   * this would not. Only how often each plot is drawn is counted then, a task for once.
   */
  function rest() {
    ticks = false;
  }

  function frameDone() {
    frames += 1;
    const drawn = touched;
    touched = [];
    const now = performance.now();
    const redrawn = new Set();
    for (const canvas of drawn) {
      const record = canvas[RECORD];
      record.pending = false;
      record.times += 1;
      if (record.plot !== null) redrawn.add(record.plot);
    }
    for (const plot of redrawn) {
      plot.drawn += 1;
      // One message makes one picture fresh: what came before this frame and is not too old.
      const oldest = began[began.length - 1];
      while (arrivals[plot.next] < oldest) plot.next += 1;
      if (!(arrivals[plot.next] <= began[0])) continue;
      plot.next += 1;
      plot.fresh += 1;
    }
    for (const watcher of watchers) {
      if (!watcher.sees(drawn) && now < watcher.deadline) continue;
      watchers.delete(watcher);
      watcher.resolve(now < watcher.deadline ? now : null);
    }
  }

  /** Resolves to the time of the first frame of which `sees` says yes, null when there is none. */
  function watch(sees, timeout) {
    return new Promise((resolve) => {
      watchers.add({ sees, deadline: performance.now() + timeout, resolve });
    });
  }

  // --- plots ----------------------------------------------------------------------------------

  function visibleCanvases() {
    const found = [];
    for (const reference of known) {
      const canvas = reference.deref();
      if (canvas === undefined) known.delete(reference);
      else if (canvas.isConnected && canvas.checkVisibility()) {
        const box = canvas.getBoundingClientRect();
        const inside = box.bottom > 0 && box.top < innerHeight;
        if (inside && box.width >= LEAST.width && box.height >= LEAST.height) {
          found.push({ canvas, box });
        }
      }
    }
    return found;
  }

  function overlap(a, b) {
    const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    const smaller = Math.min(a.width * a.height, b.width * b.height);
    return Math.max(0, width) * Math.max(0, height) > smaller / 2;
  }

  function largest(canvases) {
    const area = ({ width, height }) => width * height;
    const boxes = canvases.map((canvas) => canvas.getBoundingClientRect());
    return boxes.reduce((a, b) => (area(b) > area(a) ? b : a));
  }

  /** Group the canvases on the screen by where they stand; in reading order. */
  function findPlots() {
    const groups = [];
    for (const { canvas, box } of visibleCanvases()) {
      const group = groups.find((other) => overlap(other.box, box));
      if (group === undefined) groups.push({ box, canvases: [canvas] });
      else group.canvases.push(canvas);
    }
    for (const group of groups) group.box = largest(group.canvases);
    groups.sort((a, b) => a.box.top - b.box.top || a.box.left - b.box.left);
    for (const group of groups) {
      Object.assign(group, { drawn: 0, fresh: 0, next: arrivals.length });
      for (const canvas of group.canvases) canvas[RECORD].plot = group;
    }
    return groups;
  }

  /** Begin to count; the plots are those that are on the screen now, of one width where it is given. */
  function begin(width) {
    const fits = ({ box }) => width === undefined || Math.abs(box.width - width) < 2;
    plots = findPlots().filter(fits);
    since = { at: performance.now(), frames, ...data };
    return plots.map(({ box }) => ({
      left: box.left, top: box.top, width: box.width, height: box.height,
    }));
  }

  /** What was counted since `begin`. */
  function counts() {
    return {
      seconds: (performance.now() - since.at) / 1000,
      frames: frames - since.frames,
      messages: data.messages - since.messages,
      bytes: data.bytes - since.bytes,
      sent: data.sent - since.sent,
      plots: plots.map(({ drawn, fresh }) => ({ drawn, fresh })),
      own: ownStats(),
    };
  }

  /** What the panel says of itself, where it does. */
  function ownStats() {
    for (const element of document.querySelectorAll(".nl-lab, .nengolab")) {
      if (typeof element.nengolabStats === "function") return element.nengolabStats();
    }
    return null;
  }

  // --- a value that changes -------------------------------------------------------------------

  /** Red, green, blue and coverage; where nothing is drawn it is white, as the page is. */
  function pixels(canvas, left, width) {
    const rgba = rawPixels(canvas, left, width);
    for (let at = 0; at < rgba.length; at += 4) {
      const cover = rgba[at + 3] / 255;
      for (let channel = at; channel < at + 3; channel++) {
        rgba[channel] = 255 + (rgba[channel] - 255) * cover;
      }
    }
    return rgba;
  }

  function rawPixels(canvas, left, width) {
    const own = canvas.getContext("2d");
    if (own !== null) return own.getImageData(left, 0, width, canvas.height).data;
    const copy = new OffscreenCanvas(width, canvas.height);
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, -left, 0);
    return context.getImageData(0, 0, width, canvas.height).data;
  }

  /** How far two pixels are apart; both on white. */
  function distance(a, i, b, j) {
    return Math.abs(a[i] - b[j]) + Math.abs(a[i + 1] - b[j + 1]) + Math.abs(a[i + 2] - b[j + 2]);
  }

  /** The newest end of a plot: one picture of it for the low value, one for the high. */
  class Gauge {
    constructor(canvas) {
      this.canvas = canvas;
      this.left = Math.floor(canvas.width * 0.75);
      this.width = canvas.width - this.left;
      this.pictures = {};
    }

    /** Keep how the plot looks while it has shown this value for some time. */
    keep(which) {
      this.pictures[which] = pixels(this.canvas, this.left, this.width);
    }

    /** Find the rows of both lines and the newest columns; false when they do not differ. */
    settle() {
      const { low, high } = this.pictures;
      const differs = (row, column) => {
        const at = 4 * (row * this.width + column);
        return distance(low, at, high, at) > FAR;
      };
      const middle = Math.floor(this.width * 0.6);
      const rows = [];
      for (let row = 0; row < this.canvas.height; row++) {
        let count = 0;
        for (let column = 0; column < middle; column++) count += differs(row, column) ? 1 : 0;
        if (count >= 0.9 * middle) rows.push(row);
      }
      const cut = rows.findIndex((row, index) => index > 0 && row - rows[index - 1] > 5);
      if (cut < 1) return false;
      this.rows = { high: rows.slice(0, cut), low: rows.slice(cut) };
      let newest = this.width - 1;
      while (newest > 0 && !rows.every((row) => differs(row, newest))) newest -= 1;
      this.from = Math.max(0, newest - NEWEST + 1);
      this.count = newest - this.from + 1;
      return true;
    }

    /** Whether any of the newest columns has the line where this value puts it. */
    shows(which) {
      const now = pixels(this.canvas, this.left + this.from, this.count);
      const [line, bare] = which === "high" ? ["high", "low"] : ["low", "high"];
      const like = (row, column) => {
        const here = 4 * (row * this.count + column);
        const there = 4 * (row * this.width + this.from + column);
        const away = (picture) => distance(now, here, this.pictures[picture], there);
        return away(line) < away(bare);
      };
      for (let column = 0; column < this.count; column++) {
        const hits = this.rows[which].filter((row) => like(row, column)).length;
        if (hits >= this.rows[which].length / 2) return true;
      }
      return false;
    }
  }

  let gauges = [];
  let gauge = null;

  /** Make ready to measure, for each plot on that of its canvases that is drawn most often. */
  function aim() {
    const times = (canvas) => canvas[RECORD].times;
    gauges = plots.map(({ canvases }) => {
      return new Gauge(canvases.toSorted((a, b) => times(b) - times(a))[0]);
    });
  }

  /** Choose the plot that showed a line at either value, alone; -1 when there is none. */
  function settle() {
    const index = gauges.findIndex((each) => each.settle());
    gauge = gauges[index] ?? null;
    return index;
  }

  window.addEventListener("pointerdown", (event) => {
    // Sliders that are no <input> have no such event: then the press stands for it.
    moved = { pressed: event.timeStamp, input: performance.now() };
  }, true);
  window.addEventListener("input", () => { moved.input = performance.now(); }, true);

  /** Wait from now on for the plot to show a value; resolves to milliseconds. */
  function expect(which, timeout) {
    if (gauge.shows(which)) return Promise.resolve(null);
    moved = { ...UNMOVED };
    return watch(() => gauge.shows(which), timeout).then((seen) =>
      seen === null ? null : { input: seen - moved.input, pressed: seen - moved.pressed },
    );
  }

  let expected = null;

  // --- what comes of a press ------------------------------------------------------------------

  /**
   * Wait for the first frame in which `sees` has said yes and something in each of some elements
   * was drawn since then; resolves to milliseconds from the press.
   */
  function shown(sees, given, selector, timeout) {
    moved = { ...UNMOVED };
    let there = false;
    let left = null;
    const drawnIn = (drawn) => {
      if (Number.isNaN(moved.pressed)) return false;
      there ||= sees(...given);
      if (!there) return false;
      left ??= new Set(document.querySelectorAll(selector));
      for (const element of left) {
        if (drawn.some((canvas) => isInside(canvas, element))) left.delete(element);
      }
      return left.size === 0;
    };
    return watch(drawnIn, timeout).then((seen) => (seen === null ? null : seen - moved.pressed));
  }

  /** Also in the shadow trees in which some libraries draw. */
  function isInside(canvas, element) {
    for (let node = canvas; node; node = node.parentNode ?? node.host) {
      if (node === element) return true;
    }
    return false;
  }

  // --- a plot that is new ---------------------------------------------------------------------

  /** Whether anything in colour is on it: lines are, axes and their words are grey. */
  function hasColour(canvas) {
    const rgba = pixels(canvas, 0, canvas.width);
    let count = 0;
    for (let at = 0; at < rgba.length; at += 4) {
      if (rgba[at + 3] < 64) continue;
      const [r, g, b] = [rgba[at], rgba[at + 1], rgba[at + 2]];
      if (Math.max(r, g, b) - Math.min(r, g, b) > 48 && ++count >= 3) return true;
    }
    return false;
  }

  /** Wait for a canvas that is not there yet and has a line in colour on it. */
  function newcomer(timeout) {
    const old = new WeakSet(visibleCanvases().map(({ canvas }) => canvas));
    const isNew = (canvas) => {
      if (!(canvas instanceof HTMLCanvasElement) || old.has(canvas)) return false;
      if (!canvas.isConnected || !canvas.checkVisibility()) return false;
      const box = canvas.getBoundingClientRect();
      return box.width >= LEAST.width && box.height >= LEAST.height;
    };
    return watch((drawn) => drawn.some((canvas) => isNew(canvas) && hasColour(canvas)), timeout);
  }

  window.nengolabBenchmark = {
    begin,
    counts,
    rest,
    aim,
    keep: (which) => { for (const each of gauges) each.keep(which); },
    settle,
    /** Arm; `outcome` waits for it. Apart, so that the slider is moved in between. */
    /** Wait until what was shown before has left the newest columns. */
    gone: (which, timeout) => watch(() => !gauge.shows(which), timeout),
    arm: (which, timeout) => { expected = expect(which, timeout); },
    /** The same for what a press brings; `sees` is the text of a function that is asked in each frame. */
    arm_shown: (sees, given, selector, timeout) => {
      expected = shown(new Function(`return (${sees})`)(), given, selector, timeout);
    },
    outcome: () => expected,
    /** Do something and wait for the plot that it brings; seconds of the wall clock. */
    async bring(act, timeout) {
      const seen = newcomer(timeout);
      const asked = performance.now();
      await act();
      const at = await seen;
      if (at === null) return null;
      return { asked: (performance.timeOrigin + asked) / 1000, seen: (performance.timeOrigin + at) / 1000 };
    },
  };
})();
