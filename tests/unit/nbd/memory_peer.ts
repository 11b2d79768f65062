// A client in memory: says its lines one after the other, lets things happen in between, keeps what it hears.

import { EndOfStream, ReplyReader } from "../../conformance/wire.ts";
import { INPUT_BYTES, OUTPUT_BYTES } from "../../../src/nbd/limits.ts";
import { ENDED, IDLE, type Peer, PeerGone, READABLE } from "../../../src/nbd/peer.ts";

/** The client says nothing for as long as its peer waits. */
export const SILENCE = "silence";

/** Bytes that the client says, or does not say, or something that happens while the session waits. */
export type Step = Uint8Array | typeof SILENCE | (() => void);

/** What a session must not do: wait although nothing will ever happen. */
export class Deadlock extends Error {
  override name = "Deadlock";
}

/**
 * Plays a script. The session's waiting drives it: bytes are there at once, an action runs when the session
 * has nothing else to do. The clock moves only when a wait times out.
 */
export class MemoryPeer implements Peer {
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  /** Milliseconds; `now` reads it. */
  clock = 0;
  /** What the session has sent, one entry a send. */
  readonly sent: Uint8Array[] = [];
  /** True when the client takes nothing more: sending fails. */
  deaf = false;
  /** True when the client stays silent after its script instead of closing. */
  silent = false;
  /** True while a parked read has ended that nobody has asked for: a wait says that and nothing else. */
  ended: () => boolean = () => false;
  readonly now = () => this.clock;
  readonly #steps: Step[] = [];
  #isRung = false;
  #waitsInVain = 0;

  constructor(output: Uint8Array = new Uint8Array(OUTPUT_BYTES), input?: Uint8Array) {
    this.output = output;
    this.input = input ?? new Uint8Array(INPUT_BYTES);
  }

  /** Adds to the script. */
  plays(...steps: readonly Step[]): void {
    for (const step of steps) {
      if (typeof step === "function" || step.length > 0) this.#steps.push(step);
    }
  }

  receive(start: number, end: number): number {
    if (end <= start) throw new Error("receive without room");
    for (;;) {
      const step = this.#steps[0];
      if (step === undefined) {
        if (this.silent) throw new Deadlock("the session waits for a silent client");
        return 0;
      }
      if (step === SILENCE) {
        this.#steps.shift();
        return IDLE;
      }
      if (typeof step !== "function") {
        const count = Math.min(step.length, end - start);
        this.input.set(step.subarray(0, count), start);
        if (count === step.length) this.#steps.shift();
        else this.#steps[0] = step.subarray(count);
        return count;
      }
      this.#steps.shift();
      step();
    }
  }

  send(start: number, end: number): void {
    if (this.deaf) throw new PeerGone("the client does not listen");
    this.sent.push(this.output.slice(start, end));
  }

  /** Wakes the session once, as the server does when it ends. */
  ring(): void {
    this.#isRung = true;
  }

  wait(timeoutMs: number, receiving: boolean): number {
    for (;;) {
      if (this.ended()) {
        if (++this.#waitsInVain > 100) {
          throw new Deadlock("the session does not ask what has ended");
        }
        return ENDED;
      }
      this.#waitsInVain = 0;
      const step = this.#steps[0];
      const readable = receiving && typeof step !== "function" && step !== SILENCE &&
        !(step === undefined && this.silent);
      const events = (readable ? READABLE : 0) | (this.#isRung ? ENDED : 0);
      this.#isRung = false;
      if (events !== 0 || timeoutMs === 0) return events;
      // What happens does not wait for bytes that nobody receives.
      const action = this.#steps.findIndex((step) => typeof step === "function");
      if (action >= 0) {
        (this.#steps.splice(action, 1)[0] as () => void)();
      } else if (timeoutMs > 0) {
        this.clock += timeoutMs;
        return 0;
      } else {
        throw new Deadlock("the session waits for ever");
      }
    }
  }

  /** Steps that have not been taken. */
  get stepsLeft(): number {
    return this.#steps.length;
  }

  /** Reads what the session has sent. */
  replies(): ReplyReader & { left(): number } {
    const bytes = new Uint8Array(this.sent.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.sent) {
      bytes.set(part, at);
      at += part.length;
    }
    let position = 0;
    const reader = new ReplyReader((length) => {
      if (bytes.length - position < length) return Promise.reject(new EndOfStream());
      position += length;
      return Promise.resolve(bytes.slice(position - length, position));
    });
    return Object.assign(reader, { left: () => bytes.length - position });
  }
}
