/** How high the view is: as a hand has made it. */

export class Frame {
  private height: number | null = null;

  constructor(
    private readonly element: HTMLElement,
    private readonly changed: (height: number) => void,
    signal: AbortSignal,
  ) {
    // Its lower right corner is a handle of the browser's own.
    element.addEventListener("pointerup", () => this.resized(), { signal });
  }

  /** Null is the usual height. */
  show(height: number | null): void {
    this.height = height;
    this.element.style.height = height === null ? "" : `${height}px`;
  }

  private resized(): void {
    const height = Math.round(this.element.getBoundingClientRect().height);
    const asked = this.element.style.height;
    if (asked !== "" && height !== this.height) this.changed(height);
  }
}
