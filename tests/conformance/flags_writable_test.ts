// doc/proto.md, "Transmission flags": a flag is set where the command behind it works.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { infoPayload, OPT, option, REP } from "./wire.ts";

const WRITABLE = 1 | 4 | 8 | 32 | 64 | 128 | 256 | 1024 | 2048;
/** Nothing is trimmed there, and zeros take as long as data. */
const WRITE_THROUGH = WRITABLE & ~(32 | 2048);
const READ_ONLY = 1 | 2 | 4 | 8 | 128 | 256 | 1024;

const EXPORTS = [
  ["an overlay", WRITABLE, { writable: true }],
  ["a device that is written through to", WRITE_THROUGH, { args: ["--write-through"] }],
  ["a read-only export", READ_ONLY, {}],
] as const;

for (const [what, expected, options] of EXPORTS) {
  rule(`${what} says what it takes`, async (server) => {
    const client = await server.greeted();
    await client.ask(option(OPT.STRUCTURED_REPLY));
    const replies = await client.ask(option(OPT.INFO, infoPayload("")));
    const { payload } = replies.find(({ type }) => type === REP.INFO)!;
    const flags = new DataView(payload.buffer, payload.byteOffset).getUint16(10);
    assertEquals(flags, expected);
  }, options);
}
