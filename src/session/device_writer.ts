// Hands a session's writes to the reader, the only thread that touches the device. Each has memory of its own,
// which the reader reads until the request has ended. Session thread only.
import { PENDING, type Writer, type WriterAbilities } from "../nbd/writer.ts";
import {
  KIND_FLUSH,
  KIND_WRITE,
  KIND_WRITE_DURABLE,
  KIND_ZERO,
  KIND_ZERO_DURABLE,
} from "../shared/shared_state.ts";
import { NativeMemory } from "../sys/memory.ts";
import { SystemError } from "../sys/system_error.ts";
import type { CachedFile } from "./cached_file.ts";

/** Most memory of a session for payloads under way, one write excepted. */
const MAX_HELD_PAYLOAD_BYTES = 67_108_864;

/** What a trimmed sector holds is the device's secret, which an image cannot share. */
export const DEVICE_WRITER: WriterAbilities = { canTrim: false, canZeroFast: false };

/** Hands a session's writes to the reader and waits for their end. Session thread. */
export class DeviceWriter implements Writer {
  readonly canTrim = DEVICE_WRITER.canTrim;
  readonly canZeroFast = DEVICE_WRITER.canZeroFast;
  readonly #cached: CachedFile;
  /** By slot: payload under way, and the error number of what has ended. */
  readonly #payloads: (NativeMemory | undefined)[];
  readonly #errnos: Int32Array;
  #bytes = 0;
  /** Memory for a payload that has not come to its end. */
  #reserved: NativeMemory | undefined;

  /** Makes `cached` take writes. */
  constructor(cached: CachedFile) {
    this.#cached = cached;
    this.#payloads = new Array(cached.pending.count);
    this.#errnos = new Int32Array(cached.pending.count);
    cached.writer = this;
  }

  reserve(length: number): Uint8Array | undefined {
    this.#dropReserved();
    if (this.#bytes > 0 && this.#bytes + length > MAX_HELD_PAYLOAD_BYTES) return undefined;
    const { memory } = this.#cached;
    if (!memory.take(length)) return undefined;
    try {
      this.#reserved = NativeMemory.allocate(length);
    } catch (error) {
      memory.give(length);
      // What is under way gives memory back; with nothing under way there is nothing to wait for.
      if (error instanceof SystemError && this.#bytes > 0) return undefined;
      throw error;
    }
    return this.#reserved.bytes;
  }

  write(slot: number, offset: number, length: number, durable: boolean): number {
    const payload = this.#reserved!;
    this.#reserved = undefined;
    this.#payloads[slot] = payload;
    this.#bytes += payload.size;
    const kind = durable ? KIND_WRITE_DURABLE : KIND_WRITE;
    this.#cached.parkWrite(slot, kind, offset, length, payload.address);
    return PENDING;
  }

  zero(slot: number, offset: number, length: number, durable: boolean): number {
    this.#cached.parkWrite(slot, durable ? KIND_ZERO_DURABLE : KIND_ZERO, offset, length, 0);
    return PENDING;
  }

  trim(): number {
    return 0;
  }

  flush(slot: number): number {
    this.#cached.parkWrite(slot, KIND_FLUSH, 0, 0, 0);
    return PENDING;
  }

  /** The reader is done with a request, also with one whose client has left. @param errno positive, or 0. */
  ended(slot: number, errno: number): void {
    this.#errnos[slot] = errno;
    const payload = this.#payloads[slot];
    if (payload === undefined) return;
    this.#payloads[slot] = undefined;
    this.#bytes -= payload.size;
    this.#giveBack(payload);
  }

  outcome(slot: number): number {
    return this.#errnos[slot];
  }

  /** The client has left. What is under way goes on. */
  endClient(): void {
    this.#dropReserved();
  }

  /** Nothing more is given back: the reader may still read what is under way. */
  release(): void {
    this.#dropReserved();
  }

  #dropReserved(): void {
    if (this.#reserved !== undefined) this.#giveBack(this.#reserved);
    this.#reserved = undefined;
  }

  #giveBack(payload: NativeMemory): void {
    const { size } = payload;
    payload.release();
    this.#cached.memory.give(size);
  }
}
