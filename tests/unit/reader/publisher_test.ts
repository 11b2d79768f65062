import { assertEquals } from "@std/assert";
import type { ImageWriter } from "../../../src/reader/image_writer.ts";
import { Publisher } from "../../../src/reader/publisher.ts";
import { FileMap } from "../../../src/map/file_map.ts";
import {
  BAD_SECTOR,
  FINISHED,
  MISSING,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  statusChar,
} from "../../../src/map/statuses.ts";
import {
  READER_IMAGE_ERRNO,
  READER_IMAGE_ROOM,
  SharedState,
} from "../../../src/shared/shared_state.ts";
import { EDQUOT, EFBIG, EIO, ENOSPC, EROFS } from "../../../src/sys/errno.ts";
import { addressOf } from "../../../src/sys/memory.ts";
import { LaterClock } from "./later_clock.ts";

/** Whatever the device has. */
const BYTES = new Uint8Array(1000);

/** A publisher over a map of `size` bytes and an image that is told what to answer. */
class Bench {
  readonly map: FileMap;
  readonly state = SharedState.create(1);
  readonly told: string[] = [];
  readonly publisher: Publisher;
  /** What the image's next writes return. */
  result = 0;
  /** Called in the middle of a write. */
  during = () => {};
  writes = 0;
  /** What the image says of its room, and what it was last written, by offset. */
  hasRoom = true;
  readonly written = new Map<number, number>();
  readonly #memory = addressOf(BYTES);

  constructor(size: number, maxTransitions = 100) {
    this.map = FileMap.create(size, { maxTransitions });
    const image = {
      write: (_address: number, offset: number, length: number) => {
        this.writes++;
        this.during();
        if (this.result === 0) this.written.set(offset, length);
        return this.result;
      },
      hasRoom: () => this.hasRoom,
      room: 7,
    };
    this.publisher = new Publisher(this.map, image as unknown as ImageWriter, this.state, {
      imageFailed: (errno) => this.told.push(`failed ${errno}`),
      imageRecovered: () => this.told.push("recovered"),
      mapFull: () => this.told.push("full"),
    });
  }

  publish(offset: number, length: number): boolean {
    return this.publisher.publish(this.#memory, offset, length);
  }

  picture(): string {
    return Array.from(
      this.map.ranges(),
      ({ start, end, status }) => `${statusChar(status)}${end - start}`,
    ).join(" ");
  }
}

Deno.test("the map claims bytes only when the image has them", () => {
  const bench = new Bench(100);
  bench.during = () => assertEquals(bench.picture(), "?100");
  assertEquals(bench.publish(10, 20), true);
  assertEquals(bench.picture(), "?10 +20 ?70");
  bench.during = () => {};
  bench.result = -ENOSPC;
  assertEquals(bench.publish(50, 20), false);
  assertEquals(bench.picture(), "?10 +20 ?70");
});

Deno.test("trouble with the image is told once, and asked about once a second", () => {
  const bench = new Bench(100);
  bench.result = -ENOSPC;
  for (let count = 0; count < 5; count++) bench.publish(count, 1);
  assertEquals([bench.writes, bench.told, bench.state.imageSick], [1, [`failed ${-ENOSPC}`], true]);
  bench.result = 0;
  using _later = new LaterClock(1000);
  assertEquals(bench.publish(10, 1), true);
  assertEquals([bench.told.at(-1), bench.state.imageSick], ["recovered", false]);
  bench.result = -ENOSPC;
  bench.publish(20, 1);
  assertEquals(bench.told.length, 3);
});

Deno.test("what is marked never takes `+` or `-` back", () => {
  const bench = new Bench(100);
  const { map, publisher } = bench;
  map.set(10, 20, FINISHED);
  map.set(30, 40, BAD_SECTOR);
  map.set(50, 60, NON_SCRAPED);
  publisher.markMissing(0, 70, NON_TRIMMED);
  assertEquals(bench.picture(), "*10 +10 *10 -10 *30 ?30");
  publisher.markMissing(60, 62, BAD_SECTOR);
  assertEquals(bench.picture(), "*10 +10 *10 -10 *20 -2 *8 ?30");
  bench.publish(0, 100);
  assertEquals(bench.picture(), "+100");
});

Deno.test("a bad sector that was read but not kept may be tried again", () => {
  const bench = new Bench(100);
  bench.map.set(10, 12, BAD_SECTOR);
  bench.map.set(12, 30, NON_TRIMMED);
  bench.map.set(5, 10, FINISHED);
  bench.result = -ENOSPC;
  assertEquals(bench.publish(0, 20), false);
  assertEquals(bench.picture(), "?5 +5 ?2 *18 ?70");
});

Deno.test("a map that is full keeps what it says, and tells so once", () => {
  const bench = new Bench(1000, 3);
  assertEquals(bench.publish(100, 10), true);
  assertEquals(bench.publish(300, 10), false);
  bench.publisher.markMissing(500, 510, BAD_SECTOR);
  assertEquals([bench.picture(), bench.told], ["?100 +10 ?890", ["full"]]);
  assertEquals(bench.publish(110, 890), true);
  assertEquals(bench.picture(), "?100 +900");
});

Deno.test("MISSING is every status but `+`", () => {
  for (const status of [NON_TRIED, NON_TRIMMED, NON_SCRAPED, BAD_SECTOR, FINISHED]) {
    assertEquals((MISSING >> status & 1) === 1, status !== FINISHED);
  }
  assertEquals(MISSING >> 5, 0);
});

Deno.test("what the image did not take is held, and written before anything new is asked for", () => {
  for (const errno of [ENOSPC, EFBIG, EDQUOT, EIO, EROFS]) {
    const bench = new Bench(1000);
    const { publisher, state } = bench;
    bench.result = -errno;
    bench.publish(100, 50);
    bench.publish(300, 20);
    assertEquals([bench.writes, publisher.held.total], [1, 70]);
    assertEquals(state.readerCounters[READER_IMAGE_ERRNO], errno);
    // Not before its time, and then with what is held.
    assertEquals([publisher.mayKeep(10), bench.writes], [false, 1]);
    {
      using _later = new LaterClock(1000);
      assertEquals([publisher.mayKeep(10), bench.writes], [false, 2]);
    }
    bench.result = 0;
    using _later = new LaterClock(2000);
    assertEquals(publisher.mayKeep(10), true);
    assertEquals([...bench.written], [[100, 50], [300, 20]]);
    assertEquals([bench.picture(), publisher.held.isEmpty], ["?100 +50 ?150 +20 ?680", true]);
    assertEquals(bench.told, [`failed ${-errno}`, "recovered"]);
  }
});

Deno.test("an image without room is known before anything is read for it", () => {
  const bench = new Bench(1000);
  const { publisher, state } = bench;
  bench.hasRoom = false;
  assertEquals([publisher.mayKeep(10), state.imageSick], [false, true]);
  assertEquals(state.readerCounters[READER_IMAGE_ROOM], 7);
  bench.hasRoom = true;
  assertEquals(publisher.mayKeep(10), false);
  using _later = new LaterClock(1000);
  assertEquals([publisher.mayKeep(10), state.imageSick, bench.writes], [true, false, 0]);
  assertEquals(bench.told, [`failed ${-ENOSPC}`, "recovered"]);
});

Deno.test("what is held and was written to since is not brought back", () => {
  const bench = new Bench(1000);
  bench.result = -ENOSPC;
  bench.publish(100, 50);
  bench.publisher.forget(120, 130);
  bench.result = 0;
  using _later = new LaterClock(1000);
  assertEquals(bench.publisher.catchUp(), true);
  assertEquals(bench.picture(), "?100 +20 ?10 +20 ?850");
});

Deno.test("marks that are not proved are taken back, those before them are not", () => {
  const bench = new Bench(100);
  const { publisher } = bench;
  publisher.markMissing(0, 10, BAD_SECTOR);
  publisher.unproved.begin();
  publisher.markMissing(10, 20, NON_TRIMMED);
  publisher.markMissing(5, 11, BAD_SECTOR);
  assertEquals(bench.picture(), "-11 *9 ?80");
  publisher.unproved.takeBack();
  assertEquals(bench.picture(), "-10 ?90");
});

Deno.test("more marks than can be taken back are not made", () => {
  const bench = new Bench(100_000, 100_000);
  const { publisher } = bench;
  publisher.unproved.begin();
  for (let at = 0; at < 100_000; at += 10) publisher.markMissing(at, at + 1, BAD_SECTOR);
  assertEquals(bench.map.total(BAD_SECTOR), 512);
  publisher.unproved.takeBack();
  assertEquals(bench.map.total(BAD_SECTOR), 0);
});
