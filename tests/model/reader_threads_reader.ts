/// <reference lib="deno.worker" />
// The real reader over a simulated device, with an image that fails now and then.
import { ImageComparison } from "../../src/reader/image_comparison.ts";
import { ImageWriter } from "../../src/reader/image_writer.ts";
import { Publisher } from "../../src/reader/publisher.ts";
import { FileMap } from "../../src/map/file_map.ts";
import { MAX_READ } from "../../src/reader/pace.ts";
import { Reader } from "../../src/reader/reader.ts";
import { ReaderQueue } from "../../src/shared/request_queue.ts";
import { SharedState } from "../../src/shared/shared_state.ts";
import { ENOSPC } from "../../src/sys/errno.ts";
import { NativeMemory } from "../../src/sys/memory.ts";
import { SimulatedDevice } from "../unit/reader/simulated_device.ts";
import { Random } from "./map_random.ts";
import { DEVICE_BYTES, type Orders, SECTOR } from "./reader_threads_orders.ts";

self.onmessage = ({ data }: MessageEvent<Orders>) => {
  const device = new SimulatedDevice(DEVICE_BYTES, SECTOR, data.seed);
  for (const sector of data.bad) device.bad.add(sector);
  const random = new Random(data.seed);
  const state = new SharedState(data.state, data.sessions);
  const map = FileMap.attach(data.map);
  const writer = new ImageWriter(data.image, true);
  const write = writer.write.bind(writer);
  writer.write = (address, offset, length) =>
    random.once(2000) ? -ENOSPC : write(address, offset, length);
  const reader = new Reader({
    device,
    map,
    publisher: new Publisher(map, writer, state, {
      imageFailed: () => {},
      imageRecovered: () => {},
      mapFull: () => {},
    }),
    state,
    queue: new ReaderQueue(state),
    buffer: NativeMemory.allocate(MAX_READ),
    observer: {
      readFailed: () => {},
      deviceGone: () => {},
      deviceSilent: () => {},
      deviceAnswers: () => {},
      fillEnded: () => {},
      differs: () => {},
    },
    settings: { retries: 0, timeoutMs: 0 },
    fill: undefined,
    comparison: new ImageComparison(data.image),
  });
  self.postMessage("ready");
  reader.run();
  self.postMessage(device.reads.filter(({ result }) => result <= 0).length);
};
