// Takes a session's writes into its overlay, each of them at once. Session thread only.
import type { Writer, WriterAbilities } from "../nbd/writer.ts";
import type { MemoryBudget } from "../shared/memory_budget.ts";
import { NativeMemory } from "../sys/memory.ts";
import type { Overlay } from "./overlay.ts";

/** Longest time that what was written waits for a flush, while clients ask for none, milliseconds. */
const UNFLUSHED_MS = 30_000;

/** Payloads up to this are not counted: each session has memory for one. */
const FREE_BYTES = 1024 * 1024;

export const OVERLAY_WRITER: WriterAbilities = { canTrim: true, canZeroFast: true };

/** Takes a session's writes into its overlay, each at once. Session thread only. */
export class OverlayWriter implements Writer {
  readonly canTrim = OVERLAY_WRITER.canTrim;
  readonly canZeroFast = OVERLAY_WRITER.canZeroFast;
  readonly #overlay: Overlay;
  readonly #mostBytes: number;
  /** Only touched pages cost memory. */
  #payload: NativeMemory | undefined;
  readonly #memory: MemoryBudget;
  /** Bytes of the budget. */
  #taken = 0;
  #flushedMs = performance.now();

  /**
   * @param mostBytes longest payload.
   * @param memory what all sessions have together for large ones.
   */
  constructor(overlay: Overlay, mostBytes: number, memory: MemoryBudget) {
    this.#memory = memory;
    this.#overlay = overlay;
    this.#mostBytes = mostBytes;
  }

  reserve(length: number): Uint8Array | undefined {
    this.#giveBack();
    if (length > FREE_BYTES) {
      if (!this.#memory.take(length)) return undefined;
      this.#taken = length;
    }
    this.#payload ??= NativeMemory.allocate(this.#mostBytes);
    return this.#payload.bytes;
  }

  write(_slot: number, offset: number, length: number, durable: boolean): number {
    const errno = this.#overlay.write(this.#payload!.address, offset, length);
    this.#giveBack();
    return this.#durably(errno, durable);
  }

  zero(
    _slot: number,
    offset: number,
    length: number,
    durable: boolean,
    mayLeaveHoles: boolean,
    fast: boolean,
  ): number {
    return this.#durably(this.#overlay.zero(offset, length, mayLeaveHoles, fast), durable);
  }

  trim(_slot: number, offset: number, length: number, durable: boolean): number {
    return this.#durably(this.#overlay.trim(offset, length), durable);
  }

  flush(_slot: number): number {
    this.#flushedMs = performance.now();
    return this.#overlay.flush();
  }

  outcome(_slot: number): number {
    return 0;
  }

  /** The client has left: what it has written is kept from now on, whether it has asked for that or not. */
  endClient(): void {
    if (this.#overlay.isDirty) this.#overlay.flush();
    this.#giveBack();
    this.#payload?.discard();
  }

  release(): void {
    this.#giveBack();
    this.#payload?.release();
    this.#overlay.release();
  }

  /** What a large payload has taken: pages too, since the next one may be small. */
  #giveBack(): void {
    if (this.#taken === 0) return;
    this.#payload?.discard();
    this.#memory.give(this.#taken);
    this.#taken = 0;
  }

  #durably(errno: number, durable: boolean): number {
    if (errno !== 0) return errno;
    if (durable) return this.flush(0);
    // Background flush. The next client flush reports its error.
    if (performance.now() - this.#flushedMs > UNFLUSHED_MS) this.flush(0);
    return 0;
  }
}
