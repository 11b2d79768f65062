// doc/proto.md, "NBD_FLAG_CAN_MULTI_CONN": a FLUSH on one connection covers what was written on another.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { CMD } from "./wire.ts";

rule(
  "what one connection has written is in the overlay's map after another's FLUSH",
  async (server) => {
    const [writer, flusher] = [await server.enter("simple"), await server.enter("structured")];
    const mapfile = () => Deno.readTextFileSync(`${server.program.dir}/overlay.map`);
    for (const offset of [4096, 65_536]) {
      const payload = new Uint8Array(512).fill(1);
      await writer.request({ type: CMD.WRITE, offset, length: 512, payload });
      assertEquals((await writer.outcome()).errno, 0);
      await flusher.request({ type: CMD.FLUSH });
      assertEquals((await flusher.outcome()).errno, 0);
      const area = `0x${offset.toString(16).toUpperCase().padStart(8, "0")}  0x00000200  +`;
      assertEquals(mapfile().includes(area), true);
    }
  },
  { writable: true },
);
