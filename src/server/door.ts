// Main accepts clients here, negotiates with all of them at the same time, and watches those that have the export and
// are silent. None of them costs a thread; a client that asks for something gets a session. Places decides which
// clients may stay, for each kind of socket by itself: TCP clients take nothing from those of the Unix socket.
// Main thread; nothing here blocks.
import type { Export, Target } from "../nbd/export.ts";
import { Negotiation } from "../nbd/negotiation.ts";
import { ASKS, type Outcome, packNegotiated } from "../nbd/negotiated.ts";
import { EAGAIN, ECONNABORTED } from "../sys/errno.ts";
import { POLLIN } from "../sys/poll.ts";
import { freeDescriptors } from "../sys/process_limits.ts";
import { tryAccept } from "../sys/socket.ts";
import { DOOR_ROOM } from "./descriptor_budget.ts";
import { type Client, Guest } from "./guest.ts";
import type { Listener, SocketKind } from "./listeners.ts";
import { NegotiatingClient, NegotiationBuffers } from "./negotiating_client.ts";
import { type ClientPlaceAction, ClientPlaces, type Reason } from "./client_places.ts";
import { SocketWatch } from "./socket_watch.ts";

/** Pause after accept has failed for want of descriptors or memory, milliseconds. */
const ACCEPT_PAUSE_MS = 200;
/** Clients that are accepted in a turn: then those that are there have theirs. */
const ACCEPTS_A_TURN = 16;

const SENTENCES: Readonly<Record<Reason, string>> = {
  slow: "the negotiation takes too long",
  silent: "it has said nothing, and others have come",
  unused: "it has asked for nothing for long, and others need its place",
};

const NO_PLACE = "the server has no place for one more client: try again";

/** Receives what clients do, and does its part. */
export interface DoorObserver {
  /** A client negotiates and will soon send a request. */
  expected(): void;
  entered(client: Client): void;
  /** A client that has got the export asks for something: from now on `rest` or `gone` says what becomes of it. */
  asked(client: Client): void;
  /** A client that has got the export is no longer there; its socket is closed. */
  left(client: Client, message: string): void;
  /** A client that has asked must go: `gone` follows. */
  unwanted(client: Client): void;
  /** An error of ours has come up. */
  failed(error: unknown): void;
  /** A client has not got the export. */
  dismissed(message: string): void;
}

/** What to offer, and to whom. */
export interface DoorOptions {
  readonly listeners: readonly Listener[];
  readonly exported: Export;
  readonly target: Target;
  /** Clients of each kind of socket that may have the export at a time. */
  readonly places: number;
}

/** A listening socket, as it is watched. */
class ListeningSocket {
  readonly listener: Listener;
  readonly events = POLLIN;

  constructor(listener: Listener) {
    this.listener = listener;
  }

  get socket(): number {
    return this.listener.fd;
  }
}

/**
 * Accepts clients, negotiates with them, and watches the silent ones, without a thread for any of
 * them. Main thread.
 */
export class Door {
  readonly #options: DoorOptions;
  readonly #observer: DoorObserver;
  readonly #places: Readonly<Record<SocketKind, ClientPlaces>>;
  readonly #guests = new Map<number, Guest>();
  readonly #buffers = new NegotiationBuffers();
  readonly #watch: SocketWatch<ListeningSocket | Guest>;
  #nextId = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isPaused = false;
  #isEnding = false;
  /** No socket is watched any more. */
  #isOver = false;
  /** Resolves after `end`, when no socket is watched any more. */
  readonly ended: Promise<void>;

  constructor(options: DoorOptions, observer: DoorObserver) {
    this.#options = options;
    this.#observer = observer;
    this.#places = {
      unix: new ClientPlaces(options.places),
      tcp: new ClientPlaces(options.places),
    };
    const listening = options.listeners.map((listener) => new ListeningSocket(listener));
    this.#watch = new SocketWatch<ListeningSocket | Guest>(() => {
      const guests = [...this.#guests.values()].filter(({ state }) => state !== "asks");
      return this.#isPaused ? guests : [...guests, ...listening];
    }, (ready) => {
      if (ready instanceof ListeningSocket) this.#accept(ready.listener);
      // It may have been closed since it was found ready, or within this turn.
      else if (this.#guests.get(ready.id) === ready) this.#attend(ready);
    });
    this.ended = this.#watch.ended.then(() => {
      this.#isOver = true;
      this.#releaseBuffers();
    });
  }

  /** Clients that have got the export. */
  get clients(): number {
    return this.#places.unix.holders + this.#places.tcp.holders;
  }

  /** A client has nothing more to ask: it is watched here again. */
  rest(client: Client): void {
    const guest = this.#guests.get(client.id)!;
    guest.state = "rests";
    if (this.#isEnding) this.#close(guest, "");
    else this.#watch.change();
  }

  /** A client that had asked is being served at this time. */
  active({ id }: Client): void {
    const guest = this.#guests.get(id);
    if (guest?.isCounted) guest.places.active(id, performance.now());
  }

  /** A client that had asked has gone, and its socket is closed. */
  gone({ id }: Client): void {
    const guest = this.#guests.get(id)!;
    this.#guests.delete(id);
    this.#leave(guest);
    this.#releaseBuffers();
  }

  /** Accepts no further clients, and closes those that have no request under way. */
  end(): void {
    this.#isEnding = true;
    clearTimeout(this.#timer);
    for (const guest of [...this.#guests.values()]) {
      if (guest.state !== "asks") this.#close(guest, "");
    }
    this.#watch.end();
  }

  /** Closing a client needs them, and one that asked at the end may be given back after it. */
  #releaseBuffers(): void {
    if (this.#isOver && this.#guests.size === 0) this.#buffers.release();
  }

  #accept({ fd, kind }: Listener): void {
    for (let count = 0; count < ACCEPTS_A_TURN; count++) {
      if (freeDescriptors(DOOR_ROOM[kind] + 1) <= DOOR_ROOM[kind]) return this.#pause();
      const socket = tryAccept(fd);
      if (socket >= 0) {
        this.#welcome(socket, kind);
      } else if (socket !== -ECONNABORTED) {
        if (socket !== -EAGAIN) this.#pause();
        return;
      }
    }
  }

  /** Descriptors or memory have ended: looking again at once would not help. */
  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    setTimeout(() => {
      this.#isPaused = false;
      this.#watch.change();
    }, ACCEPT_PAUSE_MS);
  }

  #welcome(socket: number, kind: SocketKind): void {
    const { exported, target } = this.#options;
    const negotiation = new Negotiation(exported, target, this.#buffers.replies);
    const guest = new Guest(
      this.#nextId++,
      socket,
      this.#places[kind],
      new NegotiatingClient(socket, negotiation, this.#buffers),
    );
    this.#guests.set(guest.id, guest);
    this.#decide((nowMs) => guest.places.came(guest.id, nowMs));
    guest.negotiation!.greet();
  }

  /** Something has happened to a client that does not ask for anything. An error of ours costs it its connection. */
  #attend(guest: Guest): void {
    try {
      if (guest.state === "negotiates") this.#negotiate(guest);
      else if (guest.state === "waits") this.#close(guest, "it has not waited for a place");
      else if (guest.negotiation === undefined) this.#hear(guest);
      else this.#finishEntering(guest, guest.negotiation.flush());
    } catch (error) {
      this.#observer.failed(error);
      if (this.#guests.get(guest.id) === guest && guest.state !== "asks") this.#close(guest, "");
    }
  }

  #negotiate(guest: Guest): void {
    const negotiation = guest.negotiation!;
    const outcome = negotiation.goOn();
    if (negotiation.hasSpoken) {
      guest.places.spoke(guest.id, performance.now());
      this.#observer.expected();
    }
    if (outcome === undefined) return;
    if (outcome !== ASKS) return this.#close(guest, outcome.message);
    guest.state = "waits";
    this.#decide((nowMs) => guest.places.asks(guest.id, nowMs));
  }

  /** It has got the export, but perhaps not all of the reply. */
  #finishEntering(guest: Guest, outcome: Outcome): void {
    if (outcome !== undefined && outcome !== ASKS) this.#close(guest, outcome.message);
    else if (!guest.negotiation!.isSending) guest.negotiation = undefined;
  }

  /** A client that has been silent asks for something, or leaves. */
  #hear(guest: Guest): void {
    const heard = guest.hear(this.#buffers);
    if (heard === "nothing") return;
    if (heard !== "a request") return this.#close(guest, heard.left);
    guest.state = "asks";
    guest.places.active(guest.id, performance.now());
    this.#observer.asked(guest);
  }

  /** Closes a client that does not ask for anything. @param message why, when there is something to say. */
  #close(guest: Guest, message: string): void {
    this.#guests.delete(guest.id);
    // First, because the observer counts the clients that remain.
    this.#leave(guest);
    this.#drop(guest, message);
  }

  #drop(guest: Guest, message: string): void {
    this.#guests.delete(guest.id);
    guest.close(this.#buffers);
    if (guest.state === "rests") this.#observer.left(guest, message);
    else this.#observer.dismissed(message);
    this.#releaseBuffers();
  }

  #leave(guest: Guest): void {
    if (!guest.isCounted) return;
    guest.isCounted = false;
    this.#decide((nowMs) => guest.places.left(guest.id, nowMs));
  }

  #decide(event: (nowMs: number) => ClientPlaceAction[]): void {
    for (const action of event(performance.now())) this.#carryOut(action);
    if (this.#isEnding) return;
    this.#schedule();
    this.#watch.change();
  }

  #carryOut(action: ClientPlaceAction): void {
    const guest = this.#guests.get(action.client)!;
    switch (action.do) {
      case "enter": {
        guest.negotiated = packNegotiated(guest.negotiation!.enter());
        guest.state = "rests";
        this.#finishEntering(guest, undefined);
        return this.#observer.entered(guest);
      }
      case "refuse":
        guest.negotiation!.refuse(NO_PLACE);
        guest.isCounted = false;
        return this.#drop(guest, NO_PLACE);
      case "close":
        guest.isCounted = false;
        if (guest.state === "asks") return this.#observer.unwanted(guest);
        return this.#drop(guest, SENTENCES[action.because]);
    }
  }

  /** Has the next thing that time brings happen. */
  #schedule(): void {
    clearTimeout(this.#timer);
    const nextMs = Math.min(this.#places.unix.nextMs, this.#places.tcp.nextMs);
    if (nextMs === Infinity) return;
    this.#timer = setTimeout(() => {
      for (const places of Object.values(this.#places)) {
        this.#decide((nowMs) => places.tick(nowMs));
      }
    }, Math.max(0, nextMs - performance.now()) + 1);
  }
}
