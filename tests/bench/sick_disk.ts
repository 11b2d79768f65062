// A block device that is as sick, and as slow, as a model says: an NBD server of ours, shown as a file by
// nbdfuse, under a loop device. Needs root.

import { closeFd, openFile } from "../../src/sys/fd.ts";
import { O_RDONLY } from "../../src/sys/open_flags.ts";
import { listenUnix } from "../../src/sys/socket.ts";
import { FuseFile } from "../harness/fuse_file.ts";
import { LoopDevice } from "../harness/loop_device.ts";
import type { SickModel } from "../harness/sick_model.ts";
import { hideLoopDevice, showLoopDevice } from "./hidden_loop_device.ts";
import {
  MET_NOTHING,
  MET_OUTAGE,
  RECORD_WORDS,
  type ServedOutage,
  type SickServerInit,
} from "./sick_server.ts";

/** Reads that can be recorded. */
const MOST_READS = 2_000_000;

/** One read that the disk has done. */
export interface DiskRead {
  /** Since the first read. */
  readonly endMs: number;
  readonly offset: number;
  readonly length: number;
  readonly good: boolean;
  /** It has failed because the disk did not answer. */
  readonly inVain: boolean;
}

/** How often to look whether the first read has come, milliseconds. */
const LOOK_MS = 5;

/** A block device that fails and delays as a model says. Declare it with `await using`; end its readers first. */
export class SickDisk implements AsyncDisposable {
  readonly path: string;
  readonly #record: Float64Array;
  readonly #parts: AsyncDisposableStack;

  private constructor(path: string, record: Float64Array, parts: AsyncDisposableStack) {
    this.path = path;
    this.#record = record;
    this.#parts = parts;
  }

  /** @param data a file of the model's size. @param folder for what the disk needs, of its own. */
  static async make(
    model: SickModel,
    data: string,
    folder: string,
    outage?: ServedOutage,
  ): Promise<SickDisk> {
    await using parts = new AsyncDisposableStack();
    const record = new SharedArrayBuffer(8 * (1 + MOST_READS * RECORD_WORDS));
    const socket = `${folder}/source.sock`;
    const listener = listenUnix(socket, 1);
    const file = openFile(data, O_RDONLY);
    const worker = new Worker(new URL("sick_server.ts", import.meta.url), { type: "module" });
    parts.defer(() => {
      worker.terminate();
      closeFd(listener);
      closeFd(file);
    });
    worker.postMessage(
      {
        listener,
        file,
        truth: model.truth.buffer,
        slow: model.slow.buffer,
        timing: model.timing,
        outage,
        record,
      } satisfies SickServerInit,
    );
    const uri = `nbd+unix:///?socket=${socket}`;
    const shown = parts.use(await FuseFile.mount(uri, `${folder}/disk`));
    const { sectorSize } = model;
    const loop = parts.use(
      LoopDevice.attach(shown.path, { sectorSize, direct: true, readOnly: true }),
    );
    // From here on time runs: what mounting and attaching have read is not counted.
    const disk = new SickDisk(loop.path, new Float64Array(record), parts.move());
    disk.#first = disk.#record[0];
    if (outage?.how === "vanishes") disk.#vanishAt(outage);
    return disk;
  }

  #first = 0;

  /** What it has done since it was made; times since the first of these. */
  reads(): DiskRead[] {
    const reads: DiskRead[] = [];
    let startMs: number | undefined;
    for (let index = this.#first; index < this.#record[0]; index++) {
      const at = 1 + index * RECORD_WORDS;
      const [endMs, offset, length, met] = this.#record.subarray(at, at + RECORD_WORDS);
      startMs ??= endMs;
      const [good, inVain] = [met === MET_NOTHING, met === MET_OUTAGE];
      reads.push({ endMs: endMs - startMs, offset, length, good, inVain });
    }
    return reads;
  }

  /** Has the disk go and come back, counted from its first read. */
  #vanishAt({ startsMs = [], ms }: ServedOutage): void {
    const timers: ReturnType<typeof setTimeout>[] = [];
    const look = setInterval(() => {
      if (this.#record[0] === this.#first) return;
      clearInterval(look);
      for (const startMs of startsMs) {
        timers.push(setTimeout(() => hideLoopDevice(this.path), startMs));
        timers.push(setTimeout(() => showLoopDevice(this.path), startMs + ms));
      }
    }, LOOK_MS);
    this.#parts.defer(() => {
      clearInterval(look);
      timers.forEach((timer) => clearTimeout(timer));
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts[Symbol.asyncDispose]();
  }
}
