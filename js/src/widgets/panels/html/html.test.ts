import { afterEach, expect, it, vi } from "vitest";

import { openPanel } from "../../charts/fakes";
import html from ".";
import { documentOf, POLICY } from "./frame";
import { sanitized } from "./sanitize";
import { asImage } from "./snapshot";

const LOOK = { ground: "#ffffff", text: "#111111", font: "sans-serif" };
const clean = (text: string): string => sanitized(text).innerHTML;

// Unlike a browser, happy-dom loads what an inert document names.
Object.assign((window as unknown as { happyDOM: { settings: object } }).happyDOM.settings, {
  disableCSSFileLoading: true,
  disableIframePageLoading: true,
  disableJavaScriptFileLoading: true,
  handleDisabledFileLoadingAsSuccess: true,
});

afterEach(() => vi.useRealTimers());

it("keeps what people draw with", () => {
  expect(clean('<h1 style="color: red">one</h1>')).toBe('<h1 style="color: red">one</h1>');
  const drawing = clean(
    '<svg viewBox="0 0 1 1"><g transform="rotate(5)"><circle r="1" fill="url(#g)"></circle></g></svg>',
  );
  expect(drawing).toContain('<g transform="rotate(5)"><circle r="1" fill="url(#g)"></circle></g>');
  expect(clean('<img src="data:image/png;base64,AA==">')).toContain("data:image/png");
  expect(clean("<table><tbody><tr><td>1</td></tr></tbody></table>")).toContain("<td>1</td>");
  expect(clean("<style>p { color: red }</style><p>x</p>")).toContain("color: red");
});

it.each([
  ["<script>alert(1)</script>", "alert"],
  ['<p onclick="alert(1)">x</p>', "alert"],
  ['<img src="https://example.org/a.png">', "example"],
  ['<img src="x" onerror="alert(1)">', "alert"],
  ['<img srcset="https://example.org/a.png 1x">', "example"],
  ['<meta http-equiv="refresh" content="0;url=https://example.org">', "example"],
  ['<link rel="stylesheet" href="https://example.org/a.css">', "example"],
  ['<base href="https://example.org">', "example"],
  ['<iframe src="https://example.org"></iframe>', "example"],
  ['<object data="https://example.org"></object>', "example"],
  ['<form action="https://example.org"><button>go</button></form>', "example"],
  ['<a href="https://example.org">go</a>', "example"],
  ['<a href="javascript:alert(1)">go</a>', "alert"],
  ['<svg><a xlink:href="https://example.org"><text>go</text></a></svg>', "example"],
  ['<svg><image href="https://example.org/a.png"></image></svg>', "example"],
  ['<svg><use href="https://example.org/a.svg#b"></use></svg>', "example"],
  ["<svg><script>alert(1)</script></svg>", "alert"],
  ['<svg><rect><set attributeName="href" to="https://example.org"></set></rect></svg>', "example"],
  ['<p style="background: url(https://example.org/a.png)">x</p>', "example"],
  ["<style>@import 'https://example.org/a.css';</style>", "example"],
  ["<style>p::after { content: '</sty</style>", "</sty"],
  [
    '<svg><foreignObject><iframe src="https://example.org"></iframe></foreignObject></svg>',
    "example",
  ],
  ["<math><mtext>alert</mtext></math>", "alert"],
  ["<template><img src='https://example.org/a.png'></template>", "example"],
  ["<!-- alert -->", "alert"],
])("leaves out %s", (given, gone) => {
  expect(clean(given)).not.toContain(gone);
});

it("keeps the words of a link", () => {
  expect(clean('<p>see <a href="https://example.org">there</a></p>')).toBe("<p>see there</p>");
});

it("says in the document itself that nothing is to be run or loaded", () => {
  const page = documentOf(sanitized("<b>x</b>"), LOOK);
  expect(page.indexOf(POLICY)).toBeLessThan(page.indexOf("<style>"));
  expect(page).toContain("<body><b>x</b></body>");
  expect(asImage(sanitized("<b>x</b>"), 30, 20, LOOK)).toContain("<foreignObject");
});

function given(text: string, t: number, wrong = 0) {
  return {
    t: Float64Array.of(t),
    html: new TextEncoder().encode(text),
    wrong: Uint8Array.of(wrong),
  };
}

it("shows the page of an instant, the next one when the last is there, and what is wrong", () => {
  vi.useFakeTimers();
  const { panel, body, give, close } = openPanel(html.make(), { ground: "white", height: 184 });
  const frames = (): string[] =>
    [...body.querySelectorAll("iframe")].map((frame) => frame.getAttribute("srcdoc") ?? "");
  const there = (): void => {
    for (const frame of body.querySelectorAll("iframe.nl-html-coming"))
      frame.dispatchEvent(new Event("load"));
  };
  give(given("<b>one</b>", 0.1));
  give(given("<b>two</b>", 0.2));
  panel.draw?.(0, 0.05);
  expect(frames()).toEqual([]);
  panel.draw?.(0, 0.1);
  expect(frames()).toHaveLength(1);
  expect(frames()[0]).toContain("<b>one</b>");
  const frame = body.querySelector("iframe");
  expect([frame?.getAttribute("sandbox"), frame?.getAttribute("src")]).toEqual(["", null]);
  // While one is on its way, only the newest of what follows is kept.
  panel.draw?.(0, 0.2);
  give(given("<b>three</b>", 0.3));
  panel.draw?.(0, 0.3);
  expect(frames()).toHaveLength(1);
  there();
  expect(frames()).toHaveLength(2);
  there();
  expect(frames()).toHaveLength(1);
  expect(frames()[0]).toContain("<b>three</b>");
  // A page that never says that it is there does not stop the others.
  panel.draw?.(0, 0.1);
  panel.draw?.(0, 0.2);
  vi.advanceTimersByTime(1001);
  expect(frames().at(-1)).toContain("<b>two</b>");

  give(given("_nengo_html_ raised ValueError: <b>", 0.4, 1));
  panel.draw?.(0, 0.4);
  const note = body.querySelector<HTMLElement>(".nl-html-wrong");
  expect(note?.hidden).toBe(false);
  expect(note?.textContent).toContain("<b>");
  expect(panel.columns?.().t).toEqual([0.1, 0.2, 0.3, 0.4]);
  // Time has restarted.
  give(given("<b>again</b>", 0.1));
  expect(panel.columns?.().t).toEqual([0.1]);
  close();
  expect(body.childElementCount).toBe(0);
});
