// The live page over a loopback socket: what it answers, whom it cuts off, and what those hear who listen.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { MOST_REQUEST_BYTES, REQUEST_MS, STALLED_MS } from "../../../src/ui/page/limits.ts";
import { LivePage } from "../../../src/ui/page/live_page.ts";
import { TimersByLength } from "../../harness/timers_by_length.ts";
import { progress } from "./progress_sample.ts";

const OPTIONS = { host: "127.0.0.1", port: 0, name: "sr0", details: "on host" };

/** A connection that says what it is told to. */
class Caller implements Disposable {
  readonly #socket: Deno.TcpConn;
  #isClosed = false;

  private constructor(socket: Deno.TcpConn) {
    this.#socket = socket;
  }

  static async to({ url }: LivePage): Promise<Caller> {
    const { hostname, port } = new URL(url);
    return new Caller(await Deno.connect({ hostname, port: Number(port) }));
  }

  async say(text: string): Promise<void> {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(await this.#socket.write(bytes));
  }

  /** What comes until `isEnough`, or the end of the connection. */
  async hear(isEnough: (text: string) => boolean = () => false): Promise<string> {
    const bytes = new Uint8Array(65_536);
    let text = "";
    while (!isEnough(text)) {
      let count: number | null;
      try {
        count = await this.#socket.read(bytes);
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
        count = null;
      }
      if (count === null) break;
      text += new TextDecoder().decode(bytes.subarray(0, count));
    }
    return text;
  }

  [Symbol.dispose](): void {
    if (!this.#isClosed) this.#socket.close();
    this.#isClosed = true;
  }
}

/** The answer to one request. */
async function asked(page: LivePage, request: string): Promise<{ status: number; text: string }> {
  using caller = await Caller.to(page);
  await caller.say(request);
  const text = await caller.hear();
  return { status: Number(/^HTTP\/1\.1 (\d+) /.exec(text)?.[1]), text };
}

function get(path: string, method = "GET"): string {
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
}

Deno.test("the page, its map and nothing else are answered, each with the strict headers", async () => {
  await using page = await LivePage.open(OPTIONS);
  assertMatch(page.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  assertEquals((await asked(page, get("/map?cells=4"))).status, 503, "nothing is served yet");
  page.observe({ event: "progress", progress: progress() });
  const rows: readonly [request: string, status: number][] = [
    [get("/"), 200],
    [get("/map?cells=4"), 200],
    [get("/nothing"), 404],
    [get("/", "POST"), 405],
    ["GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421],
    ["GET / HTTP/2.0\r\n\r\n", 505],
    ["what is this\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\nHost: ${"x".repeat(MOST_REQUEST_BYTES)}`, 431],
  ];
  for (const [request, expected] of rows) {
    const { status, text } = await asked(page, request);
    assertEquals(status, expected, request.slice(0, 40));
    assertMatch(text, /^cache-control: no-store\r$/m);
    assertMatch(text, /^connection: close\r$/m);
    const [head = "", body = ""] = text.split("\r\n\r\n");
    const length = /content-length: (\d+)/.exec(head)?.[1];
    assertEquals(Number(length), new TextEncoder().encode(body).length);
  }
});

Deno.test("HEAD gets the head alone, of a stream of events too", async () => {
  await using page = await LivePage.open(OPTIONS);
  for (const path of ["/", "/events"]) {
    const { status, text } = await asked(page, get(path, "HEAD"));
    assertEquals([status, text.endsWith("\r\n\r\n")], [200, true]);
  }
  // The streams that were not listened to are gone: there is room for all that may be.
  const listeners = await Promise.all(Array.from({ length: 32 }, () => Caller.to(page)));
  for (const listener of listeners) await listener.say(get("/events"));
  for (const listener of listeners) {
    const text = await listener.hear((heard) => heard.includes("\r\n\r\n"));
    assertMatch(text, /^HTTP\/1\.1 200 /);
  }
  assertEquals((await asked(page, get("/events"))).status, 503, "one too many");
  for (const listener of listeners) listener[Symbol.dispose]();
});

Deno.test("the map comes in as many cells as are asked for, of the part that is asked for", async () => {
  await using page = await LivePage.open(OPTIONS);
  page.observe({ event: "progress", progress: progress({ size: 1000 }) });
  const mapOf = async (query: string) => {
    const { text } = await asked(page, get(`/map${query}`));
    const { start, end, cells } = JSON.parse(text.split("\r\n\r\n")[1]!);
    return [start, end, cells.length];
  };
  assertEquals(await mapOf("?cells=2"), [0, 1000, 2]);
  assertEquals(await mapOf("?cells=99999999"), [0, 1000, 2], "no more than there are sectors");
  assertEquals(await mapOf("?cells=5&start=512&end=99999"), [512, 1000, 1]);
  assertEquals(await mapOf("?cells=x&start=-1&end=y"), [0, 1000, 1]);
});

Deno.test("a listener hears what there was, then each event, and at the end the exit code", async () => {
  const page = await LivePage.open(OPTIONS);
  page.observe({ event: "warning", message: "it is bad", hints: ["do this"] });
  page.observe({ event: "medium", state: "awaited", message: "insert a disc", hints: [] });
  using listener = await Caller.to(page);
  await listener.say(get("/events"));
  const first = await listener.hear((text) => text.includes("event: medium\n"));
  assertMatch(
    first,
    /event: messages\ndata: \[\{.*"text":"insert a disc".*"text":"it is bad; do this"/,
  );
  page.observe({ event: "waiting", what: "drive", seconds: 3, message: "waiting for the drive" });
  page.observe({ event: "ready", uri: "u", uris: ["u"], image: "i", map: "m", resumed: false });
  page.observe({ event: "progress", progress: progress({ elapsedMs: 0, deviceBytes: 0 }) });
  page.observe({ event: "progress", progress: progress({ elapsedMs: 2000, deviceBytes: 2048 }) });
  const then = await listener.hear((text) => text.includes("event: history\n"));
  assertMatch(then, /event: medium\ndata: "waiting for the drive"/);
  assertMatch(then, /event: state\ndata: \{"fields":\{"phase":"serving on request"/);
  assertMatch(then, /event: history\ndata: \{"points":\[\[2000,1024\]\],"highestText":"1 KiB\/s"/);
  page.observe({ event: "medium", state: "left", message: "the disc has left", hints: [] });
  page.observe({ event: "done", exitCode: 4 });
  const ended = page[Symbol.asyncDispose]();
  const last = await listener.hear();
  assertMatch(last, /event: done\ndata: "blkcache has ended with exit code 4: /);
  listener[Symbol.dispose]();
  await ended;
  await assertRejects(() => Caller.to(page), Deno.errors.ConnectionRefused);
});

Deno.test("who has not asked makes room for who comes later; who listens stays", async () => {
  await using page = await LivePage.open({ ...OPTIONS, mostConnections: 2 });
  using listener = await Caller.to(page);
  await listener.say(get("/events"));
  await listener.hear((text) => text.includes("\r\n\r\n"));
  using silent = await Caller.to(page);
  // A part of a request shows that it is there, and has not asked.
  await silent.say("GET / HT");
  assertEquals((await asked(page, get("/"))).status, 200);
  assertEquals(await silent.hear(), "");
  page.observe({ event: "medium", state: "awaited", message: "insert a disc", hints: [] });
  assertMatch(await listener.hear((text) => text.includes("event: medium\n")), /insert a disc/);
});

Deno.test("who is slow to ask is cut off, and so is a listener that takes nothing", async () => {
  using timers = new TimersByLength(REQUEST_MS, STALLED_MS);
  const page = await LivePage.open(OPTIONS);
  using slow = await Caller.to(page);
  await slow.say("GET / HT");
  await timers.begun(REQUEST_MS);
  timers.run(REQUEST_MS);
  assertEquals(await slow.hear(), "");
  using deaf = await Caller.to(page);
  await deaf.say(get("/events"));
  await deaf.hear((text) => text.includes("\r\n\r\n"));
  // Until the buffers of the kernel are full, each event is taken.
  const text = "x".repeat(900_000);
  const wait = () => page.observe({ event: "waiting", what: "drive", seconds: 1, message: text });
  await timers.begun(STALLED_MS, wait);
  timers.run(STALLED_MS);
  await deaf.hear();
  await page[Symbol.asyncDispose]();
});

Deno.test("an address that is taken is refused, with what to do", async () => {
  await using page = await LivePage.open(OPTIONS);
  const { port } = new URL(page.url);
  const error = await assertRejects(
    () => LivePage.open({ ...OPTIONS, port: Number(port) }),
    UserError,
    `cannot serve the page on 127.0.0.1:${port}`,
  );
  assertEquals(error.hints, ["choose another address with --http [HOST:]PORT"]);
});

Deno.test("the address to type is one that is reachable from this machine", async () => {
  const hosts: readonly [host: string, shown: string][] = [
    ["0.0.0.0", "127.0.0.1"],
    ["::", "[::1]"],
    ["::1", "[::1]"],
  ];
  for (const [host, shown] of hosts) {
    await using page = await LivePage.open({ ...OPTIONS, host });
    assert(page.url.startsWith(`http://${shown}:`), page.url);
  }
});

Deno.test("an error of ours costs the one request an answer that says so", async () => {
  await using page = await LivePage.open(OPTIONS);
  const picture = () => {
    throw new RangeError("as it happens");
  };
  page.observe({ event: "progress", progress: progress({ picture }) });
  const { status, text } = await asked(page, get("/map"));
  assertEquals(status, 500);
  assert(text.endsWith("this is a bug in blkcache"), text);
  assertEquals((await asked(page, get("/"))).status, 200);
});
