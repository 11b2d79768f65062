// The live page as one HTML document without anything from elsewhere, and the policy that keeps it so.

import { cellBoundary } from "../../map/coarse_map.ts";
import { LOOKS } from "../map_look.ts";
import { cellAt, drawMap, drawPlot, zoomed } from "./client_drawing.ts";
import { type PageSettings, startPage } from "./client_page.ts";
import { LEGEND } from "./page_state.ts";
import { PAGE_STYLE } from "./page_style.ts";

/** The document with the Content-Security-Policy that allows its script, its style and its own server. */
export interface PageDocument {
  readonly html: string;
  readonly policy: string;
}

/** Most rows of cells in the map. */
const MAP_ROWS = 56;

/** @param name of the device, @param details a line about it. */
export async function pageDocument(name: string, details: string): Promise<PageDocument> {
  const script = pageScript();
  const html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(name)} - blkcache</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body>
<header><h1>${escaped(name)}</h1><span id="phase"></span><span>${escaped(details)}</span></header>
<noscript><p class="notice">This page needs scripts; "blkcache map" shows the map in a terminal.</p></noscript>
<p id="notice" class="notice" role="status" hidden></p>
<p id="alarm" class="alarm" role="status" hidden></p>
<dl class="large">
${entry("cached", "cached")}${entry("bad", "bad")}${entry("missing", "missing")}
${entry("rate", "reading")}${entry("eta", "remaining")}
</dl>
<h2>Map</h2>
<canvas id="map" role="img" aria-label="Map of the device; the totals below say the same"></canvas>
<div class="under">
<span><span id="range"></span>, <span id="cell"></span> a cell, each as bad as the worst in it</span>
<button id="out" type="button" hidden>zoom out</button>
<button id="whole" type="button" hidden>whole device</button>
<span id="under">click or drag to look closer</span>
</div>
<ul class="legend">
${LEGEND.map(legendEntry).join("\n")}
</ul>
<h2>Reading rate</h2>
<canvas id="plot" role="img" aria-label="Reading rate since the start"></canvas>
<dl>
${entry("average", "average")}${entry("good", "last good read")}${entry("errors", "failed")}
${entry("clients", "clients")}${entry("served", "sent to clients")}${entry("medium", "medium")}
${entry("size", "size")}${entry("elapsed", "running for")}
</dl>
<h2>Messages</h2>
<ul id="messages"></ul>
<script>${script}</script>
</body>
</html>
`;
  return { html, policy: await policyFor(script, PAGE_STYLE) };
}

/** Functions as their own text: types are gone from it once the program runs. */
function pageScript(): string {
  const functions = [cellBoundary, drawMap, cellAt, zoomed, drawPlot, startPage];
  const settings: PageSettings = {
    names: LOOKS.map(({ name }) => name),
    colors: LOOKS.map(({ rgb }) => rgb),
    rows: MAP_ROWS,
  };
  return `"use strict";\n${functions.map(String).join("\n")}\n` +
    `startPage(window, ${JSON.stringify(settings)});\n`;
}

async function policyFor(script: string, style: string): Promise<string> {
  return [
    "default-src 'none'",
    `script-src '${await hashOf(script)}'`,
    `style-src '${await hashOf(style)}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** The hash by which the policy names an inline script or style. */
async function hashOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(hash)))}`;
}

function entry(id: string, title: string): string {
  return `<div><dt>${title}</dt><dd id="${id}"></dd></div>`;
}

function legendEntry(look: number): string {
  const { name, rgb } = LOOKS[look];
  // A style attribute would be against the policy; a picture of one colour is not.
  const swatch = `<svg width="12" height="12"><rect width="12" height="12" fill="${rgb}"/></svg>`;
  return `<li>${swatch} ${name} <span id="total${look}"></span></li>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
