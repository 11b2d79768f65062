/// <reference lib="deno.worker" />
// A session with many requests in flight, which checks each byte that it gets.
import { CachedFile } from "../../src/session/cached_file.ts";
import { FileMap } from "../../src/map/file_map.ts";
import { SharedState } from "../../src/shared/shared_state.ts";
import { drainEventFd } from "../../src/sys/eventfd.ts";
import { NativeMemory } from "../../src/sys/memory.ts";
import { POLLIN, PollSet } from "../../src/sys/poll.ts";
import { assertSameBytes, noise } from "../harness/test_folder.ts";
import { Random } from "./map_random.ts";
import { DEVICE_BYTES, type Orders, SECTOR, type Seen } from "./reader_threads_orders.ts";

/** A sleep of this length was not ended by anything, milliseconds. */
const LOST_MS = 10_000;
const IN_FLIGHT = 24;
const MOST_BYTES = 262_144;

self.onmessage = ({ data }: MessageEvent<Orders>) => {
  const seen: Seen = { hits: 0, misses: 0, unreadable: 0, finding: "" };
  try {
    serve(data, seen);
  } catch (error) {
    seen.finding = String(error);
  }
  self.postMessage(seen);
};

function serve(data: Orders, seen: Seen): void {
  const content = noise(DEVICE_BYTES, data.seed);
  const bad = new Set(data.bad);
  const random = new Random(data.seed + 1 + data.session);
  const state = new SharedState(data.state, data.sessions);
  const output = NativeMemory.allocate(MOST_BYTES);
  const cached = new CachedFile({
    map: FileMap.attach(data.map),
    state,
    session: data.session,
    imageFd: data.image,
    size: DEVICE_BYTES,
    sectorSize: SECTOR,
    readAhead: 262_144,
    output,
  });
  const eventFd = state.eventFd(data.session);
  const poll = new PollSet(1);
  poll.set(0, eventFd, POLLIN);
  const asked = new Map<number, [offset: number, length: number]>();
  let sequential = 0;

  const collect = (slot: number) => {
    const [offset, length] = asked.get(slot)!;
    asked.delete(slot);
    const expected = content.slice(offset, offset + length);
    const runs = cached.collect(slot, 0, offset, length);
    for (let run = 0; run < runs; run++) {
      const start = cached.unreadableStart(run);
      const end = cached.unreadableEnd(run);
      // All of it is bad, or lies between bad sectors.
      const neighbours = [Math.floor(start / SECTOR), Math.ceil(end / SECTOR) - 1];
      if (
        !neighbours.some((sector) => bad.has(sector) || bad.has(sector - 1) || bad.has(sector + 1))
      ) {
        throw new Error(`[${start}, ${end}) is good`);
      }
      expected.fill(0xee, start - offset, end - offset);
      output.bytes.fill(0xee, start - offset, end - offset);
      seen.unreadable++;
    }
    assertSameBytes(output.bytes.slice(0, length), expected, `the answer for ${offset}`);
  };

  for (let requests = 0; requests < data.requests || asked.size > 0;) {
    while (requests < data.requests && asked.size < IN_FLIGHT) {
      requests++;
      const length = 1 + random.below(random.pick([512, 4096, 65_536, MOST_BYTES]));
      const offset = random.once(3)
        ? random.below(DEVICE_BYTES - length)
        : sequential % (DEVICE_BYTES - length);
      sequential = offset + length;
      if (cached.readCached(0, offset, length)) {
        seen.hits++;
        const expected = content.slice(offset, offset + length);
        assertSameBytes(output.bytes.slice(0, length), expected, `the hit at ${offset}`);
      } else {
        seen.misses++;
        const slot = cached.pending.take(offset, length, Infinity);
        asked.set(slot, [offset, length]);
        cached.park(slot);
      }
      cached.noteRead(offset, length);
    }
    for (let slot = cached.nextEnded(); slot >= 0; slot = cached.nextEnded()) collect(slot);
    if (asked.size === 0 || !cached.armWakeUp()) continue;
    if (poll.wait(LOST_MS) === 0) throw new Error("nobody ended the sleep");
    cached.disarmWakeUp();
    drainEventFd(eventFd);
  }
}
