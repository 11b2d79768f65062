// The payload of a refused request, which is dropped as it arrives. Only then does the refusal go out: a
// client reads no reply to a request that it is still sending.

import type { ReceivedBytes } from "./received_bytes.ts";
import type { Replies } from "./replies.ts";
import type { ErrorReply } from "./request_rules.ts";

/** At most one payload at a time: nothing behind it is looked at before it is gone. */
export class RefusedPayload {
  #left = 0;
  #refusal: ErrorReply | undefined;
  /** Cookie and offset of the request, as `Replies.answering` takes them. */
  readonly #request = new Int32Array(4);

  /** Begins to drop `length` bytes, for the request whose header stands at `at` of `view`. */
  begin(view: DataView, at: number, length: number, refusal: ErrorReply): void {
    for (let i = 0; i < 4; i++) this.#request[i] = view.getInt32(at + 8 + 4 * i);
    this.#left = length;
    this.#refusal = refusal;
  }

  /** Some of a payload has not arrived. */
  get isExpected(): boolean {
    return this.#refusal !== undefined;
  }

  /** Drops the bytes that have arrived of it; after the last one its refusal is pending. */
  drop(received: ReceivedBytes, replies: Replies): void {
    if (this.#refusal === undefined) return;
    this.#left -= received.skip(this.#left);
    if (this.#left > 0) return;
    const [cookieHigh, cookieLow, offsetHigh, offsetLow] = this.#request;
    replies.answering(cookieHigh!, cookieLow!, offsetHigh!, offsetLow!);
    replies.refuse(this.#refusal);
    this.#refusal = undefined;
  }
}
