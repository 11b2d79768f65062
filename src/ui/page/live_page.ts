// `--http`: a page in the browser that shows the run as it goes. Main thread. It is one more observer of the
// run: it reads events, answers GET, and changes nothing.
//
// Every client costs one connection with a stream of events; a slow one misses events, never delays them.

import { UserError } from "../../base/errors.ts";
import { exitMeaning } from "../../base/exit_codes.ts";
import { formatDuration, formatRate } from "../../base/sizes.ts";
import type { ServerEvent } from "../../server/events.ts";
import { RunStatus } from "../run_status.ts";
import type { PageHistory } from "./client_page.ts";
import { EventStreams } from "./event_streams.ts";
import type { PageRequest } from "./http_request.ts";
import { type Answer, HttpServer } from "./http_server.ts";
import { type PageDocument, pageDocument } from "./page_document.ts";
import { MOST_CONNECTIONS } from "./limits.ts";
import { PAGE_HEADERS, refusalOf } from "./page_guard.ts";
import { pageMap, type PageMessage, pageMessage, pageState } from "./page_state.ts";
import { RateHistory } from "./rate_history.ts";

/** Most cells in one picture. */
const MOST_CELLS = 65_536;
/** Messages that are kept. */
const MOST_MESSAGES = 100;
/** How long the last words may take. */
const LAST_WORDS_MS = 300;

/** Contents and address of a page. */
export interface LivePageOptions {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** At a time; at most MOST_CONNECTIONS. */
  readonly mostConnections?: number;
  /** Of the device. */
  readonly name: string;
  /** A line about it. */
  readonly details: string;
}

/** A page that is being served. */
export class LivePage implements AsyncDisposable {
  /** Where a browser on this machine finds it. */
  readonly url: string;
  readonly #document: PageDocument;
  readonly #server: HttpServer;
  readonly #streams = new EventStreams();
  readonly #status: RunStatus;
  #history = new RateHistory();
  #messages: PageMessage[] = [];
  #medium = "";

  /** @throws {UserError} when the address cannot be had. */
  static async open(options: LivePageOptions): Promise<LivePage> {
    return new LivePage(options, await pageDocument(options.name, options.details));
  }

  private constructor(
    { host, port, mostConnections = MOST_CONNECTIONS, name }: LivePageOptions,
    document: PageDocument,
  ) {
    this.#status = new RunStatus(name);
    this.#document = document;
    let listener: Deno.TcpListener;
    try {
      listener = Deno.listen({ hostname: host, port });
    } catch (error) {
      throw new UserError(`cannot serve the page on ${host}:${port}: ${(error as Error).message}`, {
        hints: ["choose another address with --http [HOST:]PORT"],
        cause: error,
      });
    }
    this.#server = new HttpServer(listener, mostConnections, {
      to: (request) => this.#answer(request),
      refusal: ({ status, reason }) => answer(status, reason),
    });
    this.url = `http://${reachable(host)}:${listener.addr.port}/`;
  }

  /** An observer of the run. */
  readonly observe = (event: ServerEvent): void => {
    this.#status.observe(event);
    const message = pageMessage(event, new Date());
    if (message !== undefined) this.#tell(message);
    switch (event.event) {
      case "waiting":
        this.#medium = event.message;
        this.#streams.send("medium", event.message);
        break;
      case "medium":
        this.#medium = event.message;
        this.#streams.send("medium", event.message);
        if (event.state === "left") this.#history = new RateHistory();
        break;
      case "ready":
        this.#medium = "";
        break;
      case "progress":
        this.#streams.send("state", this.#state());
        if (this.#history.add(event.progress)) this.#streams.send("history", this.#rates());
        break;
      case "done":
        this.#streams.send("done", endSentence(event.exitCode));
    }
  };

  /** Ends the streams and the server. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#streams.close();
    await this.#server.close(LAST_WORDS_MS);
  }

  #tell(message: PageMessage): void {
    this.#messages = [message, ...this.#messages].slice(0, MOST_MESSAGES);
    this.#streams.send("messages", this.#messages);
  }

  #answer(request: PageRequest): Answer {
    const refusal = refusalOf(request);
    if (refusal !== undefined) return answer(refusal.status, refusal.reason);
    switch (request.path) {
      case "/": {
        const { html, policy } = this.#document;
        const type = "text/html; charset=utf-8";
        return answer(200, html, { "content-type": type, "content-security-policy": policy });
      }
      case "/events":
        return this.#follow();
      case "/map":
        return this.#map(request.parameters);
      default:
        return answer(404, "there is nothing here");
    }
  }

  #follow(): Answer {
    const body = this.#streams.open([
      ["messages", this.#messages],
      ["history", this.#rates()],
      ["medium", this.#medium === "" ? null : this.#medium],
      ["state", this.#state()],
    ]);
    if (body === undefined) return answer(503, "too many pages are open");
    return answer(200, body, { "content-type": "text/event-stream" });
  }

  #map(parameters: URLSearchParams): Answer {
    const progress = this.#status.snapshot?.progress;
    if (progress === undefined) return answer(503, "nothing is being served");
    const number = (name: string, fallback: number) => {
      const text = parameters.get(name) ?? "";
      return /^\d{1,15}$/.test(text) ? Number(text) : fallback;
    };
    const { size } = progress;
    const cells = Math.min(Math.max(1, number("cells", 1)), MOST_CELLS);
    const start = Math.min(number("start", 0), size);
    const end = Math.max(start, Math.min(number("end", size), size));
    const sectors = Math.max(1, Math.ceil((end - start) / 512));
    const picture = progress.picture(Math.min(cells, sectors), start, end);
    const type = "application/json";
    return answer(200, JSON.stringify(pageMap(picture, size)), { "content-type": type });
  }

  #state(): object | null {
    const { snapshot } = this.#status;
    return snapshot === undefined ? null : pageState(snapshot, this.#medium);
  }

  #rates(): PageHistory {
    const { points } = this.#history;
    const highest = points.reduce((most, [, rate]) => Math.max(most, rate), 0);
    return {
      points: points.map(([ms, rate]) => [Math.round(ms), Math.round(rate)]),
      highestText: formatRate(highest),
      timeText: formatDuration(points.at(-1)?.[0] ?? 0),
    };
  }
}

function endSentence(exitCode: number): string {
  return `blkcache has ended with exit code ${exitCode}: ${exitMeaning(exitCode)}`;
}

function answer(
  status: number,
  body: string | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
): Answer {
  const type = typeof body === "string" ? { "content-type": "text/plain; charset=utf-8" } : {};
  return { status, headers: { ...PAGE_HEADERS, ...type, ...headers }, body };
}

/** An address to type for a socket that listens on `host`. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
