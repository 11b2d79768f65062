// A client that asks for 4 KiB at a time and takes the time of the answers. It blocks, and nothing else runs
// on its thread meanwhile: what it measures is the server, not an event loop. Simple replies.
// Source: doc/proto.md of the NetworkBlockDevice project.

import {
  NBD_CMD_DISC,
  NBD_CMD_READ,
  NBD_FLAG_C_FIXED_NEWSTYLE,
  NBD_FLAG_C_NO_ZEROES,
  NBD_OPT_EXPORT_NAME,
  NBD_REQUEST_MAGIC,
  NBD_SIMPLE_REPLY_MAGIC,
} from "../../src/nbd/constants.ts";
import { EAGAIN } from "../../src/sys/errno.ts";
import { closeFd } from "../../src/sys/fd.ts";
import { NativeMemory } from "../../src/sys/memory.ts";
import { POLLIN, PollSet } from "../../src/sys/poll.ts";
import { tryConnectUnix, tryRecv, tryRecvNow, trySendAll } from "../../src/sys/socket.ts";

/** Of each read. */
export const READ_BYTES = 4096;

const GREETING_BYTES = 18;
const EXPORT_BYTES = 10;
const REQUEST_BYTES = 28;
const HEADER_BYTES = 16;
/** Where replies arrive in the memory; what is sent stands before. */
const INPUT = 4096;
const INPUT_BYTES = 1_048_576;
/** How long a server may take for its greeting. */
const GREETING_MS = 10_000;

/** A connection to the export "". Declare it with `using`. */
export class TimedClient implements Disposable {
  readonly #socket: number;
  readonly #memory = NativeMemory.allocate(INPUT + INPUT_BYTES);
  readonly #view: DataView;
  readonly #poll = new PollSet(1);
  /** Bytes of replies that have arrived and are not taken apart yet. */
  #have = 0;
  #cookie = 0;
  /** Requests without a reply yet. */
  readonly #pending = new Set<number>();

  /** @param path of the server's Unix socket. */
  constructor(path: string) {
    const { buffer, byteOffset, byteLength } = this.#memory.bytes;
    this.#view = new DataView(buffer, byteOffset, byteLength);
    this.#socket = tryConnectUnix(path);
    if (this.#socket < 0) throw new Error(`cannot connect to "${path}" (${-this.#socket})`);
    this.#poll.set(0, this.#socket, POLLIN);
    this.#receiveExactly(GREETING_BYTES);
    this.#view.setUint32(0, NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES);
    this.#memory.bytes.set(new TextEncoder().encode("IHAVEOPT"), 4);
    this.#view.setUint32(12, NBD_OPT_EXPORT_NAME);
    this.#view.setUint32(16, 0);
    this.#send(20);
    this.#receiveExactly(EXPORT_BYTES);
  }

  /** Reads that are not answered yet. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Asks for a read and does not wait for it. @returns its cookie. */
  ask(offset: number): number {
    const cookie = ++this.#cookie;
    this.#request(NBD_CMD_READ, cookie, offset, READ_BYTES);
    this.#pending.add(cookie);
    return cookie;
  }

  /**
   * Reads, and waits for the reply; others may come before it.
   * @param late called once when the reply takes longer than `patienceMs`; it is waited for all the same.
   * @returns milliseconds.
   */
  timedRead(offset: number, patienceMs: number, late: () => void): number {
    const beganMs = performance.now();
    const cookie = this.ask(offset);
    let isLate = false;
    while (this.#pending.has(cookie)) {
      // Replies to others do not make it more patient.
      const leftMs = Math.max(0, patienceMs - (performance.now() - beganMs));
      if (this.#poll.wait(isLate ? -1 : leftMs) > 0) this.#receive(tryRecv);
      else {
        isLate = true;
        late();
      }
    }
    return performance.now() - beganMs;
  }

  /** Takes the replies that have come already. */
  collect(): void {
    while (this.#receive(tryRecvNow));
  }

  /** Waits for all replies. */
  finish(): void {
    while (this.#pending.size > 0) this.#receive(tryRecv);
  }

  [Symbol.dispose](): void {
    this.#request(NBD_CMD_DISC, 0, 0, 0);
    closeFd(this.#socket);
    this.#memory.release();
  }

  #request(command: number, cookie: number, offset: number, length: number): void {
    const view = this.#view;
    view.setUint32(0, NBD_REQUEST_MAGIC);
    view.setUint32(4, command);
    view.setBigUint64(8, BigInt(cookie));
    view.setBigUint64(16, BigInt(offset));
    view.setUint32(24, length);
    this.#send(REQUEST_BYTES);
  }

  #send(length: number): void {
    const result = trySendAll(this.#socket, this.#memory.address, length);
    if (result < 0) throw new Error(`cannot send to the server (${-result})`);
  }

  /** One recv, and the replies in it. @returns false when nothing has come. */
  #receive(recv: typeof tryRecv): boolean {
    const address = this.#memory.address + INPUT + this.#have;
    const count = recv(this.#socket, address, INPUT_BYTES - this.#have);
    if (count === -EAGAIN) return false;
    if (count <= 0) throw new Error(`the server has closed the connection (${-count})`);
    this.#have += count;
    const view = this.#view;
    let at = INPUT;
    const end = INPUT + this.#have;
    while (end - at >= HEADER_BYTES) {
      if (view.getUint32(at) !== NBD_SIMPLE_REPLY_MAGIC) throw new Error("not a simple reply");
      const errno = view.getUint32(at + 4);
      if (errno !== 0) throw new Error(`the server says ${errno}`);
      if (end - at < HEADER_BYTES + READ_BYTES) break;
      this.#pending.delete(Number(view.getBigUint64(at + 8)));
      at += HEADER_BYTES + READ_BYTES;
    }
    this.#memory.bytes.copyWithin(INPUT, at, end);
    this.#have = end - at;
    return true;
  }

  #receiveExactly(length: number): void {
    for (let have = 0; have < length;) {
      if (this.#poll.wait(GREETING_MS) === 0) throw new Error("the server says nothing");
      const count = tryRecv(this.#socket, this.#memory.address + INPUT + have, length - have);
      if (count <= 0) throw new Error(`the server has closed the connection (${-count})`);
      have += count;
    }
  }
}
