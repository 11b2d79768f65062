import { assertEquals, assertThrows } from "@std/assert";
import { isLoopback, parseListenAddress } from "../../../src/cli/listen_address.ts";

const ACCEPTED: readonly [string, host: string, port: number][] = [
  ["10809", "127.0.0.1", 10809],
  ["0", "127.0.0.1", 0],
  ["65535", "127.0.0.1", 65535],
  ["127.0.0.1:10809", "127.0.0.1", 10809],
  ["0.0.0.0:1", "0.0.0.0", 1],
  ["localhost:1", "localhost", 1],
  ["[::1]:10809", "::1", 10809],
  ["[::]:10809", "::", 10809],
  ["[fe80::1:2]:5", "fe80::1:2", 5],
  ["[::ffff:10.0.0.1]:5", "::ffff:10.0.0.1", 5],
];

for (const [text, host, port] of ACCEPTED) {
  Deno.test(`--listen ${text}`, () => assertEquals(parseListenAddress(text), { host, port }));
}

const REFUSED: readonly [string, string][] = [
  ["", '"" is not a port, a number from 0 to 65535'],
  ["65536", '"65536" is not a port, a number from 0 to 65535'],
  ["-1", '"-1" is not a port, a number from 0 to 65535'],
  ["nbd", '"nbd" is not a port, a number from 0 to 65535'],
  ["1e3", '"1e3" is not a port, a number from 0 to 65535'],
  ["localhost:", '"" is not a port, a number from 0 to 65535'],
  ["10.0.0.1", '"10.0.0.1" has no port: write 10.0.0.1:10809'],
  [":10809", '":10809" names no address: write 0.0.0.0:10809 for all of them'],
  ["*:10809", '"*:10809" names no address: write 0.0.0.0:10809 for all of them'],
  ["rescue.example:1", '"rescue.example" is not an address; names are not looked up'],
  ["256.0.0.1:1", '"256.0.0.1" is not an address; names are not looked up'],
  ["127.1:1", '"127.1" is not an address; names are not looked up'],
  ["01.0.0.1:1", '"01.0.0.1" is not an address; names are not looked up'],
  ["[::g]:1", '"::g" is not an IPv6 address'],
  ["[1.2.3.4]:1", '"1.2.3.4" is not an IPv6 address'],
  ["[]:1", '"" is not an IPv6 address'],
  ["::1:10809", '"::1:10809" is ambiguous: an IPv6 address stands in brackets, as in [::1]:10809'],
  ["[::1]", '"[::1]" is not PORT, HOST:PORT or [IPV6]:PORT'],
  ["a:b:c", '"a:b:c" is not PORT, HOST:PORT or [IPV6]:PORT'],
];

for (const [text, message] of REFUSED) {
  Deno.test(`--listen "${text}" is refused`, () => {
    assertEquals(assertThrows(() => parseListenAddress(text), RangeError).message, message);
  });
}

Deno.test("only addresses of this machine are loopback", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "localhost", "::1", "0:0:0:0:0:0:0:1"]) {
    assertEquals(isLoopback(host), true, host);
  }
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "fe80::1", "::2", "1::1"]) {
    assertEquals(isLoopback(host), false, host);
  }
});
