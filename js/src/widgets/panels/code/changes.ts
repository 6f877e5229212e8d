/** A text that two hands write: a person here, and the drawing. */

export class Changes {
  /** What both had last; null where they began with two. */
  private common: string | null = "";
  /** What was sent, and is not heard back yet. */
  private underway: string[] = [];

  begin(text: string | null): void {
    this.common = text;
    this.underway = [];
  }

  sent(text: string): void {
    this.underway.push(text);
  }

  /**
   * The kernel has a text, and this page another: "take" it, "keep" mine, which is newer, or they
   * "differ", for both have been changed.
   */
  hear(theirs: string, mine: string): "take" | "keep" | "differ" {
    const known = this.underway.indexOf(theirs);
    if (known >= 0) {
      this.underway.splice(0, known + 1);
      this.common = theirs;
      return "keep";
    }
    if (same(theirs, mine)) {
      this.common = theirs;
      return "keep";
    }
    if (this.common === null) return "differ";
    if (same(theirs, this.common)) return "keep";
    if (!same(mine, this.common)) return "differ";
    this.common = theirs;
    return "take";
  }
}

/** Whether texts are the same; a notebook takes the last line's end away. */
export function same(a: string, b: string): boolean {
  return a === b || a.replace(/\n$/, "") === b.replace(/\n$/, "");
}
