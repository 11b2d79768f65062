// A client's side of the negotiation, put together from the bytes that it sends, a few at a time.

import { IHAVEOPT_HIGH, IHAVEOPT_LOW } from "./constants.ts";
import { MAX_OPTION_BYTES } from "./limits.ts";
import { ProtocolError } from "./session_end.ts";

const FLAGS_BYTES = 4;
const OPTION_HEADER_BYTES = 16;

/** One option as it came. */
export interface ReceivedOption {
  /** NBD_OPT_*, known or not. */
  readonly option: number;
  /** Length of its payload. */
  readonly length: number;
  /** Undefined when it is longer than MAX_OPTION_BYTES: the stream drops it. */
  readonly payload: Uint8Array | undefined;
}

/**
 * Puts a client's options together from the bytes that arrive, a few at a time. It never wants a
 * byte of what follows the negotiation.
 */
export class OptionStream {
  #step: "flags" | "header" | "payload" | "rest" = "flags";
  #option = 0;
  /** Bytes of the option's payload that have not come. */
  #left = 0;

  /** How many bytes the next `take` wants, from 1 to MAX_OPTION_BYTES. */
  get wants(): number {
    if (this.#step === "flags") return FLAGS_BYTES;
    if (this.#step === "header") return OPTION_HEADER_BYTES;
    return Math.min(this.#left, MAX_OPTION_BYTES);
  }

  /**
   * @param bytes as many as it wants.
   * @returns the client's flags, an option with `bytes` as its payload, or undefined: it wants more first.
   * @throws {ProtocolError} when they are no option.
   */
  take(bytes: Uint8Array): number | ReceivedOption | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    switch (this.#step) {
      case "flags":
        this.#step = "header";
        return view.getUint32(0);
      case "header":
        return this.#takeHeader(view);
      case "payload":
        this.#step = "header";
        return { option: this.#option, length: bytes.length, payload: bytes };
      case "rest":
        this.#left -= bytes.length;
        if (this.#left === 0) this.#step = "header";
        return undefined;
    }
  }

  #takeHeader(view: DataView): ReceivedOption | undefined {
    if (view.getUint32(0) !== IHAVEOPT_HIGH || view.getUint32(4) !== IHAVEOPT_LOW) {
      throw new ProtocolError("an option begins with a wrong magic number");
    }
    this.#option = view.getUint32(8);
    const length = this.#left = view.getUint32(12);
    if (length === 0) return { option: this.#option, length, payload: new Uint8Array() };
    this.#step = length > MAX_OPTION_BYTES ? "rest" : "payload";
    return this.#step === "rest" ? { option: this.#option, length, payload: undefined } : undefined;
  }
}
