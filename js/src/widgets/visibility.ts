/** Whether and how wide a person sees an element: what the kernel needs to know to send less. */

export interface Sight {
  visible: boolean;
  width: number;
}

/** Report the sight of `element` at each change of it. */
export function watchSight(
  element: HTMLElement,
  changed: (sight: Sight) => void,
  signal: AbortSignal,
): void {
  let onScreen = false;
  let sight: Sight = { visible: false, width: 0 };
  const update = (): void => {
    const width = Math.round(element.clientWidth);
    const visible = onScreen && width > 0 && document.visibilityState === "visible";
    if (visible === sight.visible && width === sight.width) return;
    sight = { visible, width };
    changed(sight);
  };
  const intersection = new IntersectionObserver((entries) => {
    onScreen = entries[entries.length - 1].isIntersecting;
    update();
  });
  const size = new ResizeObserver(update);
  intersection.observe(element);
  size.observe(element);
  document.addEventListener("visibilitychange", update, { signal });
  signal.addEventListener("abort", () => {
    intersection.disconnect();
    size.disconnect();
  });
}
