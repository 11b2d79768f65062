// The real threads of a cache: sessions that ask for the same places, the reader, an image that fails now and
// then, a device with bad sectors. Whatever a session is given is compared with the device.
import { assert, assertEquals } from "@std/assert";
import { FileMap } from "../../src/map/file_map.ts";
import { FINISHED } from "../../src/map/statuses.ts";
import { SharedState } from "../../src/shared/shared_state.ts";
import { createEventFd } from "../../src/sys/eventfd.ts";
import { closeFd, openFile, pread, truncateFd } from "../../src/sys/fd.ts";
import { O_CREAT, O_RDWR } from "../../src/sys/open_flags.ts";
import { assertSameBytes, noise, TestFolder } from "../harness/test_folder.ts";
import { chooseSeed, Random } from "./map_random.ts";
import { DEVICE_BYTES, type Orders, SECTOR, type Seen } from "./reader_threads_orders.ts";

const SESSIONS = 3;

/** The messages of a worker, one after the other. */
function messagesOf(worker: Worker): () => Promise<unknown> {
  const stream = new ReadableStream({
    start(controller) {
      worker.onmessage = ({ data }) => controller.enqueue(data);
      worker.onerror = (event) => controller.error(new Error(event.message));
    },
  });
  const reader = stream.getReader();
  return async () => (await reader.read()).value;
}

function begin(file: string, orders: Orders) {
  const worker = new Worker(new URL(file, import.meta.url), { type: "module" });
  const next = messagesOf(worker);
  worker.postMessage(orders);
  return { worker, next };
}

Deno.test("threads: every byte that a session gets is the device's, also from an image that fails", async () => {
  const seed = chooseSeed();
  const random = new Random(seed);
  const bad = Array.from({ length: 60 }, () => random.below(DEVICE_BYTES / SECTOR));
  using folder = new TestFolder();
  const image = openFile(folder.file("image"), O_RDWR | O_CREAT);
  truncateFd(image, DEVICE_BYTES);
  const map = FileMap.create(DEVICE_BYTES, { sectorSize: SECTOR });
  const state = SharedState.create(SESSIONS);
  for (let session = 0; session < SESSIONS; session++) state.setEventFd(session, createEventFd());
  const common = { state: state.buffer, sessions: SESSIONS, map: map.buffer, image, seed, bad };
  const orders = { ...common, requests: 600 };

  const reader = begin("./reader_threads_reader.ts", { ...orders, session: -1 });
  assertEquals(await reader.next(), "ready");
  const sessions = Array.from(
    { length: SESSIONS },
    (_, session) => begin("./reader_threads_session.ts", { ...orders, session }),
  );
  const seen = await Promise.all(sessions.map(({ next }) => next())) as Seen[];
  state.end();
  const failingReads = await reader.next() as number;
  for (const { worker } of [reader, ...sessions]) worker.terminate();

  assertEquals(seen.map(({ finding }) => finding), Array(SESSIONS).fill(""));
  const sum = (count: (seen: Seen) => number) => seen.reduce((all, one) => all + count(one), 0);
  console.log(
    `${sum(({ hits }) => hits)} hits, ${sum(({ misses }) => misses)} misses, ` +
      `${sum(({ unreadable }) => unreadable)} unreadable, ${failingReads} failing reads`,
  );
  assert(sum(({ misses }) => misses) > 100);
  const content = noise(DEVICE_BYTES, seed);
  for (const { start, end, status } of map.ranges()) {
    if (status !== FINISHED) continue;
    const bytes = new Uint8Array(end - start);
    pread(image, bytes, start);
    assertSameBytes(bytes, content.slice(start, end), `the image at ${start}`);
  }
  for (let session = 0; session < SESSIONS; session++) closeFd(state.eventFd(session));
  closeFd(image);
});
