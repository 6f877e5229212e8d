/** What a network view shows, as numbers. */

import type { Activity } from "./activity";
import type { View } from "./view";

/** What is drawn where, on the screen, and how active it is said to be. */
export function columnsOf(view: View, activity: Activity): Record<string, number[]> {
  const { boxes, wires } = view.scene ?? { boxes: [], wires: [] };
  const { scale, x, y } = view.camera;
  const leads = new Map<number, number>();
  for (const { from } of wires) leads.set(from, (leads.get(from) ?? 0) + 1);
  return {
    object: boxes.map(({ at }) => at),
    x: boxes.map((box) => (box.x + box.width / 2) * scale + x),
    y: boxes.map((box) => (box.open ? box.y + 12 : box.y + (box.height - 18) / 2) * scale + y),
    open: boxes.map(({ open }) => Number(open)),
    coloured: boxes.map(({ at }) => Number(activity.has(at))),
    picked: boxes.map(({ at }) => view.picked.get(at) ?? 0),
    scale: boxes.map(() => scale),
    leads: boxes.map(({ at }) => leads.get(at) ?? 0),
    handle: boxes.map((box) => view.handleOf(box)[0]),
  };
}
