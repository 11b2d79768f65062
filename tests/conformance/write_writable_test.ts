// doc/proto.md, "NBD_CMD_WRITE": what has been acknowledged is what every connection reads.
import { assertEquals } from "@std/assert";
import { bytesAt, MODES, rule, type Server, SIZE } from "./harness.ts";
import { CMD, FLAG } from "./wire.ts";

rule("a write is read back, byte by byte, also on another connection", writeAndRead, {
  writable: true,
});
rule("so is one that goes to the device", writeAndRead, { args: ["--write-through"] });

async function writeAndRead(server: Server): Promise<void> {
  const expected = bytesAt(0, SIZE);
  const other = await server.enter("structured");
  for (const [round, mode] of MODES.entries()) {
    const client = await server.enter(mode);
    const flags = mode === "extended" ? FLAG.PAYLOAD_LEN : 0;
    // At the edges of sectors and pages, inside of them, and longer than any buffer of a socket.
    const ranges = [[0, 1], [511, 2], [4095, 4098], [100_001, 700_003], [SIZE - 1, 1]] as const;
    for (const [index, [offset, length]] of ranges.entries()) {
      const payload = new Uint8Array(length).fill(0x40 + 8 * round + index);
      expected.set(payload, offset);
      const fua = index % 2 === 0 ? FLAG.FUA : 0;
      await client.request({
        type: CMD.WRITE,
        flags: flags | fua,
        cookie: 9,
        offset,
        length,
        payload,
      });
      assertEquals(await client.outcome(), { cookie: 9n, errno: 0 });
      const start = Math.max(0, offset - 600);
      const end = Math.min(SIZE, offset + length + 600);
      for (const reader of [client, other]) {
        await reader.request({ type: CMD.READ, offset: start, length: end - start });
        assertEquals(await reader.data(end - start), expected.slice(start, end));
      }
    }
  }
}
