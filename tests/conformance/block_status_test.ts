// doc/proto.md, "NBD_REPLY_TYPE_BLOCK_STATUS": at least one extent, none empty, neighbours differ.
import { assert, assertEquals } from "@std/assert";
import { CHUNKED_MODES, rule, SIZE } from "./harness.ts";
import { CHUNK, CMD, extentsOf } from "./wire.ts";

const CONTEXTS = ["base:allocation", "x-blkcache:state"];
const RANGES = [[0, SIZE], [0, 1], [700, 100_000], [SIZE - 1, 1], [999 * 512, 1024]] as const;

rule(
  "block status describes the range from its offset on, in extents that differ",
  async (server) => {
    for (const mode of CHUNKED_MODES) {
      const client = await server.enter(mode, CONTEXTS);
      for (const [offset, length] of RANGES) {
        await client.request({ type: CMD.BLOCK_STATUS, offset, length });
        const chunks = await client.chunks();
        assertEquals(
          new Set(chunks.map((chunk) => extentsOf(chunk).context)).size,
          CONTEXTS.length,
        );
        for (const chunk of chunks) {
          assertEquals(
            chunk.type,
            mode === "extended" ? CHUNK.BLOCK_STATUS_EXT : CHUNK.BLOCK_STATUS,
          );
          const { extents } = extentsOf(chunk);
          const described = extents.reduce((sum, extent) => sum + extent.length, 0);
          assert(extents.length > 0 && described > 0 && offset + described <= SIZE);
          for (const [index, extent] of extents.entries()) {
            assert(extent.length > 0);
            if (index > 0) assert(extent.flags !== extents[index - 1]!.flags);
          }
        }
      }
    }
  },
  { badSectors: [1000, 1001, 1500] },
);
