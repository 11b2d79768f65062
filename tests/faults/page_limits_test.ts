// Clients of the live page that never finish: they lose their connections, and take nobody's place.

import { assert, assertEquals } from "@std/assert";
import { MOST_CONNECTIONS, MOST_STREAMS } from "../../src/ui/page/limits.ts";
import { Program } from "../harness/program.ts";
import { TestFolder } from "../harness/test_folder.ts";

/** A server with a page, and the port of it. */
async function serving(folder: TestFolder): Promise<{ program: Program; port: number }> {
  folder.noise("device", 65_536);
  const args = ["serve", "device", "image", "--socket=socket", "--http=0"];
  const program = Program.start(args, { dir: folder.path });
  const line = await program.waitForLine("stderr", /live page/);
  await program.ready();
  return { program, port: Number(/:(\d+)\/$/.exec(line)![1]) };
}

const bytes = (text: string) => new TextEncoder().encode(text);

function connect(port: number): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port });
}

/** All that comes until the other side closes the connection. */
async function restOf(connection: Deno.TcpConn): Promise<string> {
  const chunk = new Uint8Array(65_536);
  let text = "";
  try {
    for (let count; (count = await connection.read(chunk)) !== null;) {
      text += new TextDecoder().decode(chunk.subarray(0, count));
    }
  } catch (error) {
    // Closed with something of ours unread.
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  return text;
}

async function ask(port: number, request: string): Promise<string> {
  using connection = await connect(port);
  await connection.write(bytes(request));
  return await restOf(connection);
}

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

Deno.test("half a request, slow bytes and an answer that is not read: closed in time", async () => {
  using folder = new TestFolder();
  const { program, port } = await serving(folder);
  await using _program = program;
  using silent = await connect(port);
  using half = await connect(port);
  await half.write(bytes("GET / HTTP/1.1\r\nHost: loc"));
  using slow = await connect(port);
  const dripping = (async () => {
    try {
      for (const byte of bytes(GET.replace("\r\n\r\n", `\r\nx: ${"y".repeat(1000)}`))) {
        await slow.write(Uint8Array.of(byte));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return "all was sent";
    } catch {
      return "cut off";
    }
  })();
  assertEquals([await restOf(silent), await restOf(half)], ["", ""]);
  assertEquals(await dripping, "cut off");
  assert((await ask(port, GET)).startsWith("HTTP/1.1 200 OK\r\n"));
});

Deno.test("when there are too many connections the oldest that has not asked gives way", async () => {
  using folder = new TestFolder();
  const { program, port } = await serving(folder);
  await using _program = program;
  const silent: Deno.TcpConn[] = [];
  for (let count = 0; count < 3 * MOST_CONNECTIONS; count++) silent.push(await connect(port));
  assert((await ask(port, GET)).startsWith("HTTP/1.1 200 OK\r\n"));
  for (let index = 0; index < 2 * MOST_CONNECTIONS; index++) {
    assertEquals(await restOf(silent[index]!), "", `${index}`);
  }
  assert((await ask(port, GET)).startsWith("HTTP/1.1 200 OK\r\n"));
  for (const connection of silent) connection.close();
});

Deno.test("more streams of events than are allowed: a newcomer is told so, and may come when another leaves", async () => {
  using folder = new TestFolder();
  const { program, port } = await serving(folder);
  await using _program = program;
  const events = bytes("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const streams: Deno.TcpConn[] = [];
  const open = async () => {
    const stream = await connect(port);
    await stream.write(events);
    const start = new Uint8Array(15);
    await stream.read(start);
    streams.push(stream);
    return new TextDecoder().decode(start);
  };
  for (let count = 0; count < MOST_STREAMS; count++) assertEquals(await open(), "HTTP/1.1 200 OK");
  assertEquals(await open(), "HTTP/1.1 503 Se");
  assert((await ask(port, GET)).startsWith("HTTP/1.1 200 OK\r\n"));
  streams.shift()!.close();
  // Its end is noticed when the connection is next looked at.
  let again = "";
  while (again !== "HTTP/1.1 200 OK") again = await open();
  program.signal("SIGTERM");
  assertEquals((await program.ended()).code, 0);
  for (const stream of streams) stream.close();
});

Deno.test("requests that are none get an answer, and the page goes on", async () => {
  using folder = new TestFolder();
  const { program, port } = await serving(folder);
  await using _program = program;
  const table: [request: string, status: number][] = [
    ["GET / HTTP/1.1\r\nHost: [abc]\r\n\r\n", 421],
    ["GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421],
    ["GET http://[abc]/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
    ["\0\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ${"x".repeat(100_000)}\r\n\r\n`, 431],
    [`GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n123456789`, 200],
    [`GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 200],
    ["POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nxx", 405],
    ["HEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\n", 200],
    ["HEAD /map?cells=9 HTTP/1.1\r\nHost: localhost\r\n\r\n", 200],
    ["GET /map?cells=9 HTTP/1.0\r\nHost: localhost\r\n\r\n", 200],
  ];
  for (const [request, status] of table) {
    const answer = await ask(port, request);
    assert(answer.startsWith(`HTTP/1.1 ${status} `), `${JSON.stringify(request)}: ${answer}`);
    if (request.startsWith("HEAD")) assert(answer.endsWith("\r\n\r\n"), answer);
  }
  assert((await ask(port, GET)).startsWith("HTTP/1.1 200 OK\r\n"));
});
