// A run of `serve` within the test's own process: its main thread is the test's, its workers are real.
import { parseArguments } from "../../src/cli/arguments.ts";
import { mountOptions, serveOptions } from "../../src/cli/serve_request.ts";
import type { ServerEvent } from "../../src/server/events.ts";
import type { StopSignal } from "../../src/server/run_end.ts";
import { serve } from "../../src/server/serve.ts";
import { StopRequest } from "../../src/server/stop_request.ts";
import { Client, type Mode } from "../conformance/harness.ts";
import {
  CHUNK,
  CLIENT_FLAGS,
  CMD,
  dataOf,
  infoPayload,
  metaPayload,
  offsetOf,
  OPT,
  option,
} from "../conformance/wire.ts";
import { PATIENCE_MS } from "./patience.ts";

type EventOf<Name extends ServerEvent["event"]> = Extract<ServerEvent, { event: Name }>;

/** A run; declare it with `await using`, so that it ends with the test. */
export class ServedHere implements AsyncDisposable {
  readonly events: ServerEvent[] = [];
  /** What it ends with, or the refusal. */
  readonly exitCode: Promise<number>;
  readonly #stop = new StopRequest(false);
  readonly #clients: Client[] = [];
  readonly #listeners = new Set<() => void>();
  #isOver = false;

  /** @param args as on the command line, beginning with `serve` or `mount`. */
  constructor(...args: readonly string[]) {
    this.exitCode = this.#serve(args).finally(() => {
      this.#isOver = true;
      this.#tell();
    });
    // Whoever waits for it gets it; until then it is no unhandled rejection.
    this.exitCode.catch(() => {});
  }

  async #serve(args: readonly string[]): Promise<number> {
    const request = parseArguments(args);
    if (request.kind !== "run") throw new Error(`not a run: ${args.join(" ")}`);
    const optionsOf = request.command === "mount" ? mountOptions : serveOptions;
    const options = optionsOf(request.operands, request.values);
    const about = { version: "0.0.0", commandLine: `blkcache ${args.join(" ")}` };
    return await serve(options, about, (event) => {
      this.events.push(event);
      this.#tell();
    }, this.#stop);
  }

  /** What it says to a person, in its order. */
  get sentences(): string[] {
    return this.events.flatMap((event) =>
      event.event === "warning" || event.event === "info" ? [event.message] : []
    );
  }

  /** The first event of a kind for which `isIt` holds, when it has come. @throws when the run ends without it. */
  async event<Name extends ServerEvent["event"]>(
    name: Name,
    isIt: (event: EventOf<Name>) => boolean = () => true,
  ): Promise<EventOf<Name>> {
    for (;;) {
      const found = this.events.find((event): event is EventOf<Name> =>
        event.event === name && isIt(event as EventOf<Name>)
      );
      if (found !== undefined) return found;
      if (this.#isOver) {
        throw new Error(`the run has ended (${await this.exitCode}) without the event ${name}`);
      }
      await this.#change(name);
    }
  }

  /** A client in the transmission phase. */
  async client(mode: Mode = "structured", contexts: readonly string[] = []): Promise<Client> {
    const { uri } = await this.event("ready");
    const path = new URL(uri).searchParams.get("socket")!;
    const client = new Client(await Deno.connect({ transport: "unix", path }), PATIENCE_MS);
    this.#clients.push(client);
    await client.greeting();
    await client.send(CLIENT_FLAGS);
    client.mode = mode;
    if (mode === "structured") await client.ask(option(OPT.STRUCTURED_REPLY));
    if (mode === "extended") await client.ask(option(OPT.EXTENDED_HEADERS));
    if (contexts.length > 0) {
      await client.ask(option(OPT.SET_META_CONTEXT, metaPayload("", contexts)));
    }
    await client.ask(option(OPT.GO, infoPayload("")));
    return client;
  }

  /** What a client reads, of whichever mode. @throws when the server says that it could not be read. */
  async read(client: Client, offset: number, length: number): Promise<Uint8Array> {
    await client.request({ type: CMD.READ, offset, length });
    if (client.mode === "simple") {
      const { errno, data } = await client.simpleReply(length);
      if (errno !== 0) throw new Error(`errno ${errno}`);
      return data;
    }
    const bytes = new Uint8Array(length);
    for (const chunk of await client.chunks()) {
      if (chunk.type !== CHUNK.NONE) bytes.set(dataOf(chunk), offsetOf(chunk) - offset);
    }
    return bytes;
  }

  /** Ends it as a signal does. @returns the exit code. */
  async end(signal: StopSignal = "SIGTERM"): Promise<number> {
    this.#stop.stop(signal);
    return await this.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    this.#stop.stop("SIGTERM");
    await this.exitCode.catch(() => {});
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  async #change(awaited: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => reject(new Error(`there is no event ${awaited}: ${JSON.stringify(this.events)}`)),
      PATIENCE_MS,
    );
    this.#listeners.add(resolve);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(resolve);
    }
  }
}
