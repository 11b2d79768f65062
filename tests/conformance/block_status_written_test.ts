// doc/proto.md, "Metadata querying": what a client has written is data, whether the device was read or not.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { CMD, extentsOf } from "./wire.ts";

rule("written bytes are data, and finished in x-blkcache:state", async (server) => {
  const client = await server.enter("structured", ["base:allocation", "x-blkcache:state"]);
  const at = 2 ** 20;
  const payload = new Uint8Array(4096).fill(7);
  await client.request({ type: CMD.WRITE, offset: at, length: 4096, payload });
  assertEquals((await client.outcome()).errno, 0);
  await client.request({ type: CMD.BLOCK_STATUS, offset: at - 4096, length: 12_288 });
  const [allocation, state] = await client.chunks();
  assertEquals(extentsOf(allocation!).extents, [{ length: 12_288, flags: 0 }]);
  assertEquals(extentsOf(state!).extents, [
    { length: 4096, flags: 0 },
    { length: 4096, flags: 4 },
    { length: 4096, flags: 0 },
  ]);
}, { writable: true, size: 4 * 2 ** 20 });
