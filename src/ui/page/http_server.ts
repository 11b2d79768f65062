// Serves HTTP to a few clients: a request and an answer for each connection, within a number and a time. Deno's own
// server knows no such limits, and takes its address from the environment. Main thread; nothing here blocks.
import { requestIn } from "./http_request.ts";
import type { PageRequest, Refused } from "./http_request.ts";
import { MOST_REQUEST_BYTES, REQUEST_MS, STALLED_MS } from "./limits.ts";

/** What a client gets. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, or bytes that come as long as there are any. */
  readonly body: string | ReadableStream<Uint8Array>;
}

/** Answers requests. */
export interface Answers {
  to(request: PageRequest): Answer;
  refusal(refused: Refused): Answer;
}

/** Pause after accept has failed for want of descriptors, milliseconds. */
const ACCEPT_PAUSE_MS = 200;
/** What a client may still send when it has its answer, before its connection is closed. */
const MOST_REST_BYTES = 64 * 1024;

// RFC 9110, section 15
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  421: "Misdirected Request",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

/**
 * Serves HTTP to a limited number of clients: one request and one answer for each connection, in a
 * limited time.
 */
export class HttpServer {
  readonly #listener: Deno.TcpListener;
  readonly #mostConnections: number;
  readonly #answers: Answers;
  /** In the order of their coming. */
  readonly #connections = new Set<Connection>();
  #isClosed = false;

  constructor(listener: Deno.TcpListener, mostConnections: number, answers: Answers) {
    this.#listener = listener;
    this.#mostConnections = mostConnections;
    this.#answers = answers;
    void this.#accept();
  }

  /** Takes no more clients, and waits for those that are there, for a while. */
  async close(patienceMs: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.close();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, patienceMs);
    const endings = Array.from(this.#connections, ({ ended }) => ended);
    await Promise.race([Promise.all(endings), late.promise]);
    clearTimeout(timer);
    for (const connection of this.#connections) connection.close();
  }

  async #accept(): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#admit(await this.#listener.accept());
      } catch {
        // Closed, or a client that has gone again, or no descriptor for it: the next one may fare better.
        if (this.#isClosed) return;
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  #admit(socket: Deno.TcpConn): void {
    // A client that has asked already has an answer on its way; the others may never ask.
    while (this.#connections.size >= this.#mostConnections) {
      const all = [...this.#connections];
      const oldest = all.find(({ hasAsked }) => !hasAsked) ?? all[0]!;
      oldest.close();
      this.#connections.delete(oldest);
    }
    const connection = new Connection(socket, this.#answers);
    this.#connections.add(connection);
    void connection.ended.then(() => this.#connections.delete(connection));
  }
}

/** One client. */
class Connection {
  /** Resolves when it is closed. */
  readonly ended: Promise<void>;
  /** Its request is complete. */
  hasAsked = false;
  readonly #socket: Deno.TcpConn;
  readonly #answers: Answers;
  #isClosed = false;

  constructor(socket: Deno.TcpConn, answers: Answers) {
    this.#socket = socket;
    this.#answers = answers;
    this.ended = this.#serve();
  }

  /** Ends all connections. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }

  async #serve(): Promise<void> {
    const timer = setTimeout(() => this.close(), REQUEST_MS);
    try {
      const request = await this.#request();
      this.hasAsked = true;
      if (request === undefined) return;
      const { status, headers, body } = this.#answer(request);
      const isHead = "method" in request && request.method === "HEAD";
      const isText = typeof body === "string";
      const content = isText ? new TextEncoder().encode(body) : new Uint8Array(0);
      const length: Record<string, string> = isText
        ? { "content-length": `${content.length}` }
        : {};
      await this.#send(head(status, { ...headers, ...length }));
      if (!isHead) await this.#send(content);
      if (isText) return await this.#leave();
      clearTimeout(timer);
      if (isHead) await body.cancel();
      else await this.#stream(body);
    } catch {
      // The client has gone, or was cut off. Only this connection ends.
    } finally {
      clearTimeout(timer);
      this.close();
    }
  }

  #answer(request: PageRequest | Refused): Answer {
    if ("status" in request) return this.#answers.refusal(request);
    try {
      return this.#answers.to(request);
    } catch {
      return this.#answers.refusal({ status: 500, reason: "this is a bug in blkcache" });
    }
  }

  /** Undefined: the client has left before it had asked. */
  async #request(): Promise<PageRequest | Refused | undefined> {
    const bytes = new Uint8Array(MOST_REQUEST_BYTES);
    for (let length = 0;;) {
      const count = await this.#socket.read(bytes.subarray(length));
      if (count === null) return undefined;
      length += count;
      const request = requestIn(bytes.subarray(0, length));
      if (request !== undefined) return request;
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#socket.write(bytes.subarray(sent));
    }
  }

  /** Closed with something unread, the connection would be reset, and the answer lost. */
  async #leave(): Promise<void> {
    await this.#socket.closeWrite();
    const rest = new Uint8Array(4096);
    for (let left = MOST_REST_BYTES; left > 0;) {
      const count = await this.#socket.read(rest);
      if (count === null) return;
      left -= count;
    }
  }

  async #stream(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    void this.#closeWhenClientLeaves();
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      for (let chunk; !(chunk = await reader.read()).done;) {
        timer = setTimeout(() => this.close(), STALLED_MS);
        await this.#send(chunk.value);
        clearTimeout(timer);
      }
    } finally {
      clearTimeout(timer);
      await reader.cancel();
    }
  }

  async #closeWhenClientLeaves(): Promise<void> {
    const ignored = new Uint8Array(1024);
    try {
      while (await this.#socket.read(ignored) !== null);
    } catch {
      // It has gone for good.
    }
    this.close();
  }
}

function head(status: number, headers: Readonly<Record<string, string>>): Uint8Array {
  const lines = Object.entries({ ...headers, connection: "close" })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return new TextEncoder().encode(
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Error"}\r\n${lines.join("")}\r\n`,
  );
}
