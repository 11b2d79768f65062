import { assertEquals } from "@std/assert";
import { requestIn } from "../../../src/ui/page/http_request.ts";
import { MOST_REQUEST_BYTES } from "../../../src/ui/page/limits.ts";
import { refusalOf } from "../../../src/ui/page/page_guard.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** The status that a request gets from the parser or the guard; 200: it is answered. */
function statusOf(text: string): number | undefined {
  const request = requestIn(bytes(text));
  if (request === undefined) return undefined;
  return "status" in request ? request.status : refusalOf(request)?.status ?? 200;
}

const host = (value: string) => `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`;

Deno.test("each request gets its status, however odd", () => {
  const table: [text: string, status: number | undefined][] = [
    ["GET / HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n", 200],
    ["GET / HTTP/1.0\r\nhost:localhost\r\n\r\nand more", 200],
    ["HEAD /map?cells=4 HTTP/1.1\r\nHost: [::1]:80\r\nX: \xff\r\n\r\n", 200],
    ["", undefined],
    ["GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", undefined],
    ["GET / HTTP/1.1\nHost: 127.0.0.1\n\n", undefined],
    // Hosts that are none.
    ...[
      "",
      " ",
      "[abc]",
      "[abc]:80",
      "[]",
      "[",
      "]",
      "[:::]",
      "[::1",
      "[::1]x",
      "[1.2.3.4]",
      "[fe80::1%25eth0]",
      "[::ffff:999.1.1.1]",
      "127.0.0.1:",
      "127.0.0.1:x",
      "127.0.0.1:123456",
      "127.1",
      "0x7f.0.0.1",
      "256.0.0.1",
      "127.0.0.1@evil",
      "evil@127.0.0.1",
      "localhost.",
      "localhost/x",
      "local host",
      "\xe2\x80\x8blocalhost",
      "%6cocalhost",
      "http://localhost",
      "a:b:c",
    ].map((value): [string, number] => [host(value), 421]),
    ["GET / HTTP/1.1\r\n\r\n", 421],
    // Requests that are none.
    ["GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\n: x\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nno colon\r\n\r\n", 400],
    ["GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
    ["GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n", 400],
    ["GET /\r\nHost: localhost\r\n\r\n", 400],
    ["GET / http/1.1\r\nHost: localhost\r\n\r\n", 400],
    ["G(T / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
    [" / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
    ["\r\n\r\n", 400],
    ["\0\0\0\x03\r\n\r\n", 400],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
    ["GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 505],
    // Addresses that are none of ours.
    ["GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
    ["GET http://[abc]/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
    ["GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
    ["GET [abc] HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
    ["CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
    ["GET //evil/x HTTP/1.1\r\nHost: localhost\r\n\r\n", 200],
    ["GET /%ff%00?%ff=[&&==#? HTTP/1.1\r\nHost: localhost\r\n\r\n", 200],
    ["POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405],
    ["OPTIONS / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405],
    ["get / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405],
  ];
  for (const [text, status] of table) assertEquals(statusOf(text), status, JSON.stringify(text));
});

Deno.test("a request that is too long is refused as soon as it is", () => {
  const start = "GET / HTTP/1.1\r\nHost: localhost\r\nx: ";
  for (const more of [0, 1]) {
    const text = start.padEnd(MOST_REQUEST_BYTES - 1 + more, "x");
    assertEquals(statusOf(text), more === 0 ? undefined : 431);
  }
  const longest = start.padEnd(MOST_REQUEST_BYTES - 4, "x") + "\r\n\r\n";
  assertEquals([longest.length, statusOf(longest)], [MOST_REQUEST_BYTES, 200]);
});

Deno.test("path and parameters are taken apart without being understood", () => {
  const request = requestIn(
    bytes("GET /map?start=1?2&end=%zz HTTP/1.1\r\nHost: x\r\nA: b\r\na: c\r\n\r\n"),
  );
  if (request === undefined || "status" in request) throw new Error("it is well-formed");
  assertEquals([request.method, request.path], ["GET", "/map"]);
  assertEquals([...request.parameters], [["start", "1?2"], ["end", "%zz"]]);
  assertEquals(request.headers.get("a"), "b, c");
});
