// A client that is at the door, from its connection to its end, and its socket. Main thread; nothing here blocks.
import { GOODBYE_BYTES, isGoodbye } from "../nbd/session_end.ts";
import { unpackNegotiated } from "../nbd/negotiated.ts";
import { EAGAIN, errnoName } from "../sys/errno.ts";
import { closeFd } from "../sys/fd.ts";
import { POLLIN, POLLOUT } from "../sys/poll.ts";
import {
  limitReceive,
  prepareClient,
  SHUT_RDWR,
  shutdownSocket,
  tryPeek,
  tryRecvNow,
} from "../sys/socket.ts";
import type { NegotiatingClient, NegotiationBuffers } from "./negotiating_client.ts";
import type { ClientPlaces } from "./client_places.ts";

/** A session gives a client back that has been silent for so long, milliseconds: others may have its thread. */
const SILENT_MS = 1000;
/** What the system keeps of replies that a client has not taken yet: a request of ordinary size. */
const SEND_BUFFER_BYTES = 1024 * 1024;

/** A client that has got the export. */
export interface Client {
  readonly id: number;
  readonly socket: number;
  /** See nbd/negotiated.ts. */
  readonly negotiated: number;
}

/** A client at the door, from its connection to its end, with its socket. Main thread. */
export class Guest implements Client {
  readonly id: number;
  readonly socket: number;
  readonly places: ClientPlaces;
  negotiated = 0;
  /**
   * It negotiates, waits for a place, and has the export: then it rests while it is silent, and asks until it is
   * given back.
   */
  state: "negotiates" | "waits" | "rests" | "asks" = "negotiates";
  /** `places` knows it. */
  isCounted = true;
  /** Until it has been sent all that it must have before the transmission begins. */
  negotiation: NegotiatingClient | undefined;

  constructor(id: number, socket: number, places: ClientPlaces, negotiation: NegotiatingClient) {
    this.id = id;
    this.socket = socket;
    this.places = places;
    this.negotiation = negotiation;
    prepareClient(socket, SEND_BUFFER_BYTES);
    limitReceive(socket, SILENT_MS);
  }

  /** What to watch its socket for. */
  get events(): number {
    // What it has sent behind its application is left where it is; that it hangs up is always seen.
    if (this.state === "waits") return 0;
    return this.negotiation?.isSending ? POLLOUT : POLLIN;
  }

  /** Looks at the first bytes from a client that has been silent. */
  hear({ input }: NegotiationBuffers): "nothing" | "a request" | { left: string } {
    const count = tryPeek(this.socket, input.address, GOODBYE_BYTES);
    if (count === -EAGAIN) return "nothing";
    if (count === 0) return { left: "the client closed without NBD_CMD_DISC" };
    if (count < 0) return { left: `recv: ${errnoName(-count)}` };
    const { mode } = unpackNegotiated(this.negotiated);
    return isGoodbye(input.bytes.subarray(0, count), mode) ? { left: "" } : "a request";
  }

  close({ input }: NegotiationBuffers): void {
    // With bytes unread the system resets the connection, and the client may lose our last reply.
    tryRecvNow(this.socket, input.address, input.size);
    // While it is being watched, closing it would not end the connection.
    shutdownSocket(this.socket, SHUT_RDWR);
    closeFd(this.socket);
  }
}
