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
import { type PageDocument, pageDocument } from "./page_document.ts";
import { PAGE_HEADERS, refusalOf } from "./page_guard.ts";
import { pageMap, type PageMessage, pageMessage, pageState } from "./page_state.ts";
import { RateHistory } from "./rate_history.ts";

/** Most cells in one picture. */
const MOST_CELLS = 65_536;
/** Messages that are kept. */
const MOST_MESSAGES = 100;
/** How long the last words may take. */
const LAST_WORDS_MS = 300;

/** What is shown, and where. */
export interface LivePageOptions {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** Of what is served. */
  readonly name: string;
  /** A line about it. */
  readonly details: string;
}

/** A page that is being served. */
export class LivePage implements AsyncDisposable {
  /** Where a browser on this machine finds it. */
  readonly url: string;
  readonly #document: PageDocument;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #streams = new EventStreams();
  readonly #status: RunStatus;
  #history = new RateHistory();
  #messages: PageMessage[] = [];
  #medium = "";

  /** @throws {UserError} when the address cannot be had. */
  static async open(options: LivePageOptions): Promise<LivePage> {
    return new LivePage(options, await pageDocument(options.name, options.details));
  }

  private constructor({ host, port, name }: LivePageOptions, document: PageDocument) {
    this.#status = new RunStatus(name);
    this.#document = document;
    try {
      this.#server = Deno.serve({
        hostname: host,
        port,
        onListen: () => {},
        onError: () => answer(500, "this is a bug in blkcache"),
      }, (request) => this.#answer(request));
    } catch (error) {
      throw new UserError(`cannot serve the page on ${host}:${port}: ${(error as Error).message}`, {
        hints: ["choose another address with --http [HOST:]PORT"],
        cause: error,
      });
    }
    this.url = `http://${reachable(host)}:${this.#server.addr.port}/`;
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
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, LAST_WORDS_MS);
    await Promise.race([this.#server.shutdown(), late.promise]);
    clearTimeout(timer);
  }

  #tell(message: PageMessage): void {
    this.#messages = [message, ...this.#messages].slice(0, MOST_MESSAGES);
    this.#streams.send("messages", this.#messages);
  }

  #answer(request: Request): Response {
    const refusal = refusalOf(request);
    if (refusal !== undefined) return answer(refusal.status, refusal.reason);
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/": {
        const { html, policy } = this.#document;
        const type = "text/html; charset=utf-8";
        return answer(200, html, { "content-type": type, "content-security-policy": policy });
      }
      case "/events":
        return this.#follow();
      case "/map":
        return this.#map(searchParams);
      default:
        return answer(404, "there is nothing here");
    }
  }

  #follow(): Response {
    const body = this.#streams.open([
      ["messages", this.#messages],
      ["history", this.#rates()],
      ["medium", this.#medium === "" ? null : this.#medium],
      ["state", this.#state()],
    ]);
    if (body === undefined) return answer(503, "too many pages are open");
    return answer(200, body, { "content-type": "text/event-stream" });
  }

  #map(parameters: URLSearchParams): Response {
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
): Response {
  return new Response(body, { status, headers: { ...PAGE_HEADERS, ...headers } });
}

/** An address to type for a socket that listens on `host`. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
