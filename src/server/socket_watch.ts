// Watches the sockets of a door by a poll on another thread. Main thread; nothing here blocks.
import { createEventFd, drainEventFd, ringEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";
import { POLLIN, PollSet } from "../sys/poll.ts";

/** A socket to watch, and for which events of poll(2). */
export interface Watched {
  readonly socket: number;
  readonly events: number;
}

/** Watches sockets until it is ended. Its owner lists them anew for each wait. Main thread. */
export class SocketWatch<Item extends Watched> {
  /** Resolves after `end`, when no poll is under way any more. */
  readonly ended: Promise<void>;
  readonly #list: () => readonly Item[];
  readonly #ready: (item: Item) => void;
  readonly #doorbell = createEventFd();
  #poll = new PollSet(1);
  /** Behind the doorbell, in the order of the poll set. */
  #items: readonly Item[] = [];
  /** The list is made anew after the turn. */
  #isInTurn = false;
  #isEnding = false;

  /**
   * @param list the sockets for the next wait.
   * @param ready is called with each item that has an event. It may have been closed within the same turn.
   */
  constructor(list: () => readonly Item[], ready: (item: Item) => void) {
    this.#list = list;
    this.#ready = ready;
    this.ended = this.#watch();
  }

  /** The list has changed: the doorbell ends the wait that is under way, or is about to begin. */
  change(): void {
    if (!this.#isInTurn && !this.#isEnding) ringEventFd(this.#doorbell);
  }

  /** Watches nothing any more. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    ringEventFd(this.#doorbell);
  }

  async #watch(): Promise<void> {
    while (!this.#isEnding) {
      this.#arrange();
      await this.#poll.waitElsewhere();
      if (!this.#isEnding) this.#turn();
    }
    closeFd(this.#doorbell);
  }

  #arrange(): void {
    this.#items = this.#list();
    this.#poll = new PollSet(this.#items.length + 1);
    this.#poll.set(0, this.#doorbell, POLLIN);
    this.#items.forEach(({ socket, events }, index) => this.#poll.set(index + 1, socket, events));
  }

  #turn(): void {
    if (this.#poll.revents(0) !== 0) drainEventFd(this.#doorbell);
    this.#isInTurn = true;
    this.#items.forEach((item, index) => {
      if (this.#poll.revents(index + 1) !== 0) this.#ready(item);
    });
    this.#isInTurn = false;
  }
}
