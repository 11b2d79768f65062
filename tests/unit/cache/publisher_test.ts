import { assertEquals } from "@std/assert";
import type { ImageWriter } from "../../../src/cache/image_writer.ts";
import { MISSING, Publisher } from "../../../src/cache/publisher.ts";
import { FileMap } from "../../../src/map/file_map.ts";
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  statusChar,
} from "../../../src/map/statuses.ts";
import { SharedState } from "../../../src/shared/shared_state.ts";
import { ENOSPC } from "../../../src/sys/errno.ts";
import { LaterClock } from "./later_clock.ts";

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

  constructor(size: number, maxTransitions = 100) {
    this.map = FileMap.create(size, { maxTransitions });
    const image = {
      write: () => {
        this.writes++;
        this.during();
        return this.result;
      },
    };
    this.publisher = new Publisher(this.map, image as unknown as ImageWriter, this.state, {
      imageFailed: (errno) => this.told.push(`failed ${errno}`),
      imageRecovered: () => this.told.push("recovered"),
      mapFull: () => this.told.push("full"),
    });
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
  assertEquals(bench.publisher.publish(1, 10, 20), true);
  assertEquals(bench.picture(), "?10 +20 ?70");
  bench.during = () => {};
  bench.result = -ENOSPC;
  assertEquals(bench.publisher.publish(1, 50, 20), false);
  assertEquals(bench.picture(), "?10 +20 ?70");
});

Deno.test("trouble with the image is told once, and asked about once a second", () => {
  const bench = new Bench(100);
  bench.result = -ENOSPC;
  for (let count = 0; count < 5; count++) bench.publisher.publish(1, count, 1);
  assertEquals([bench.writes, bench.told, bench.state.imageSick], [1, [`failed ${-ENOSPC}`], true]);
  bench.result = 0;
  using _later = new LaterClock(1000);
  assertEquals(bench.publisher.publish(1, 10, 1), true);
  assertEquals([bench.told.at(-1), bench.state.imageSick], ["recovered", false]);
  bench.result = -ENOSPC;
  bench.publisher.publish(1, 20, 1);
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
  publisher.publish(1, 0, 100);
  assertEquals(bench.picture(), "+100");
});

Deno.test("a bad sector that was read but not kept may be tried again", () => {
  const bench = new Bench(100);
  bench.map.set(10, 12, BAD_SECTOR);
  bench.map.set(12, 30, NON_TRIMMED);
  bench.map.set(5, 10, FINISHED);
  bench.result = -ENOSPC;
  assertEquals(bench.publisher.publish(1, 0, 20), false);
  assertEquals(bench.picture(), "?5 +5 ?2 *18 ?70");
});

Deno.test("a map that is full keeps what it says, and tells so once", () => {
  const bench = new Bench(1000, 3);
  assertEquals(bench.publisher.publish(1, 100, 10), true);
  assertEquals(bench.publisher.publish(1, 300, 10), false);
  bench.publisher.markMissing(500, 510, BAD_SECTOR);
  assertEquals([bench.picture(), bench.told], ["?100 +10 ?890", ["full"]]);
  assertEquals(bench.publisher.publish(1, 110, 890), true);
  assertEquals(bench.picture(), "?100 +900");
});

Deno.test("MISSING is every status but `+`", () => {
  for (const status of [NON_TRIED, NON_TRIMMED, NON_SCRAPED, BAD_SECTOR, FINISHED]) {
    assertEquals((MISSING >> status & 1) === 1, status !== FINISHED);
  }
  assertEquals(MISSING >> 5, 0);
});
