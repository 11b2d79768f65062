import { assert, assertEquals } from "@std/assert";
import { coarsen } from "../../../src/map/coarse_map.ts";
import { cellAt, zoomed } from "../../../src/ui/page/client_drawing.ts";
import { EventStreams } from "../../../src/ui/page/event_streams.ts";
import { pageDocument } from "../../../src/ui/page/page_document.ts";
import { refusalOf } from "../../../src/ui/page/page_guard.ts";
import { FIELDS, pageMap, pageMessage, pageState } from "../../../src/ui/page/page_state.ts";
import { RateHistory } from "../../../src/ui/page/rate_history.ts";
import { viewOfAreas } from "./map_sample.ts";
import { progress } from "./progress_sample.ts";

const REQUESTS: readonly [what: string, init: RequestInit, status: number | undefined][] = [
  ["127.0.0.1", { headers: { host: "127.0.0.1:8080" } }, undefined],
  ["another port, through a tunnel", { headers: { host: "localhost:9" } }, undefined],
  ["LOCALHOST without a port", { headers: { host: "LOCALHOST" } }, undefined],
  ["IPv6", { headers: { host: "[::1]:8080" } }, undefined],
  ["an address of the machine", { headers: { host: "192.168.1.5:80" } }, undefined],
  ["HEAD", { method: "HEAD", headers: { host: "127.0.0.1" } }, undefined],
  ["a name", { headers: { host: "evil.example:8080" } }, 421],
  ["a name that looks like an address", { headers: { host: "127.0.0.1.evil.example" } }, 421],
  ["no name", { headers: {} }, 421],
  ["something odd", { headers: { host: "127.0.0.1:80:80" } }, 421],
  ["numbers too large", { headers: { host: "999.0.0.1" } }, 421],
  ["POST", { method: "POST", headers: { host: "127.0.0.1" } }, 405],
  ["OPTIONS", { method: "OPTIONS", headers: { host: "127.0.0.1" } }, 405],
  ["a script of another site", {
    headers: { host: "127.0.0.1", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" },
  }, 403],
  ["a link on another site", {
    headers: { host: "127.0.0.1", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  }, undefined],
  ["the page itself", {
    headers: { host: "127.0.0.1", "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" },
  }, undefined],
];

for (const [what, init, status] of REQUESTS) {
  Deno.test(`the page for ${what}: ${status ?? "answered"}`, () => {
    assertEquals(refusalOf(new Request("http://127.0.0.1/", init))?.status, status);
  });
}

Deno.test("the page has all of its places and nothing from elsewhere", async () => {
  const { html, policy } = await pageDocument('a<b>"c"', "on host");
  assert(html.includes("<h1>a&lt;b>&quot;c&quot;</h1>"));
  for (const id of FIELDS) assertEquals(html.split(`id="${id}"`).length, 2, id);
  assertEquals([...html.matchAll(/(?:src|href|action)="([^"]*)"/g)].map(([, link]) => link), [
    "data:,",
  ]);
  assert(!/https?:\/\/|@import|url\(|\son\w+=|\sstyle=/.test(html.replace(/<script>.*/s, "")));
  for (const tag of ["script", "style"]) {
    const [, text] = new RegExp(`<${tag}>(.*)</${tag}>`, "s").exec(html)!;
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    const digits = btoa(String.fromCharCode(...new Uint8Array(hash)));
    assert(policy.includes(`${tag}-src 'sha256-${digits}'`), tag);
  }
});

Deno.test("the state says everything as text", () => {
  const snapshot = {
    name: "sr0",
    progress: progress({
      size: 4096,
      totals: [1024, 0, 0, 1024, 2048],
      failedReads: 2,
      deviceReads: 9,
      reading: { offset: 1024, ms: 5000 },
      lastGood: 2048,
      clients: 1,
      waiting: 3,
      phase: "/",
      pass: 2,
      mapVersion: 7,
    }),
    bytesPerSecond: 1024,
    averageBytesPerSecond: 512,
    remainingMs: 60_000,
    sinceGoodMs: 2000,
  };
  const { fields, totals, alarm, mapVersion } = pageState(snapshot, "");
  assertEquals(Object.keys(fields).sort(), [...FIELDS].sort());
  assertEquals([fields.phase, fields.cached, fields.bad], [
    "scraping, pass 2",
    "2 KiB (50.0%)",
    "1 KiB (25.0%)",
  ]);
  assertEquals([fields.errors, fields.clients, fields.good, fields.eta], [
    "2 of 9 reads",
    "1, 3 reads waiting",
    "at 2 KiB, 2 s ago",
    "1 min",
  ]);
  assertEquals([totals[4], totals[5], mapVersion], ["2 KiB (50.0%)", "", 7]);
  assertEquals(alarm, "the device has been reading at 1 KiB for 5 s");
  const resting = { ms: 10_000, restMs: 1, pays: false };
  const rested = { ...snapshot, progress: { ...snapshot.progress, resting } };
  assertEquals(pageState(rested, "").alarm, "resting 10 s: the drive may be faster after a rest");
});

Deno.test("the map is a digit a cell", () => {
  const cells = coarsen(viewOfAreas([512, "+"], [512, "?"], [512, "-"], [256, "+"], [256, "?"]), 4);
  assertEquals(pageMap(cells, 2048), {
    start: 0,
    end: 2048,
    size: 2048,
    cells: "4036",
    cellText: "512 bytes",
    rangeText: "0 bytes to 2 KiB",
  });
});

Deno.test("warnings with their hints, news and media are messages", () => {
  const time = new Date(2001, 1, 3, 4, 5, 6);
  const warning = { event: "warning", message: "it is bad", hints: ["do this"] } as const;
  assertEquals(pageMessage(warning, time), {
    kind: "warning",
    time: "04:05:06",
    text: "it is bad; do this",
  });
  const refused = { event: "medium", state: "refused", message: "too small", hints: [] } as const;
  assertEquals(pageMessage(refused, time)?.kind, "warning");
  assertEquals(pageMessage({ event: "debug", message: "x" }, time), undefined);
  const client = { event: "client", state: "left", clients: 0, message: "x" } as const;
  assertEquals(pageMessage(client, time), undefined);
});

Deno.test("the history of a long run stays short and keeps its sum", () => {
  const history = new RateHistory();
  let deviceBytes = 0;
  for (let second = 0; second <= 100_000; second++) {
    deviceBytes += second % 100;
    history.add({ elapsedMs: second * 1000, deviceBytes });
  }
  const { points } = history;
  assert(points.length <= 360 && points.length > 150, String(points.length));
  let startMs = 0;
  let sum = 0;
  for (const [endMs, rate] of points) {
    assert(endMs > startMs);
    sum += rate * (endMs - startMs) / 1000;
    startMs = endMs;
  }
  const told = deviceBytes * startMs / 100_000_000;
  assert(Math.abs(sum - told) / told < 0.001, `${sum} of ${told}`);
  // The next medium begins anew.
  history.add({ elapsedMs: 0, deviceBytes: 0 });
  assertEquals(history.points.length, 0);
});

Deno.test("a point is in a cell or beside them", () => {
  const layout = { columns: 3, pitch: 7, side: 6 };
  assertEquals([cellAt(0, 0, 8, layout), cellAt(20, 6, 8, layout), cellAt(0, 7, 8, layout)], [
    0,
    2,
    3,
  ]);
  assertEquals([cellAt(21, 0, 8, layout), cellAt(-1, 0, 8, layout), cellAt(20, 14, 8, layout)], [
    -1,
    -1,
    -1,
  ]);
});

Deno.test("a zoom stays inside the device, on sectors", () => {
  const size = 10 * 1024 ** 2;
  assertEquals(zoomed(size / 2, size, 1 / 4, size), [3.75 * 1024 ** 2, 6.25 * 1024 ** 2]);
  assertEquals(zoomed(0, size, 1 / 4, size), [0, 2.5 * 1024 ** 2]);
  assertEquals(zoomed(size, 100, 1, size), [size - 64 * 512, size]);
  assertEquals(zoomed(size / 3, size, 4, size), [0, size]);
  assertEquals(zoomed(100, 1000, 1, 1000), [0, 1000]);
});

Deno.test("a browser that does not listen misses events and holds up nobody", async () => {
  const streams = new EventStreams();
  const deaf = streams.open([])!.getReader();
  const open = streams.open([["first", 1]])!.getReader();
  const next = async (reader: typeof open) => new TextDecoder().decode((await reader.read()).value);
  assertEquals(await next(open), "event: first\ndata: 1\n\n");
  const large = "x".repeat(600_000);
  for (let round = 0; round < 5; round++) {
    streams.send("state", `${large}\n`);
    assertEquals((await next(open)).length, 'event: state\ndata: "\\n"\n\n'.length + large.length);
  }
  streams.close();
  assert((await next(deaf)).startsWith("event: state\n"));
  assertEquals((await deaf.read()).done, true);
});

Deno.test("only so many pages can be open at a time", async () => {
  const streams = new EventStreams();
  const opened = Array.from({ length: 40 }, () => streams.open([]));
  assertEquals(opened.filter((stream) => stream !== undefined).length, 32);
  await opened[0]!.cancel();
  assert(streams.open([]) !== undefined);
  streams.close();
});
