// A kernel in memory: asks its requests one after the other, lets things happen in between, keeps the replies.

import { type Kernel, Unmounted } from "../../../src/fuse/kernel.ts";
import { INPUT_BYTES, OUTPUT_BYTES } from "../../../src/fuse/limits.ts";

/** A request's bytes, or something that happens while the session waits. */
export type Step = Uint8Array | (() => void);

/** A reply as the kernel takes it. */
export interface Reply {
  readonly unique: bigint;
  readonly lane: number;
  /** Positive. */
  readonly errno: number;
  readonly data: Uint8Array;
}

/** What a session must not do: wait although nothing will ever happen. */
export class Deadlock extends Error {
  override name = "Deadlock";
}

/** Unmounts when its script is over. The clock moves only when a wait times out. */
export class PlayedKernel implements Kernel {
  readonly input = new Uint8Array(INPUT_BYTES);
  readonly output = new Uint8Array(OUTPUT_BYTES);
  lane = 0;
  /** Milliseconds; `now` reads it. */
  clock = 0;
  readonly now = () => this.clock;
  readonly replies: Reply[] = [];
  /** How often other threads have been called. */
  calls = 0;
  readonly #steps: Step[] = [];

  plays(...steps: readonly Step[]): void {
    this.#steps.push(...steps);
  }

  get stepsLeft(): number {
    return this.#steps.length;
  }

  receive(): number {
    for (;;) {
      const step = this.#steps.shift();
      if (step === undefined) throw new Unmounted();
      if (typeof step !== "function") return this.#handOver(step, 0);
      step();
    }
  }

  tryReceive(): number {
    if (this.#steps[0] === undefined || typeof this.#steps[0] === "function") return 0;
    return this.#handOver(this.#steps.shift() as Uint8Array, 1);
  }

  #handOver(request: Uint8Array, lane: number): number {
    this.lane = lane;
    this.input.set(request);
    return request.length;
  }

  wait(timeoutMs: number, receiving: boolean): void {
    const step = this.#steps[0];
    if (typeof step === "function") {
      this.#steps.shift();
      step();
    } else if (step !== undefined && receiving) {
      return;
    } else if (timeoutMs >= 0) {
      this.clock += timeoutMs;
    } else if (step === undefined && receiving) {
      throw new Unmounted();
    } else {
      throw new Deadlock("the session waits for ever");
    }
  }

  send(lane: number, start: number, end: number): void {
    const bytes = this.output.slice(start, end);
    const view = new DataView(bytes.buffer);
    if (view.getUint32(0, true) !== bytes.length) throw new Error("the reply has a wrong length");
    this.replies.push({
      unique: view.getBigUint64(8, true),
      lane,
      errno: -view.getInt32(4, true),
      data: bytes.slice(16),
    });
  }

  callOthers(): void {
    this.calls++;
  }
}

/** A request: struct fuse_in_header and a body of 64-bit words. */
export function request(opcode: number, unique: bigint, ...words: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(40 + words.length * 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint32(4, opcode, true);
  view.setBigUint64(8, unique, true);
  view.setBigUint64(16, 1n, true);
  words.forEach((word, index) => view.setBigUint64(40 + index * 8, word, true));
  return bytes;
}

/** FUSE_READ: struct fuse_read_in. */
export function read(unique: bigint, offset: number, length: number): Uint8Array {
  return request(15, unique, 0n, BigInt(offset), BigInt(length), 0n, 0n);
}

/** FUSE_INTERRUPT: it has a number of its own. */
export function interrupt(unique: bigint): Uint8Array {
  return request(36, unique | 1n, unique);
}
