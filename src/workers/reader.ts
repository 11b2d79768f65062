// Entry point of the reader worker: wiring only. Its thread is the only one that reads the device.
/// <reference lib="deno.worker" />
import { ImageComparison } from "../reader/image_comparison.ts";
import { ScarceMemory } from "../reader/scarce_memory.ts";
import { ImageWriter } from "../reader/image_writer.ts";
import type { OpenDevice } from "../opening/open_device.ts";
import { Publisher } from "../reader/publisher.ts";
import { WriteIntents } from "../reader/write_intents.ts";
import { modeOfCopies } from "../files/private_mode.ts";
import type { MediumGuard } from "../device/medium_guard.ts";
import { FileMap } from "../map/file_map.ts";
import { UnprovedMarks } from "../map/unproved_marks.ts";
import { MAX_READ } from "../reader/pace.ts";
import { Cooling } from "../reader/cooling.ts";
import { DeviceWrites, type DeviceWritesParts } from "../reader/device_writes.ts";
import { Fill } from "../reader/fill/fill.ts";
import type { PendingReads } from "../reader/pending_reads.ts";
import { Reader } from "../reader/reader.ts";
import { ReaderQueue } from "../shared/request_queue.ts";
import { SharedState } from "../shared/shared_state.ts";
import { tryPwriteAll, trySyncData } from "../sys/fd.ts";
import { UringReader } from "../sys/io_uring.ts";
import { NativeMemory } from "../sys/memory.ts";
import { letGo, openForMain } from "./device_opening.ts";
import { MainThread } from "./main_thread.ts";
import { OpenReadableDevice } from "./readable_device.ts";
import type {
  FillInit,
  ReaderInit,
  ReaderMessage,
  ReaderOrder,
  WritingInit,
} from "./reader_init.ts";

/** Milliseconds between two reports of failed reads. */
const REPORT_INTERVAL_MS = 1000;

const main = new MainThread<ReaderOrder, ReaderMessage>();
const { tell } = main;

/** The device, when it was opened here, until it is let go of. */
let opened: OpenDevice | undefined;
let uring: UringReader | undefined;

main.obey((order) => {
  if ("open" in order) {
    uring = UringReader.create();
    opened = openForMain(order, uring, main);
    if (opened === undefined) end();
  } else if ("abandon" in order) {
    if (opened !== undefined) letGo(opened);
    end();
  } else {
    if (order.medium.blockDevice) uring ??= UringReader.create();
    read(order, opened?.guard);
    opened?.close();
    end();
  }
});

function end(): void {
  uring?.close();
  uring = opened = undefined;
  main.end();
}

/** Serves the requests of sessions, and fills, until the run ends. */
function read(data: ReaderInit, guard: MediumGuard | undefined): void {
  const state = new SharedState(data.state, data.sessions);
  const { medium, isOffline, settings } = data;
  const { imageFd } = medium;
  const map = FileMap.attach(medium.map);
  // An area that loses its `+` leaves bytes behind. In a run that does not write, areas without `+` are holes for sure.
  const imageWriter = new ImageWriter(
    imageFd,
    medium.fresh && data.writing === undefined,
    data.sparesMemory
      ? new ScarceMemory(imageFd, medium.blockDevice || isOffline ? undefined : medium.deviceFd)
      : undefined,
  );
  const publisher = new Publisher(map, imageWriter, state, {
    imageFailed: (errno) => tell({ type: "imageFailed", errno: -errno }),
    imageRecovered: () => tell({ type: "imageRecovered" }),
    mapFull: () => tell({ type: "mapFull" }),
  }, new UnprovedMarks(data.unproved, map));
  const buffer = NativeMemory.allocate(MAX_READ);
  const ring = uring;
  using device = new OpenReadableDevice(
    data,
    guard,
    ring,
    map,
    (message, hints) => tell({ type: "warning", message, hints }),
  );
  let failed = 0;
  let reportedMs = -Infinity;
  const reader = new Reader({
    device,
    map,
    publisher,
    state,
    queue: new ReaderQueue(state),
    buffer,
    observer: {
      readFailed(offset, length, errno) {
        failed++;
        if (performance.now() - reportedMs < REPORT_INTERVAL_MS) return;
        tell({ type: "readsFailed", count: failed, offset, length, errno });
        failed = 0;
        reportedMs = performance.now();
      },
      deviceGone(errno) {
        // Before the clients that wait are answered: they are told that it is over, not that it failed.
        if (guard !== undefined) state.end();
        tell({ type: "deviceGone", errno });
      },
      deviceSilent: (sinceMs, errno) => tell({ type: "silent", sinceMs, errno }),
      deviceAnswers: (silentMs) =>
        tell({ type: "answers", silentMs, path: device.path ?? data.path }),
      fillEnded: (reason, verified) => tell({ type: "fillEnded", reason, verified }),
      differs: (offset) => tell({ type: "differs", offset }),
      writesEnded: (complete) => tell({ type: "writesEnded", complete }),
    },
    settings,
    failures: medium.failures,
    isOffline,
    comparison: new ImageComparison(imageFd),
    cooling: makeCooling(settings.mostCelsius, device),
    fill: data.fill && makeFill(data.fill, medium.sectorSize, map, publisher),
    writes: data.writing &&
      ((pending) =>
        makeWrites(data.writing!, pending, { device, map, publisher, imageFd, buffer })),
  });
  reader.run();
  buffer.release();
}

function makeWrites(
  { deviceFd: fd, intentsPath }: WritingInit,
  pending: PendingReads,
  parts: Pick<DeviceWritesParts, "device" | "map" | "publisher" | "imageFd" | "buffer">,
): DeviceWrites {
  const ring = uring;
  let toldMs = -Infinity;
  return new DeviceWrites({
    ...parts,
    writable: {
      write: ring === undefined
        ? (address, length, offset) => {
          const result = tryPwriteAll(fd, address, length, offset);
          return result < 0 ? result : length;
        }
        : (address, length, offset) => ring.tryPwrite(fd, address, length, offset),
      sync: () => trySyncData(fd),
    },
    intents: new WriteIntents(intentsPath, parts.device.size, modeOfCopies(fd)),
    warn(what, errno) {
      if (performance.now() - toldMs < REPORT_INTERVAL_MS) return;
      toldMs = performance.now();
      tell({ type: "writeFailed", what, errno });
    },
  }, pending);
}

/** @returns undefined, and says so, when the drive tells no temperature. */
function makeCooling(
  mostCelsius: number | undefined,
  device: OpenReadableDevice,
): Cooling | undefined {
  if (mostCelsius === undefined) return undefined;
  if (device.celsius !== undefined) return new Cooling(mostCelsius, () => device.celsius);
  tell({
    type: "warning",
    message: "the drive tells no temperature: --cooldown has no effect",
    hints: ["a SATA disk may tell it after: modprobe drivetemp"],
  });
  return undefined;
}

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
