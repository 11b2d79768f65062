// Worker: an NBD server for one client that is as sick, and as slow, as a model says. It does one read at a
// time, as a disk does, and keeps a record of each. Oldstyle negotiation (libnbd takes it): no options.
/// <reference lib="deno.worker" />
import { NBD_REQUEST_MAGIC, NBD_SIMPLE_REPLY_MAGIC } from "../../src/nbd/constants.ts";
import { FileMap } from "../../src/map/file_map.ts";
import { BAD_SECTOR, maskOf } from "../../src/map/statuses.ts";
import { tryPreadAll } from "../../src/sys/fd.ts";
import { NativeMemory } from "../../src/sys/memory.ts";
import { POLLIN, PollSet } from "../../src/sys/poll.ts";
import { tryAccept, tryRecv, trySendAll } from "../../src/sys/socket.ts";
import type { Timing } from "../harness/sick_model.ts";

/** When the disk does not answer, each time for `ms` milliseconds. */
export interface ServedOutage {
  readonly ms: number;
  /** After each so many reads of bad sectors. */
  readonly failures?: number;
  /** Times since the first read, milliseconds. */
  readonly startsMs?: readonly number[];
  /** All reads fail; the next read fails at the end of the outage; or the disk is not there. Default: it fails. */
  readonly how?: "fails" | "hangs" | "vanishes";
}

/** What the worker is told. Descriptors belong to the process. */
export interface SickServerInit {
  readonly listener: number;
  /** The data, of the maps' size. */
  readonly file: number;
  readonly truth: SharedArrayBuffer;
  readonly slow: SharedArrayBuffer;
  readonly timing: Timing;
  /** undefined: it always answers. */
  readonly outage?: ServedOutage | undefined;
  /** Float64: how many reads, then RECORD_WORDS for each. */
  readonly record: SharedArrayBuffer;
}

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

self.onmessage = ({ data }: MessageEvent<SickServerInit>) => {
  const poll = new PollSet(1);
  poll.set(0, data.listener, POLLIN);
  poll.wait(-1);
  new SickServer(data, tryAccept(data.listener)).serve();
  self.close();
};

class SickServer {
  readonly #init: SickServerInit;
  readonly #socket: number;
  readonly #truth: FileMap;
  readonly #slow: FileMap;
  readonly #record: Float64Array;
  readonly #memory = NativeMemory.allocate(LARGEST + 4096);
  readonly #view = new DataView(this.#memory.bytes.buffer, this.#memory.bytes.byteOffset);
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  #firstMs = 0;
  /** When the disk is free again. */
  #freeMs = 0;
  #failures = 0;
  #silentUntilMs = 0;

  constructor(init: SickServerInit, socket: number) {
    this.#init = init;
    this.#socket = socket;
    this.#truth = FileMap.attach(init.truth);
    this.#slow = FileMap.attach(init.slow);
    this.#record = new Float64Array(init.record);
  }

  serve(): void {
    this.#view.setBigUint64(0, 0x4e42444d41474943n);
    this.#view.setBigUint64(8, OLDSTYLE_MAGIC);
    this.#view.setBigUint64(16, BigInt(this.#truth.size));
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
    const { readMs, byteMs, failureMs, slowness } = this.#init.timing;
    const touches = (map: FileMap) => map.find(offset, offset + length, maskOf(BAD_SECTOR)) >= 0;
    const nowMs = performance.now();
    if (this.#firstMs === 0) this.#firstMs = nowMs;
    const outageEndMs = this.#outageEnd(nowMs);
    const isSilent = nowMs < outageEndMs;
    const bad = isSilent || touches(this.#truth);
    if (bad && !isSilent) this.#noteFailure(nowMs);
    const ms = (readMs + byteMs * length) * (touches(this.#slow) ? slowness : 1);
    this.#freeMs = Math.max(this.#freeMs, nowMs) + ms + (bad ? failureMs : 0);
    if (isSilent && this.#init.outage?.how === "hangs") this.#freeMs = outageEndMs;
    const address = this.#memory.address + REPLY_BYTES;
    if (!bad) tryPreadAll(this.#init.file, address, length, offset);
    const restMs = this.#freeMs - performance.now();
    if (restMs > 0) Atomics.wait(this.#sleeper, 0, 0, restMs);
    const count = this.#record[0]++;
    const met = isSilent ? MET_OUTAGE : bad ? MET_BAD_SECTOR : MET_NOTHING;
    const entry = [performance.now() - this.#firstMs, offset, length, met];
    this.#record.set(entry, 1 + count * RECORD_WORDS);
    return bad ? EIO : 0;
  }

  /** When the outage ends that the disk is in; a time that has passed when it is in none. */
  #outageEnd(nowMs: number): number {
    const { startsMs = [], ms = 0, how } = this.#init.outage ?? {};
    if (how === "vanishes") return 0;
    const start = startsMs.find((start) => {
      const sinceMs = nowMs - this.#firstMs - start;
      return 0 <= sinceMs && sinceMs < ms;
    });
    return start === undefined ? this.#silentUntilMs : this.#firstMs + start + ms;
  }

  #noteFailure(nowMs: number): void {
    const { failures, ms = 0 } = this.#init.outage ?? {};
    if (failures !== undefined && ++this.#failures % failures === 0) {
      this.#silentUntilMs = nowMs + ms;
    }
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
