// `serve --http` as a user runs it: off unless asked for, and only what it should answer.

import { assert, assertEquals } from "@std/assert";
import { Program, runProgram } from "../harness/program.ts";
import { TestFolder } from "../harness/test_folder.ts";

function folderWithDevice(): TestFolder {
  const folder = new TestFolder();
  folder.noise("dev.bin", 256 * 1024);
  return folder;
}

/** A server with a page, and its address. */
async function serving(folder: TestFolder, ...options: string[]) {
  const args = ["serve", "dev.bin", "dev.img", "--socket=s.sock", ...options];
  const program = Program.start(args, { dir: folder.path });
  const line = await program.waitForLine("stderr", /live page/);
  await program.ready();
  return { program, url: line.split(" ").at(-1)! };
}

Deno.test("the page, its events and its map are answered, with strict headers", async () => {
  using folder = folderWithDevice();
  const { program, url } = await serving(folder, "--http", "0");
  await using _program = program;
  assert(/^http:\/\/127\.0\.0\.1:\d+\/$/.test(url), url);
  for (const path of ["", "map?cells=4", "nothing", "events"]) {
    const response = await fetch(url + path);
    const status = path === "nothing" ? 404 : 200;
    assertEquals(response.status, status, path);
    assertEquals(response.headers.get("cache-control"), "no-store");
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    assert(response.headers.get("content-security-policy")!.startsWith("default-src 'none';"));
    assertEquals(response.headers.get("access-control-allow-origin"), null);
    await response.body?.cancel();
  }
  const refused = await fetch(url, { method: "POST" });
  assertEquals(refused.status, 405);
  await refused.body?.cancel();
});

Deno.test("events come without being asked for, and the map in as many cells as wanted", async () => {
  using folder = folderWithDevice();
  const { program, url } = await serving(folder, "--http", "localhost:0");
  await using _program = program;
  const stream = (await fetch(`${url}events`)).body!.pipeThrough(new TextDecoderStream());
  let text = "";
  for await (const chunk of stream) {
    text += chunk;
    if (/event: state\ndata: .*\n\n/.test(text) && text.includes("event: messages")) break;
  }
  const state = JSON.parse(/event: state\ndata: (.*)/.exec(text)![1]);
  assertEquals(state.fields.size, "256 KiB (262144 bytes)");
  const map = await (await fetch(`${url}map?cells=4&start=65536&end=999999999`)).json();
  assertEquals([map.start, map.end, map.cells], [65536, 262144, "0000"]);
  const odd = await (await fetch(`${url}map?cells=99999999&start=x&end=-1`)).json();
  assertEquals([odd.start, odd.end, odd.cells.length], [0, 262144, 512]);
});

Deno.test("an open page does not keep the program from ending", async () => {
  using folder = folderWithDevice();
  const { program, url } = await serving(folder, "--http", "0");
  await using _program = program;
  const events = await fetch(`${url}events`);
  const text = events.text();
  program.signal("SIGTERM");
  assertEquals((await program.ended()).code, 0);
  assert((await text).includes('event: done\ndata: "blkcache has ended with exit code 0: done'));
});

Deno.test("without --http there is no page; with --json its address is an event", async () => {
  using folder = folderWithDevice();
  const args = ["serve", "dev.bin", "dev.img", "--socket=s.sock"];
  await using plain = Program.start(args, { dir: folder.path });
  await plain.ready();
  assert(!plain.stderr.includes("http"), plain.stderr);
  plain.signal("SIGTERM");
  await plain.ended();
  await using json = Program.start([...args, "--json", "--http=0"], { dir: folder.path });
  const event = JSON.parse(await json.waitForLine("stdout", /"event":"page"/));
  assert(/^http:\/\/127\.0\.0\.1:\d+\/$/.test(event.url));
});

Deno.test("an address that is taken, or not allowed, is refused before anything is made", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const refusals: [http: string, code: number, message: RegExp][] = [
    [
      String((taken.addr as Deno.NetAddr).port),
      1,
      /cannot serve the page on 127\.0\.0\.1:\d+: Addr/,
    ],
    ["192.0.2.1:80", 2, /the page cannot be served on 192\.0\.2\.1 alone/],
  ];
  for (const [http, expected, message] of refusals) {
    const { code, stderr, files } = await runProgram(["serve", "x", "y", "--http", http]);
    assertEquals([code, files], [expected, []], stderr);
    assert(message.test(stderr), stderr);
  }
});
