// doc/proto.md, "Block size constraints": 32 MiB must be served; more is refused without a disconnect.
import { assert, assertEquals } from "@std/assert";
import { bytesAt, MODES, rule } from "./harness.ts";
import { CMD, E, FLAG } from "./wire.ts";

const MIB = 1024 * 1024;

rule("a read of 32 MiB is served, a longer one refused", async (server) => {
  const expected = bytesAt(1, 32 * MIB);
  for (const mode of MODES) {
    const client = await server.enter(mode);
    await client.request({ type: CMD.READ, offset: 1, length: 32 * MIB });
    const data = await client.data(32 * MIB);
    assert(areEqual(data, expected));
    for (const length of [32 * MIB + 1, 33 * MIB, 2 ** 32 - 1]) {
      await client.request({ type: CMD.READ, cookie: 3, length });
      assertEquals(await client.outcome(), { cookie: 3n, errno: E.INVAL });
    }
    if (mode === "simple") continue;
    await client.request({ type: CMD.READ, flags: FLAG.DF, cookie: 4, length: 33 * MIB });
    assertEquals(await client.outcome(), { cookie: 4n, errno: E.OVERFLOW });
  }
}, { size: 34 * MIB });

/** assertEquals takes seconds for this. */
function areEqual(actual: Uint8Array, expected: Uint8Array): boolean {
  let index = 0;
  while (index < expected.length && actual[index] === expected[index]) index++;
  return index === expected.length && index === actual.length;
}
