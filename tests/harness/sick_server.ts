// Worker: an NBD server for one client that is as sick, and as slow, as a model says. It does one read at a
// time, as a disk does, and keeps a record of each. Oldstyle negotiation (libnbd takes it): no options.
/// <reference lib="deno.worker" />
import { NBD_REQUEST_MAGIC, NBD_SIMPLE_REPLY_MAGIC } from "../../src/nbd/constants.ts";
import { tryPreadAll } from "../../src/sys/fd.ts";
import { NativeMemory } from "../../src/sys/memory.ts";
import { POLLIN, PollSet } from "../../src/sys/poll.ts";
import { tryAccept, tryRecv, trySendAll } from "../../src/sys/socket.ts";
import { SickDrive } from "./sick_drives/sick_drive.ts";
import { makeSickDrive, type SickDriveName } from "./sick_drives/sick_drives.ts";
import { type SharedMaps, SickModel, type Timing } from "./sick_model.ts";
import { OpenWatch } from "./open_watch.ts";
import { type ServedOutage, ServedSilences } from "./served_silences.ts";

/** A drive that each thread makes for itself: the same name, size and seed make the same one. */
export interface NamedDrive {
  readonly name: SickDriveName;
  readonly size: number;
  readonly seed: number;
}

/** A model that this thread has made, and when it does not answer; undefined: it always does. */
export interface ModelledDisk {
  readonly size: number;
  readonly sectorSize: number;
  readonly timing: Timing;
  readonly maps: SharedMaps;
  readonly outage: ServedOutage | undefined;
}

/** What the worker is told. Descriptors belong to the process. */
export interface SickServerInit {
  readonly listener: number;
  /** The data, of the maps' size. */
  readonly file: number;
  readonly disk: NamedDrive | ModelledDisk;
  /** Float64: how many reads, then RECORD_WORDS for each. */
  readonly record: SharedArrayBuffer;
  /** Int32: the words below, which main sets; then the bytes of a path. */
  readonly orders: SharedArrayBuffer;
}

/** What main has done: taken the disk away from those who have it open, and given it another name. */
export const ORDER_HIDDEN = 0;
export const ORDER_RETURNED = 1;
/** Length of a path, in bytes: whoever opens that opens the drive again. */
export const ORDER_WATCH = 2;
export const ORDER_WORDS = 3;
export const MOST_PATH_BYTES = 256;

/** What the worker tells: the maps of its drive, and that the drive has just vanished. */
export type SickServerMessage =
  | { type: "maps"; maps: SharedMaps }
  | { type: "vanished" };

/** What a recorded read has met. */
export const MET_BAD_SECTOR = 0;
export const MET_NOTHING = 1;
export const MET_OUTAGE = 2;

/** End in milliseconds since the first read began, offset, length, what it has met. */
export const RECORD_WORDS = 4;

const HANDSHAKE_BYTES = 152;
const OLDSTYLE_MAGIC = 0x00420281861253n;
const FLAGS = 0b11; // has flags, read-only
const REQUEST_BYTES = 28;
const REPLY_BYTES = 16;
const NBD_CMD_READ = 0;
const NBD_CMD_DISC = 2;
const EIO = 5;
const EINVAL = 22;
const LARGEST = 32 * 1_048_576;

/** How long the disk waits for main to take it away, milliseconds. */
const HIDING_MS = 5000;

self.onmessage = ({ data }: MessageEvent<SickServerInit>) => {
  const server = new SickServer(data);
  const poll = new PollSet(1);
  poll.set(0, data.listener, POLLIN);
  poll.wait(-1);
  server.serve(tryAccept(data.listener));
  self.close();
};

function tell(message: SickServerMessage): void {
  self.postMessage(message);
}

function driveOf(disk: SickServerInit["disk"]): SickDrive {
  if ("name" in disk) return makeSickDrive(disk.name, disk.size, disk.seed);
  const { size, sectorSize, timing, maps, outage } = disk;
  const silences = outage && new ServedSilences(outage, timing.failureMs);
  return new SickDrive(new SickModel(size, sectorSize, timing, maps), silences);
}

class SickServer {
  readonly #init: SickServerInit;
  #socket = -1;
  readonly #drive: SickDrive;
  readonly #record: Float64Array;
  readonly #orders: Int32Array<SharedArrayBuffer>;
  readonly #memory = NativeMemory.allocate(LARGEST + 4096);
  readonly #view = new DataView(this.#memory.bytes.buffer, this.#memory.bytes.byteOffset);
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  #watch: OpenWatch | undefined;
  #firstMs = 0;
  /** When the disk is free again. */
  #freeMs = 0;

  constructor(init: SickServerInit) {
    this.#init = init;
    this.#drive = driveOf(init.disk);
    this.#record = new Float64Array(init.record);
    this.#orders = new Int32Array(init.orders);
    tell({ type: "maps", maps: this.#drive.model.maps });
  }

  serve(socket: number): void {
    this.#socket = socket;
    this.#view.setBigUint64(0, 0x4e42444d41474943n);
    this.#view.setBigUint64(8, OLDSTYLE_MAGIC);
    this.#view.setBigUint64(16, BigInt(this.#drive.model.size));
    this.#view.setUint32(24, FLAGS);
    this.#send(HANDSHAKE_BYTES);
    while (this.#receive(REQUEST_BYTES)) if (!this.#answer()) return;
  }

  /** @returns false when the client leaves. */
  #answer(): boolean {
    const view = this.#view;
    if (view.getUint32(0) !== NBD_REQUEST_MAGIC) return false;
    const command = view.getUint16(6);
    if (command === NBD_CMD_DISC) return false;
    const offset = Number(view.getBigUint64(16));
    const length = view.getUint32(24);
    // The reply has the request's handle in the same place.
    view.setUint32(0, NBD_SIMPLE_REPLY_MAGIC);
    const errno = command === NBD_CMD_READ && length <= LARGEST
      ? this.#read(offset, length)
      : EINVAL;
    view.setUint32(4, errno);
    this.#send(errno === 0 ? REPLY_BYTES + length : REPLY_BYTES);
    return true;
  }

  /** @returns 0, or an errno. */
  #read(offset: number, length: number): number {
    const nowMs = performance.now();
    if (this.#firstMs === 0) this.#firstMs = nowMs;
    const beganMs = Math.max(this.#freeMs, nowMs);
    if (this.#isReopened()) this.#drive.reopen(beganMs);
    const { outcome, tookMs } = this.#drive.read(offset, length, beganMs);
    this.#freeMs = beganMs + tookMs;
    const isGood = outcome === "data";
    const address = this.#memory.address + REPLY_BYTES;
    if (isGood) tryPreadAll(this.#init.file, address, length, offset);
    const restMs = this.#freeMs - performance.now();
    if (restMs > 0) Atomics.wait(this.#sleeper, 0, 0, restMs);
    if (outcome === "gone") this.#vanish();
    const count = this.#record[0]++;
    const met = isGood ? MET_NOTHING : outcome === "bad sector" ? MET_BAD_SECTOR : MET_OUTAGE;
    const entry = [performance.now() - this.#firstMs, offset, length, met];
    this.#record.set(entry, 1 + count * RECORD_WORDS);
    return isGood ? 0 : EIO;
  }

  /** Main takes it away before anybody hears of this read. */
  #vanish(): void {
    Atomics.store(this.#orders, ORDER_HIDDEN, 0);
    tell({ type: "vanished" });
    Atomics.wait(this.#orders, ORDER_HIDDEN, 0, HIDING_MS);
  }

  /** Whether somebody has it open by the name that it has now. */
  #isReopened(): boolean {
    const pathBytes = Atomics.exchange(this.#orders, ORDER_WATCH, 0);
    if (pathBytes > 0) {
      const path = new Uint8Array(this.#init.orders, 4 * ORDER_WORDS, pathBytes);
      this.#watch = new OpenWatch(new TextDecoder().decode(path.slice()));
    }
    const hasReturned = Atomics.exchange(this.#orders, ORDER_RETURNED, 0) === 1;
    return (this.#watch?.wasOpened() ?? false) || hasReturned;
  }

  #receive(length: number): boolean {
    for (let have = 0; have < length;) {
      const count = tryRecv(this.#socket, this.#memory.address + have, length - have);
      if (count <= 0) return false;
      have += count;
    }
    return true;
  }

  #send(length: number): void {
    trySendAll(this.#socket, this.#memory.address, length);
  }
}
