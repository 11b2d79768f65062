// base:allocation must not call what has not been read a hole: clients would copy zeros.
import { assert, assertEquals } from "@std/assert";
import { rule, SIZE } from "./harness.ts";
import { CMD, extentsOf } from "./wire.ts";

rule("what has not been read yet is data to base:allocation", async (server) => {
  const client = await server.enter("structured", ["base:allocation", "x-blkcache:state"]);
  await client.request({ type: CMD.BLOCK_STATUS, length: SIZE });
  const [base, state] = (await client.chunks()).map((chunk) => extentsOf(chunk).extents);
  assertEquals(base, [{ length: SIZE, flags: 0 }]);
  assert(state!.some(({ flags }) => flags === 0), "nothing is unread in a new image");
});
