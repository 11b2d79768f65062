/** A worker of ours as main sees it, played by a test. */
export class PlayedWorker {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  /** "session.ts" */
  readonly entry: string;
  /** What it was sent. */
  // deno-lint-ignore no-explicit-any
  readonly orders: any[] = [];
  isTerminated = false;

  constructor(entry: string) {
    this.entry = entry;
  }

  postMessage(order: unknown): void {
    this.orders.push(order);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  /** The worker tells main something. */
  tell(data: unknown): void {
    this.onmessage?.(new MessageEvent("message", { data }));
  }

  /** The worker dies of an error of ours. */
  die(message: string): void {
    this.onerror?.(new ErrorEvent("error", { message, cancelable: true }));
  }
}

/** While it is in scope no worker is started, but a PlayedWorker is made; declare it with `using`. */
export class PlayedWorkers implements Disposable {
  readonly all: PlayedWorker[] = [];
  readonly #worker = globalThis.Worker;

  constructor() {
    const { all } = this;
    globalThis.Worker = class extends PlayedWorker {
      constructor(url: URL) {
        super(url.pathname.split("/").at(-1)!);
        all.push(this);
      }
    } as unknown as typeof Worker;
  }

  /** Those of one kind, in the order of their start. */
  of(entry: string): PlayedWorker[] {
    return this.all.filter((worker) => worker.entry === entry);
  }

  [Symbol.dispose](): void {
    globalThis.Worker = this.#worker;
  }
}
