import { assertEquals, assertThrows } from "@std/assert";
import { AssertionError } from "../../../src/base/assert.ts";
import { commandName, NBD_FLAG_CAN_MULTI_CONN, optionName } from "../../../src/nbd/constants.ts";
import { preferredBlockSize, transmissionFlags } from "../../../src/nbd/export.ts";
import { ParkedReads } from "../../../src/nbd/parked_reads.ts";
import { SIMPLE } from "../../../src/nbd/negotiated.ts";
import { serveClient } from "../../../src/nbd/serve_client.ts";
import { ArrayBackend } from "./array_backend.ts";
import { MemoryPeer } from "./memory_peer.ts";

Deno.test("the preferred block size is a power of two, at least a page and a sector", () => {
  const table = [[1, 4096], [512, 4096], [2048, 4096], [2352, 4096], [4096, 4096], [4224, 8192], [
    65536,
    65536,
  ]];
  for (const [sector, expected] of table) assertEquals(preferredBlockSize(sector!), expected);
});

Deno.test("several connections are offered unless each would cost too much memory", () => {
  for (const structured of [true, false]) {
    const flags = transmissionFlags(structured);
    assertEquals(flags & NBD_FLAG_CAN_MULTI_CONN, NBD_FLAG_CAN_MULTI_CONN);
    assertEquals(
      transmissionFlags(structured, undefined, true),
      flags & ~NBD_FLAG_CAN_MULTI_CONN,
    );
  }
});

Deno.test("options and commands have the specification's names", () => {
  assertEquals([optionName(7), optionName(99)], ["NBD_OPT_GO", "option 99"]);
  assertEquals([commandName(0), commandName(77)], ["NBD_CMD_READ", "command 77"]);
});

Deno.test("buffers that are too small, and backends that break their word, are our own bugs", () => {
  const parked = new ParkedReads(new ArrayBackend(new Uint8Array(0)));
  const negotiated = { mode: SIMPLE, contexts: [] } as const;
  const small = [
    new MemoryPeer(new Uint8Array(4096)),
    new MemoryPeer(undefined, new Uint8Array(100)),
  ];
  for (const peer of small) {
    assertThrows(() => serveClient(peer, parked, negotiated, { timeoutMs: 0 }), AssertionError);
  }
  const backend = new ArrayBackend(new Uint8Array(0));
  assertThrows(() => backend.pending.release(0), AssertionError);
  assertThrows(
    () => new ArrayBackend(new Uint8Array(0), { maxParked: 0 }),
    AssertionError,
  );
});
