// doc/proto.md, "NBD_OPT_EXPORT_NAME" and "NBD_FLAG_C_NO_ZEROES".
import { assertEquals } from "@std/assert";
import { bytesAt, rule, SIZE } from "./harness.ts";
import { CMD, concat, OPT, option, u16, u32, u64 } from "./wire.ts";

rule("EXPORT_NAME enters, with 124 zeroes unless the client declined them", async (server) => {
  for (const [clientFlags, zeroes] of [[1, 124], [3, 0]] as const) {
    const client = await server.dial();
    await client.greeting();
    await client.send(u32(clientFlags), option(OPT.EXPORT_NAME));
    const expected = concat(u64(SIZE), u16(0b101_0000_1111), new Uint8Array(zeroes));
    assertEquals(await client.read(expected.length), expected);
    await client.request({ type: CMD.READ, offset: 1, length: 9 });
    assertEquals(await client.data(9), bytesAt(1, 9));
  }
});
