// A block device that is as sick, and as slow, as a model says: an NBD server of ours, shown as a file by
// nbdfuse, under a loop device. Needs root.

import { closeFd, openFile } from "../../src/sys/fd.ts";
import { O_RDONLY } from "../../src/sys/open_flags.ts";
import { listenUnix } from "../../src/sys/socket.ts";
import { FuseFile } from "./fuse_file.ts";
import { LoopDevice } from "./loop_device.ts";
import { SILENT_MS } from "./sick_drives/after_failures.ts";
import { makeSickDrive } from "./sick_drives/sick_drives.ts";
import { type SharedMaps, SickModel } from "./sick_model.ts";
import { hideLoopDevice, showLoopDevice } from "./hidden_loop_device.ts";
import type { ServedOutage } from "./served_silences.ts";
import {
  MET_NOTHING,
  MET_OUTAGE,
  MOST_PATH_BYTES,
  type NamedDrive,
  ORDER_HIDDEN,
  ORDER_RETURNED,
  ORDER_WATCH,
  ORDER_WORDS,
  RECORD_WORDS,
  type SickServerInit,
  type SickServerMessage,
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
  /** Leads to the device, by whatever name it has now. */
  readonly path: string;
  /** What is wrong where, as it is by now. */
  readonly model: SickModel;
  #loop: LoopDevice;
  readonly #record: Float64Array;
  readonly #parts: AsyncDisposableStack;

  private constructor(
    loop: LoopDevice,
    path: string,
    model: SickModel,
    record: SharedArrayBuffer,
    parts: AsyncDisposableStack,
  ) {
    this.#loop = loop;
    this.path = path;
    this.model = model;
    this.#record = new Float64Array(record);
    this.#parts = parts;
  }

  /** @param data a file of the model's size. @param folder for what the disk needs, of its own. */
  static async make(
    model: SickModel,
    data: string,
    folder: string,
    outage?: ServedOutage,
  ): Promise<SickDisk> {
    const { size, sectorSize, timing, maps } = model;
    const served = { size, sectorSize, timing, maps, outage };
    const disk = await SickDisk.#serve(served, model, data, folder);
    if (outage?.how === "vanishes") disk.#vanishAt(outage);
    return disk;
  }

  /** One of the drives that remember what they were asked. */
  static async makeDrive(drive: NamedDrive, data: string, folder: string): Promise<SickDisk> {
    const { model } = makeSickDrive(drive.name, drive.size, drive.seed);
    return await SickDisk.#serve(drive, model, data, folder);
  }

  static async #serve(
    served: SickServerInit["disk"],
    model: SickModel,
    data: string,
    folder: string,
  ): Promise<SickDisk> {
    await using parts = new AsyncDisposableStack();
    const record = new SharedArrayBuffer(8 * (1 + MOST_READS * RECORD_WORDS));
    const orders = new SharedArrayBuffer(4 * ORDER_WORDS + MOST_PATH_BYTES);
    const socket = `${folder}/source.sock`;
    const listener = listenUnix(socket, 1);
    const file = openFile(data, O_RDONLY);
    const worker = new Worker(new URL("sick_server.ts", import.meta.url), { type: "module" });
    parts.defer(() => {
      worker.terminate();
      closeFd(listener);
      closeFd(file);
    });
    const maps = Promise.withResolvers<SharedMaps>();
    const vanished = { hear: () => {} };
    worker.onmessage = ({ data }: MessageEvent<SickServerMessage>) => {
      if (data.type === "maps") maps.resolve(data.maps);
      else vanished.hear();
    };
    worker.postMessage({ listener, file, disk: served, record, orders } satisfies SickServerInit);
    const { size, sectorSize, timing } = model;
    const present = new SickModel(size, sectorSize, timing, await maps.promise);
    const uri = `nbd+unix:///?socket=${socket}`;
    const shown = parts.use(await FuseFile.mount(uri, `${folder}/disk`));
    const attach = () =>
      LoopDevice.attach(shown.path, { sectorSize, direct: true, readOnly: true });
    const loop = parts.use(attach());
    const path = `${folder}/by-id`;
    Deno.symlinkSync(loop.path, path);
    watchOpens(orders, loop.path);
    // From here on time runs: what mounting and attaching have read is not counted.
    const disk = new SickDisk(loop, path, present, record, parts.move());
    disk.#first = disk.#record[0];
    vanished.hear = () => disk.#vanishNow(new Int32Array(orders), attach);
    return disk;
  }

  /** Takes the disk away from all who have it open; after a while it is there by another name. */
  #vanishNow(orders: Int32Array<SharedArrayBuffer>, attach: () => LoopDevice): void {
    hideLoopDevice(this.#loop.path);
    Atomics.store(orders, ORDER_HIDDEN, 1);
    Atomics.notify(orders, ORDER_HIDDEN);
    const timer = setTimeout(() => {
      this.#loop = this.#parts.use(attach());
      Deno.removeSync(this.path);
      Deno.symlinkSync(this.#loop.path, this.path);
      Atomics.store(orders, ORDER_RETURNED, 1);
    }, SILENT_MS);
    this.#parts.defer(() => clearTimeout(timer));
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
        timers.push(setTimeout(() => hideLoopDevice(this.#loop.path), startMs));
        timers.push(setTimeout(() => showLoopDevice(this.#loop.path), startMs + ms));
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

/** Has the server notice whoever opens `path`. */
function watchOpens(orders: SharedArrayBuffer, path: string): void {
  const bytes = new TextEncoder().encode(path);
  new Uint8Array(orders, 4 * ORDER_WORDS).set(bytes);
  Atomics.store(new Int32Array(orders, 0, ORDER_WORDS), ORDER_WATCH, bytes.length);
}
