// Takes a session's writes into its overlay, each of them at once. Session thread only.
import type { Writer, WriterAbilities } from "../nbd/writer.ts";
import { NativeMemory } from "../sys/memory.ts";
import type { Overlay } from "./overlay.ts";

/** Longest time that what was written waits for a flush, while clients ask for none, milliseconds. */
const UNFLUSHED_MS = 30_000;

export const OVERLAY_WRITER: WriterAbilities = { canTrim: true, canZeroFast: true };

/** See the head of this file. */
export class OverlayWriter implements Writer {
  readonly canTrim = OVERLAY_WRITER.canTrim;
  readonly canZeroFast = OVERLAY_WRITER.canZeroFast;
  readonly #overlay: Overlay;
  readonly #mostBytes: number;
  /** Only touched pages cost memory. */
  #payload: NativeMemory | undefined;
  #flushedMs = performance.now();

  /** @param mostBytes longest payload. */
  constructor(overlay: Overlay, mostBytes: number) {
    this.#overlay = overlay;
    this.#mostBytes = mostBytes;
  }

  reserve(_length: number): Uint8Array {
    this.#payload ??= NativeMemory.allocate(this.#mostBytes);
    return this.#payload.bytes;
  }

  write(_token: number, offset: number, length: number, durable: boolean): number {
    return this.#durably(this.#overlay.write(this.#payload!.address, offset, length), durable);
  }

  zero(
    _token: number,
    offset: number,
    length: number,
    durable: boolean,
    mayLeaveHoles: boolean,
    fast: boolean,
  ): number {
    return this.#durably(this.#overlay.zero(offset, length, mayLeaveHoles, fast), durable);
  }

  trim(_token: number, offset: number, length: number, durable: boolean): number {
    return this.#durably(this.#overlay.trim(offset, length), durable);
  }

  flush(_token: number): number {
    this.#flushedMs = performance.now();
    return this.#overlay.flush();
  }

  outcome(_token: number): number {
    return 0;
  }

  /** The client has left: what it has written is kept from now on, whether it has asked for that or not. */
  endClient(): void {
    if (this.#overlay.isDirty) this.#overlay.flush();
    this.#payload?.discard();
  }

  release(): void {
    this.#payload?.release();
    this.#overlay.release();
  }

  #durably(errno: number, durable: boolean): number {
    if (errno !== 0) return errno;
    if (durable) return this.flush(0);
    // Nobody has asked for it: how it went, the next flush will say.
    if (performance.now() - this.#flushedMs > UNFLUSHED_MS) this.flush(0);
    return 0;
  }
}
