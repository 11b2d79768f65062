// A browser that tests can look into: headless Chromium, spoken to in the DevTools protocol.

import { until } from "./tool.ts";

/** It must not call home: in a closed network each try is an error that it waits for. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];
const PATIENCE_MS = 30_000;

interface Answer {
  readonly result?: Record<string, unknown>;
  readonly error?: { message: string };
}

/** One browser with one page. Declare it with `await using`. */
export class Chromium implements AsyncDisposable {
  /** What scripts and the policy of the page have complained about. */
  readonly complaints: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #profile: string;
  #socket: WebSocket | undefined;
  #session: string | undefined;
  #next = 1;
  readonly #waiting = new Map<number, (answer: Answer) => void>();

  private constructor(child: Deno.ChildProcess, profile: string) {
    this.#child = child;
    this.#profile = profile;
  }

  /** Starts a browser with an empty page of that size. */
  static async start(width = 1200, height = 1100): Promise<Chromium> {
    const profile = Deno.makeTempDirSync({ prefix: "blkcache-test-" });
    const child = new Deno.Command("chromium", {
      args: [...FLAGS, `--user-data-dir=${profile}`, `--window-size=${width},${height}`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const browser = new Chromium(child, profile);
    try {
      await browser.#connect();
    } catch (error) {
      await browser[Symbol.asyncDispose]();
      throw error;
    }
    return browser;
  }

  /** Loads an address. */
  async open(url: string): Promise<void> {
    await this.#call("Page.navigate", { url });
    await until(`${url} is loaded`, () => this.evaluate("document.readyState === 'complete'"));
  }

  /** The value of an expression in the page; promises are waited for. */
  async evaluate<T>(expression: string): Promise<T> {
    const parameters = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.#call("Runtime.evaluate", parameters);
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  /** Moves, presses or releases the mouse. */
  async mouse(type: "mouseMoved" | "mousePressed" | "mouseReleased", x: number, y: number) {
    await this.#call("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
  }

  /** What is seen of the page, as a PNG file. */
  async screenshot(path: string): Promise<void> {
    const { data } = await this.#call("Page.captureScreenshot", {});
    Deno.writeFileSync(path, Uint8Array.from(atob(data as string), (c) => c.charCodeAt(0)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Asked politely, it ends its helpers first; killed, it would leave them to end by themselves.
    this.#session = undefined;
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
    if (this.#socket?.readyState === WebSocket.OPEN) this.#send("Browser.close", {});
    else this.#child.kill("SIGKILL");
    await this.#child.status;
    clearTimeout(timer);
    this.#socket?.close();
    // Its helpers may be writing still.
    await until("the profile is gone", () => {
      try {
        Deno.removeSync(this.#profile, { recursive: true });
        return true;
      } catch {
        return false;
      }
    });
  }

  async #connect(): Promise<void> {
    const portFile = `${this.#profile}/DevToolsActivePort`;
    let address = "";
    await until("Chromium listens", () => {
      try {
        const [port, path] = Deno.readTextFileSync(portFile).split("\n");
        address = path ? `ws://127.0.0.1:${port}${path}` : "";
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
      return address !== "";
    }, PATIENCE_MS);
    const socket = new WebSocket(address);
    this.#socket = socket;
    const opened = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    socket.onerror = () => opened.reject(new Error("no connection to Chromium"));
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    await opened.promise;
    const { targetId } = await this.#call("Target.createTarget", { url: "about:blank" });
    const attached = await this.#call("Target.attachToTarget", { targetId, flatten: true });
    this.#session = attached.sessionId as string;
    for (const domain of ["Page", "Runtime", "Log"]) await this.#call(`${domain}.enable`, {});
  }

  #hear(
    message: Answer & { id?: number; method?: string; params?: Record<string, unknown> },
  ): void {
    if (message.id !== undefined) this.#waiting.get(message.id)?.(message);
    const entry = message.params?.entry as { level: string } | undefined;
    if (message.method === "Runtime.exceptionThrown" || entry?.level === "error") {
      this.complaints.push(JSON.stringify(message.params));
    }
  }

  async #call(method: string, params: object): Promise<Record<string, unknown>> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const id = this.#send(method, params);
    this.#waiting.set(id, resolve);
    const { result, error } = await promise;
    this.#waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  #send(method: string, params: object): number {
    const id = this.#next++;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    this.#socket!.send(JSON.stringify({ id, method, params, ...session }));
    return id;
  }
}
