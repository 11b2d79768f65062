// The received bytes that have not been used yet: a window in the peer's input buffer.

import type { Peer } from "./peer.ts";

/** `input[start..end)` has arrived and is not parsed yet. Session thread only. */
export class ReceivedBytes {
  readonly peer: Peer;
  readonly input: Uint8Array;
  readonly view: DataView;
  start = 0;
  end = 0;

  constructor(peer: Peer) {
    this.peer = peer;
    this.input = peer.input;
    this.view = new DataView(peer.input.buffer, peer.input.byteOffset, peer.input.byteLength);
  }

  /** Bytes that wait. */
  get length(): number {
    return this.end - this.start;
  }

  /**
   * Receives behind what waits, which moves to the start of the buffer (it is a part of one message).
   * Blocks as `Peer.receive` does.
   * @returns what `Peer.receive` does: 0 when the client has closed its side.
   * @throws {PeerGone}
   */
  receive(): number {
    if (this.start > 0) {
      if (this.start < this.end) this.input.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    const count = this.peer.receive(this.end, this.input.length);
    if (count > 0) this.end += count;
    return count;
  }

  /** Drops up to `count` waiting bytes. @returns how many. */
  skip(count: number): number {
    const skipped = Math.min(count, this.end - this.start);
    this.start += skipped;
    return skipped;
  }
}
