/**
 * What JupyterLab and Notebook offer beyond a bare widget: the fate of the kernel, the moment
 * of saving, and the outputs of the cell.
 *
 * All of it is reached through the widget manager, and all of it may be missing: in VS Code,
 * Colab or a static page a Lab does without.
 */

/** The part of anywidget's model that is used here. */
export interface WidgetModel {
  get(name: string): unknown;
  send(content: unknown): void;
  on(name: string, callback: (...args: unknown[]) => void): void;
  off(name: string, callback?: (...args: unknown[]) => void): void;
  widget_manager: unknown;
}

const TRIES = 20;
const TRY_EVERY_MS = 250;

/** Another model of the same kernel; null when there is none within some seconds. */
export async function findModel(
  model: WidgetModel,
  id: string,
  signal: AbortSignal,
): Promise<WidgetModel | null> {
  for (let tries = 0; tries < TRIES && !signal.aborted; tries++) {
    try {
      const found = await call(model.widget_manager, "get_model", id);
      if (isModel(found)) return found;
    } catch {
      // It is about to come: pages that are loaded again make their models one by one.
    }
    await new Promise((done) => setTimeout(done, TRY_EVERY_MS));
  }
  return null;
}

function isModel(value: unknown): value is WidgetModel {
  return ["get", "send", "on", "off"].every((name) => typeof dig(value, name) === "function");
}

type Method = (...args: unknown[]) => unknown;

/** `value.a.b.c` of a value of which nothing is known. */
export function dig(value: unknown, ...path: string[]): unknown {
  let here = value;
  for (const name of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = Reflect.get(here, name);
  }
  return here;
}

/** Call a method if it is there. */
export function call(value: unknown, name: string, ...args: unknown[]): unknown {
  const method = dig(value, name);
  return typeof method === "function" ? (method as Method).apply(value, args) : undefined;
}

/** Listen to a Lumino signal until aborted; false when it does not exist. */
function connect(source: unknown, handler: (value: unknown) => void, signal: AbortSignal): boolean {
  if (typeof dig(source, "connect") !== "function") return false;
  const slot = (_sender: unknown, value: unknown): void => handler(value);
  call(source, "connect", slot);
  signal.addEventListener("abort", () => void call(source, "disconnect", slot));
  return true;
}

const ENDINGS = ["restarting", "autorestarting", "terminating", "dead"];

/** Call `ended` when the kernel dies or is restarted, as far as the front end tells. */
export function watchKernel(model: WidgetModel, ended: () => void, signal: AbortSignal): void {
  const session = dig(model.widget_manager, "context", "sessionContext");
  connect(
    dig(session, "statusChanged"),
    (status) => {
      if (ENDINGS.includes(String(status))) ended();
    },
    signal,
  );
  connect(dig(session, "kernelChanged"), () => ended(), signal);
}

/** Call `saving` each time just before the notebook is written. */
export function watchSaving(model: WidgetModel, saving: () => void, signal: AbortSignal): void {
  const state = dig(model.widget_manager, "context", "saveState");
  connect(
    state,
    (value) => {
      if (value === "started") saving();
    },
    signal,
  );
}

const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";
const WIDGET_STATE = "application/vnd.jupyter.widget-state+json";

/** The outputs of one cell, in which a Lab stands. */
export class CellOutputs {
  private constructor(
    private readonly outputs: unknown,
    private readonly modelId: string,
  ) {}

  /** Find the cell that shows the model, null outside a notebook. */
  static find(model: WidgetModel, modelId: string): CellOutputs | null {
    const cells = dig(model.widget_manager, "context", "model", "cells");
    const count = Number(dig(cells, "length") ?? 0);
    for (let index = 0; index < count; index++) {
      const found = new CellOutputs(dig(call(cells, "get", index), "outputs"), modelId);
      if (found.indexOf((data) => dig(data, WIDGET_VIEW, "model_id") === modelId) >= 0) {
        return found;
      }
    }
    return null;
  }

  /** Whether a cell shows the model. */
  static shows(cell: unknown, modelId: string): boolean {
    const found = new CellOutputs(dig(cell, "outputs"), modelId);
    return found.indexOf((data) => dig(data, WIDGET_VIEW, "model_id") === modelId) >= 0;
  }

  /** Where the picture of this model lies among the outputs, or -1. */
  get pictureIndex(): number {
    return this.indexOf(
      (_data, metadata) => dig(metadata, "nengolab", "picture_of") === this.modelId,
    );
  }

  /** Put the picture beside the widget, in place of an older one; `html` shows more of it. */
  setPicture(png: string, width: number, height: number, html: string | null): void {
    const data = { "image/png": png, ...(html === null ? {} : { "text/html": html }) };
    const metadata = { "image/png": { width, height }, nengolab: { picture_of: this.modelId } };
    const index = this.pictureIndex;
    const output = { output_type: "display_data", data, metadata };
    if (index >= 0) call(this.outputs, "set", index, output);
    else call(this.outputs, "add", output);
  }

  private indexOf(matches: (data: unknown, metadata: unknown) => boolean): number {
    const count = Number(dig(this.outputs, "length") ?? 0);
    for (let index = 0; index < count; index++) {
      const output = call(this.outputs, "get", index);
      if (matches(dig(output, "data"), dig(output, "metadata"))) return index;
    }
    return -1;
  }
}

/** The cell in which a Lab stands and that begins with `%%lab`: its code, below that line. */
export class NotebookCell {
  private constructor(private readonly shared: unknown) {}

  /** Find it; null outside a notebook, and where the Lab is shown in another cell. */
  static find(model: WidgetModel, modelId: string, cellId: string): NotebookCell | null {
    const cells = dig(model.widget_manager, "context", "model", "cells");
    const count = Number(dig(cells, "length") ?? 0);
    for (let index = 0; index < count; index++) {
      const shared = dig(call(cells, "get", index), "sharedModel");
      const shows = CellOutputs.shows(call(cells, "get", index), modelId);
      if (!shows && (cellId === "" || call(shared, "getId") !== cellId)) continue;
      const source = call(shared, "getSource");
      if (typeof source === "string" && /^%%lab\s*$/m.test(source.split("\n", 1)[0]))
        return new NotebookCell(shared);
    }
    return null;
  }

  /** Keep plots and positions in the cell's metadata, which the kernel gets when the cell runs. */
  keep(layout: Record<string, unknown>): void {
    const old = call(this.shared, "getMetadata", "nengolab");
    const others = typeof old === "object" && old !== null ? old : {};
    call(this.shared, "setMetadata", "nengolab", { ...others, layout });
  }

  /** Call `changed` whenever somebody edits it. */
  watch(changed: () => void, signal: AbortSignal): void {
    connect(dig(this.shared, "changed"), changed, signal);
  }

  private get source(): string {
    return String(call(this.shared, "getSource"));
  }

  get text(): string {
    const { source } = this;
    return source.slice(source.indexOf("\n") + 1 || source.length);
  }

  /** Edit the cell where it differs, as one step of its undo; the last line's end is left out. */
  set text(wanted: string) {
    const { source } = this;
    const first = source.split("\n", 1)[0];
    const after = `${first}\n${wanted.replace(/\n$/, "")}`;
    const most = Math.min(source.length, after.length);
    let start = 0;
    while (start < most && source[start] === after[start]) start++;
    let end = 0;
    while (end < most - start && source[source.length - 1 - end] === after[after.length - 1 - end])
      end++;
    if (source === after) return;
    const change = (): unknown =>
      call(
        this.shared,
        "updateSource",
        start,
        source.length - end,
        after.slice(start, after.length - end),
      );
    if (typeof dig(this.shared, "transact") === "function")
      call(this.shared, "transact", change, true);
    else change();
  }
}

const STAND_IN = "nengolab_widgets.saved";

/**
 * Leave a stand-in for the model in the notebook's widget state.
 *
 * JupyterLab shows a widget output whose model is missing as an error and never falls back to
 * another format of it; with a stand-in it shows that.
 * `own` is what the stand-in has, such as `_esm`.
 */
export function leaveStandIn(
  model: WidgetModel,
  modelId: string,
  own: Record<string, string>,
): void {
  const notebook = dig(model.widget_manager, "context", "model");
  const saved = call(notebook, "getMetadata", "widgets");
  const old = dig(saved, WIDGET_STATE, "state");
  const names = [
    "_model_name",
    "_model_module",
    "_model_module_version",
    "_view_name",
    "_view_module",
    "_view_module_version",
  ];
  const state = {
    ...Object.fromEntries(names.map((name) => [name, model.get(name)])),
    _anywidget_id: STAND_IN,
    ...own,
  };
  const entry = {
    model_name: model.get("_model_name"),
    model_module: model.get("_model_module"),
    model_module_version: model.get("_model_module_version"),
    state,
  };
  const shown = shownModels(notebook);
  const kept = Object.entries(typeof old === "object" && old !== null ? old : {}).filter(
    ([id, value]) => dig(value, "state", "_anywidget_id") !== STAND_IN || shown.has(id),
  );
  call(notebook, "setMetadata", "widgets", {
    [WIDGET_STATE]: {
      version_major: 2,
      version_minor: 0,
      state: { ...Object.fromEntries(kept), [modelId]: entry },
    },
  });
}

/** The models that any output of the notebook shows. */
function shownModels(notebook: unknown): Set<unknown> {
  const ids = new Set<unknown>();
  const cells = dig(notebook, "cells");
  for (let index = 0; index < Number(dig(cells, "length") ?? 0); index++) {
    const outputs = dig(call(cells, "get", index), "outputs");
    for (let at = 0; at < Number(dig(outputs, "length") ?? 0); at++) {
      ids.add(dig(call(outputs, "get", at), "data", WIDGET_VIEW, "model_id"));
    }
  }
  return ids;
}
