import { assertEquals } from "@std/assert";
import { nextSteps } from "../../../src/ui/next_steps.ts";
import { shellQuote } from "../../../src/base/shell_command.ts";

const ADDRESSES: readonly [uri: string, client: string][] = [
  ["nbd+unix:///?socket=/run/a.sock", "-unix /run/a.sock"],
  ["nbd+unix:///disc?socket=/run/a.sock", "-N disc -unix /run/a.sock"],
  ["nbd+unix:///my%20disc?socket=/tmp/a%20b.sock", "-N 'my disc' -unix '/tmp/a b.sock'"],
  ["nbd://127.0.0.1:10809", "127.0.0.1 10809"],
  ["nbd://127.0.0.1", "127.0.0.1 10809"],
  ["nbd://[::1]:5/x", "-N x ::1 5"],
];

for (const [uri, client] of ADDRESSES) {
  Deno.test(`nbd-client is told how to reach ${uri}`, () => {
    const steps = nextSteps(uri);
    assertEquals(steps.at(-1)?.match(/nbd-client (.*) \/dev\/nbd0 &&/)?.[1], client);
    assertEquals(steps[0], `nbdcopy --progress ${shellQuote(uri)} copy.img`);
  });
}

const WORDS: readonly [string, string][] = [
  ["plain-1.img", "plain-1.img"],
  ["", "''"],
  ["a b", "'a b'"],
  ["it's", `'it'\\''s'`],
  ["$(x)", "'$(x)'"],
  ["a?b", "'a?b'"],
];

for (const [text, quoted] of WORDS) {
  Deno.test(`the shell gets ${quoted}`, () => assertEquals(shellQuote(text), quoted));
}
