// What a client must get of an export: the bytes as they should be after each request, and whether a request must
// succeed or must be refused. It has its own rules, so that a mistake in the server's cannot hide.

import { byteAt, type Mode } from "../conformance/harness.ts";
import { CMD, FLAG, type Request } from "../conformance/wire.ts";

const LONGEST = 32 * 1024 * 1024;

/** The bytes that an export must have after each request, and whether a request must succeed. */
export class ExportModel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #isWritable: boolean;
  readonly #mode: Mode;

  constructor(size: number, mode: Mode, isWritable: boolean, bytes?: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes ?? Uint8Array.from({ length: size }, (_, offset) => byteAt(offset));
    this.#isWritable = isWritable;
    this.#mode = mode;
  }

  /** Whether a request must succeed (true) or be refused (false); undefined: the server may choose. */
  mustSucceed({ type, flags = 0, offset = 0, length = 0 }: Request): boolean | undefined {
    const allowed = this.#allowedFlags(type);
    if (allowed === undefined) return false;
    const isPayloadFlag = (flags & FLAG.PAYLOAD_LEN) !== 0;
    if (type === CMD.WRITE && this.#mode === "extended" && !isPayloadFlag) return false;
    if ((flags & ~allowed) !== 0) return false;
    if (type === CMD.FLUSH) return true;
    if (changes(type) && !this.#isWritable) return false;
    const end = BigInt(offset) + BigInt(length);
    if (length === 0 || end > BigInt(this.bytes.length)) return false;
    // A server need not be able to do either: FAST_ZERO and TRIM are offers.
    if (type === CMD.WRITE_ZEROES && (flags & FLAG.FAST_ZERO) !== 0) return undefined;
    if (type === CMD.TRIM) return undefined;
    return BigInt(length) <= BigInt(LONGEST) || type === CMD.WRITE_ZEROES;
  }

  /** A request that changes bytes has succeeded. */
  apply({ type, offset = 0, length = 0, payload }: Request): void {
    const start = Number(offset);
    if (type === CMD.WRITE) this.bytes.set(payload!, start);
    if (type === CMD.WRITE_ZEROES) this.bytes.fill(0, start, start + Number(length));
  }

  #allowedFlags(type: number): number | undefined {
    switch (type) {
      case CMD.READ:
        return FLAG.FUA | (this.#mode === "simple" ? 0 : FLAG.DF);
      case CMD.WRITE:
        return FLAG.FUA | (this.#mode === "extended" ? FLAG.PAYLOAD_LEN : 0);
      case CMD.WRITE_ZEROES:
        return FLAG.FUA | FLAG.NO_HOLE | FLAG.FAST_ZERO;
      case CMD.FLUSH:
      case CMD.TRIM:
      case CMD.CACHE:
        return FLAG.FUA;
      default:
        return undefined;
    }
  }
}

/** Whether a command changes bytes. */
export function changes(type: number): boolean {
  return type === CMD.WRITE || type === CMD.WRITE_ZEROES || type === CMD.TRIM;
}
