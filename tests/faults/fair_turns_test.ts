// A small read of one client waits for a turn of each other one, not for all that they have in flight. Counted at
// the device: what it is asked for between the small read's arrival and its own turn.

import { assert, assertEquals } from "@std/assert";
import { DiscardingClient } from "../harness/discarding_client.ts";
import { FailingDevice } from "../harness/failing_device.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup");
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const READ_BYTES = 32 * MIB;
/** Largest slice. */
const SLICE = MIB;
/** Where the small reads go: nobody else reads there. */
const ELSEWHERE = 3 * GIB;

/** A slow disk behind blkcache, and clients that ask for all of it at once. */
class Crowd implements AsyncDisposable {
  readonly device: FailingDevice;
  readonly served: Served;
  readonly greedy: DiscardingClient[];
  readonly #parts: AsyncDisposableStack;

  private constructor(
    device: FailingDevice,
    served: Served,
    greedy: DiscardingClient[],
    parts: AsyncDisposableStack,
  ) {
    this.device = device;
    this.served = served;
    this.greedy = greedy;
    this.#parts = parts;
  }

  /** @param reads what each of `count` clients has in flight. */
  static async gather(count: number, reads: number): Promise<Crowd> {
    await using parts = new AsyncDisposableStack();
    const folder = parts.use(new TestFolder());
    const file = folder.file("source");
    Deno.writeFileSync(file, new Uint8Array(0));
    Deno.truncateSync(file, 4 * GIB);
    const device = parts.use(
      await FailingDevice.make(file, { bytesPerSecond: 8e6, canHang: true }),
    );
    const served = parts.use(
      await Served.start(device.path, { dir: folder.path, args: ["--read-ahead=0"] }),
    );
    const greedy: DiscardingClient[] = [];
    for (let client = 0; client < count; client++) {
      const { socket } = socketOf(served);
      const one = parts.use(await DiscardingClient.connect(socket));
      for (let read = 0; read < reads; read++) {
        one.read((client * reads + read) * 8 * MIB % (ELSEWHERE - READ_BYTES), READ_BYTES);
      }
      greedy.push(one);
    }
    await until("the disk is at work", () => device.source.reads().length > 0);
    return new Crowd(device, served, greedy, parts.move());
  }

  /** Reads that wait for the device, as each progress so far has said. */
  get #waiting(): number[] {
    return this.served.program.stdout.split("\n")
      .filter((line) => line.includes('"event":"progress"') && line.endsWith("}"))
      .map((line) => JSON.parse(line).waiting);
  }

  /** Waits until so many reads wait for the device. */
  untilWaiting(count: number): Promise<void> {
    return until(`${count} reads wait`, () => this.#waiting.at(-1) === count);
  }

  /** How many reads wait, once that changes no more because the device hangs. */
  async settled(): Promise<number> {
    const before = this.#waiting.length;
    await until("nothing changes", () => {
      const [last, ...earlier] = this.#waiting.slice(before).reverse();
      return earlier.length > 1 && earlier.slice(0, 2).every((waiting) => waiting === last);
    });
    return this.#waiting.at(-1)!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

function socketOf({ uri }: Served): { socket: string } {
  return { socket: new URL(uri).searchParams.get("socket")! };
}

for (const greedy of [1, 5]) {
  Deno.test({
    name: `a small read waits for one slice of each of ${greedy} greedy clients at most`,
    ignore,
    async fn() {
      await using crowd = await Crowd.gather(greedy, 64);
      const { device, served } = crowd;
      using small = await DiscardingClient.connect(socketOf(served).socket);
      for (let round = 0; round < 4; round++) {
        const offset = ELSEWHERE + round * MIB;
        let answer: Promise<number>;
        {
          // While the disk hangs the read arrives, and a slice of somebody is under way.
          await using _hang = await device.source.hang();
          const waiting = await crowd.settled();
          device.source.mark();
          answer = small.read(offset, 4096);
          await crowd.untilWaiting(waiting + 1);
        }
        assertEquals(await answer, 0);
        const reads = device.source.reads();
        const own = reads.findIndex((read) => read.offset === offset);
        const before = reads.slice(0, own).reduce((sum, { length }) => sum + length, 0);
        assert(own >= 0, "it was not read");
        // What has asked for nothing for a while waits for the slice under way alone.
        const slices = round === 0 ? 1 : greedy + 1;
        assert(before <= slices * SLICE, `${before} bytes before it in round ${round}`);
      }
      await served.stop();
    },
  });
}

// Past 256 reads the server does not read from a client any more.
for (const reads of [64, 400]) {
  Deno.test({
    name: `clients that leave with ${reads} reads in flight cost the slice under way`,
    ignore,
    async fn() {
      await using crowd = await Crowd.gather(3, reads);
      const { device, served } = crowd;
      {
        await using _hang = await device.source.hang();
        assert(await crowd.settled() > 2 * Math.min(reads, 256));
        for (const client of crowd.greedy) client[Symbol.dispose]();
        await until("they have left", () => served.program.stdout.split('"left"').length > 3);
        device.source.mark();
      }
      await crowd.untilWaiting(0);
      using next = await DiscardingClient.connect(socketOf(served).socket);
      assertEquals(await next.read(ELSEWHERE, 4096), 0);
      const asked = device.source.reads();
      assertEquals(asked.at(-1)?.offset, ELSEWHERE);
      const before = asked.slice(0, -1).reduce((sum, { length }) => sum + length, 0);
      assert(before <= SLICE, `${before} bytes before the next client's`);
      await served.stop();
    },
  });
}
