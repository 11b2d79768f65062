// x-blkcache:state: the number of the map's status, and 8 for zeros.
import { assertEquals } from "@std/assert";
import { rule, SIZE } from "./harness.ts";
import { CMD, extentsOf } from "./wire.ts";

rule(
  "x-blkcache:state tells finished from bad, and base:allocation says data for both",
  async (server) => {
    const client = await server.enter("structured", ["base:allocation", "x-blkcache:state"]);
    await client.request({ type: CMD.BLOCK_STATUS, length: SIZE });
    const [base, state] = (await client.chunks()).map((chunk) => extentsOf(chunk).extents);
    assertEquals(base, [{ length: SIZE, flags: 0 }]);
    assertEquals(state, [
      { length: 1000 * 512, flags: 4 },
      { length: 512, flags: 3 },
      { length: SIZE - 1001 * 512, flags: 4 },
    ]);
  },
  { badSectors: [1000] },
);
