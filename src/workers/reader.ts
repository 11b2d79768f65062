// Entry point of the reader worker: wiring only. Its thread is the only one that reads the device.
/// <reference lib="deno.worker" />
import { ImageWriter } from "../cache/image_writer.ts";
import { Publisher } from "../cache/publisher.ts";
import { FileMap } from "../map/file_map.ts";
import { MAX_READ } from "../reader/pace.ts";
import { Fill } from "../reader/fill/fill.ts";
import { Reader } from "../reader/reader.ts";
import { ReaderQueue } from "../shared/request_queue.ts";
import { SharedState } from "../shared/shared_state.ts";
import { blkDiskSeq } from "../sys/block_ioctls.ts";
import { tryPread } from "../sys/fd.ts";
import { UringReader } from "../sys/io_uring.ts";
import { NativeMemory } from "../sys/memory.ts";
import { SystemError } from "../sys/system_error.ts";
import type { FillInit, ReaderInit, ReaderMessage } from "./reader_init.ts";

/** Milliseconds between two reports of failed reads. */
const REPORT_INTERVAL_MS = 1000;

const tell = (message: ReaderMessage) => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<ReaderInit>) => {
  const state = new SharedState(data.state, data.sessions);
  const map = FileMap.attach(data.map);
  const publisher = new Publisher(map, new ImageWriter(data.image, data.fresh), state, {
    imageFailed: (errno) => tell({ type: "imageFailed", errno: -errno }),
    imageRecovered: () => tell({ type: "imageRecovered" }),
    mapFull: () => tell({ type: "mapFull" }),
  });
  const uring = data.blockDevice ? UringReader.create() : undefined;
  let failed = 0;
  let reportedMs = -Infinity;
  const reader = new Reader({
    device: {
      size: data.size,
      sectorSize: data.sectorSize,
      read: uring === undefined
        ? (address, length, offset) => tryPread(data.device, address, length, offset)
        : (address, length, offset) => uring.tryPread(data.device, address, length, offset),
      isSameMedium: data.diskSeq === undefined
        ? () => true
        : () => diskSeqOf(data.device) === data.diskSeq,
    },
    map,
    publisher,
    state,
    queue: new ReaderQueue(state),
    buffer: NativeMemory.allocate(MAX_READ),
    observer: {
      readFailed(offset, length, errno) {
        failed++;
        if (performance.now() - reportedMs < REPORT_INTERVAL_MS) return;
        tell({ type: "readsFailed", count: failed, offset, length, errno });
        failed = 0;
        reportedMs = performance.now();
      },
      deviceGone: (errno) => tell({ type: "deviceGone", errno }),
      fillEnded: (reason) => tell({ type: "fillEnded", reason }),
    },
    retries: data.retries,
    fill: data.fill && makeFill(data.fill, data.sectorSize, map, publisher),
  });
  reader.run();
  tell({ type: "ended" });
};

function makeFill(init: FillInit, sectorSize: number, map: FileMap, publisher: Publisher): Fill {
  return new Fill({
    map,
    domain: init.domain && FileMap.attach(init.domain),
    sectorSize,
    options: init.options,
    mark(start, end, status) {
      publisher.markMissing(start, end, status);
      return map.at(start) === status;
    },
  });
}

/** The number now, or undefined when the device no longer answers. */
function diskSeqOf(fd: number): number | undefined {
  try {
    return blkDiskSeq(fd);
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}
