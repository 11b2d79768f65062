// A program for the tests of FUSE: shows a device or file as a file, with a cache of its own and nothing
// else. `show_device.ts JSON`, where JSON is a ShowOptions; events come out as JSON lines, "ready" first.
// SIGTERM ends it in order; the last line has its counters.

import { FileMap } from "../../src/map/file_map.ts";
import { plainLayout } from "../../src/identity/disc_layout.ts";
import { blankIdentity } from "../../src/identity/identity.ts";
import { UnprovedMarks } from "../../src/map/unproved_marks.ts";
import { modeOfCopies } from "../../src/files/private_mode.ts";
import { DescriptorUsers } from "../../src/server/descriptor_users.ts";
import type { ServerEvent } from "../../src/server/events.ts";
import { FUSE_THREADS, FuseMount } from "../../src/server/fuse_mount.ts";
import { withTimeout } from "../../src/server/with_timeout.ts";
import {
  READER_DEVICE_READS,
  READER_FAILED_READS,
  SESSION_REQUESTS,
  SharedState,
} from "../../src/shared/shared_state.ts";
import { identityOf, openFile, seekEnd, truncateFd } from "../../src/sys/fd.ts";
import { O_CREAT, O_DIRECT, O_RDONLY, O_RDWR } from "../../src/sys/open_flags.ts";
import { S_IFBLK, S_IFMT } from "../../src/sys/statx.ts";
import { UserError } from "../../src/base/errors.ts";
import type { ReaderInit, ReaderMessage } from "../../src/workers/reader_init.ts";

/** What to show. Sizes are bytes. */
export interface ShowOptions {
  device: string;
  file: string;
  /** Made, and not removed. */
  image: string;
  /** Read the device with O_DIRECT. */
  direct?: boolean;
  sectorSize?: number;
  readAhead?: number;
  timeoutMs?: number;
}

/** How long a hanging reader is waited for at the end, milliseconds. */
const READER_MS = 1500;

async function show(options: ShowOptions): Promise<void> {
  const { sectorSize = 512, readAhead = 1024 * 1024, timeoutMs = 60_000 } = options;
  const stop = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGTERM", () => stop.resolve());
  const deviceFd = openFile(options.device, O_RDONLY | (options.direct ? O_DIRECT : 0));
  const imageFd = openFile(options.image, O_RDWR | O_CREAT, 0o600);
  const size = seekEnd(deviceFd);
  truncateFd(imageFd, size);
  const map = FileMap.create(size);
  const state = SharedState.create(FUSE_THREADS);
  const medium = { size, sectorSize, map: map.buffer, imageFd };
  const readerEnded = startReader({
    state: state.buffer,
    sessions: FUSE_THREADS,
    medium: {
      ...medium,
      fresh: true,
      deviceFd,
      blockDevice: (identityOf(deviceFd).mode & S_IFMT) === S_IFBLK,
      identity: blankIdentity(size, 512),
      failures: [],
      imagePath: options.image,
      mapPath: "",
      sidecarPath: "",
      mode: modeOfCopies(deviceFd),
      layout: plainLayout(size),
      model: undefined,
    },
    unproved: UnprovedMarks.createMemory(),
    sparesMemory: false,
    isOffline: false,
    path: "",
    settings: { retries: 0, timeoutMs: 0 },
  });
  const mount = await FuseMount.start({
    path: options.file,
    mode: modeOfCopies(deviceFd),
    state,
    firstSession: 0,
    served: { ...medium, readAhead, readAheadEnd: size, touched: undefined },
    timeoutMs,
    users: new DescriptorUsers(),
    stopped: stop.promise,
  }, print);
  print({ event: "ready" });
  await Promise.race([stop.promise, mount.ended]);
  state.end();
  await mount.end();
  if (await withTimeout(Promise.all([readerEnded, mount.ended]), READER_MS)) mount.close();
  const counters = state.readerCounters;
  print({
    event: "done",
    deviceReads: counters[READER_DEVICE_READS],
    failedReads: counters[READER_FAILED_READS],
    requests: state.sumOfSessions(SESSION_REQUESTS),
  });
}

function startReader(init: ReaderInit): Promise<void> {
  const worker = new Worker(new URL("../../src/workers/reader.ts", import.meta.url), {
    type: "module",
  });
  worker.postMessage(init);
  return new Promise((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<ReaderMessage>) => {
      if (data.type === "ended") resolve();
    };
  });
}

function print(event: ServerEvent | Record<string, unknown>): void {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(event) + "\n"));
}

if (import.meta.main) {
  try {
    await show(JSON.parse(Deno.args[0]!));
    Deno.exit(0);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    print({ event: "refused", message: error.message, hints: error.hints });
    Deno.exit(1);
  }
}
