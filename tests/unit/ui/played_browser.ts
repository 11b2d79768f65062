// A browser of the test's own, as far as the live page knows one.
import type { Browser, Drawing, PageElement } from "../../../src/ui/page/browser.ts";

// deno-lint-ignore no-explicit-any
type Listener = (event: any) => void;

/** Something that events happen to. */
class Target {
  readonly #listeners = new Map<string, Listener[]>();

  addEventListener(name: string, listener: Listener): void {
    this.#listeners.set(name, [...this.#listeners.get(name) ?? [], listener]);
  }

  happen(name: string, event: unknown = {}): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(event);
  }
}

/** What was drawn since the last `clearRect`: the methods' names with their arguments. */
class PlayedDrawing {
  calls: (readonly [name: string, ...args: unknown[]])[] = [];
  /** The colour of each filled rectangle. */
  fills: string[] = [];
  fillStyle = "";

  asDrawing(): Drawing {
    return new Proxy(this as unknown as Drawing, {
      get: (_, name: string) => {
        if (name === "fillStyle") return this.fillStyle;
        return (...args: unknown[]) => {
          if (name === "clearRect") [this.calls, this.fills] = [[], []];
          if (name === "fillRect") this.fills.push(this.fillStyle);
          this.calls.push([name, ...args]);
        };
      },
      set: (_, name: string, value: string) => {
        if (name === "fillStyle") this.fillStyle = value;
        return true;
      },
    });
  }
}

/** An element of the page. */
export class PlayedElement extends Target {
  textContent = "";
  hidden = false;
  className = "";
  width = 0;
  height = 0;
  clientWidth = 80;
  readonly style: Record<string, string> = {};
  readonly drawn = new PlayedDrawing();
  captured: number | undefined;
  children: unknown[] = [];

  getContext(): Drawing {
    return this.drawn.asDrawing();
  }
  getBoundingClientRect() {
    return { left: 10, top: 20 };
  }
  setPointerCapture(id: number): void {
    this.captured = id;
  }
  append(...children: unknown[]): void {
    this.children.push(...children);
  }
  replaceChildren(...children: unknown[]): void {
    this.children = children;
  }
}

class PlayedEvents extends Target {
  readyState = 1;
  isClosed = false;

  close(): void {
    this.isClosed = true;
  }
}

/** The window. */
export class PlayedBrowser extends Target {
  readonly devicePixelRatio = 2;
  readonly #elements = new Map<string, PlayedElement>();
  readonly events = new PlayedEvents();
  readonly #timeouts: (() => void)[] = [];
  #hash = "";
  /** Paths that were asked for; each waits until the test answers it. */
  readonly asked: {
    path: string;
    answer: (status: number, json?: unknown) => void;
    fail: () => void;
  }[] = [];
  readonly location: { hash: string };
  readonly document: Browser["document"];
  readonly EventSource: unknown;

  constructor() {
    super();
    const { events } = this;
    // deno-lint-ignore no-this-alias
    const browser = this;
    this.EventSource = class {
      constructor() {
        return events;
      }
    };
    this.location = {
      get hash() {
        return browser.#hash;
      },
      set hash(value: string) {
        browser.#hash = value === "" ? "" : `#${value}`;
        browser.happen("hashchange");
      },
    };
    this.document = {
      getElementById: (id: string) => this.element(id) as unknown as PageElement,
      createElement: () => new PlayedElement(),
      createTextNode: (text: string) => text,
    } as unknown as Browser["document"];
  }

  asBrowser(): Browser {
    return this as unknown as Browser;
  }

  element(id: string): PlayedElement {
    let element = this.#elements.get(id);
    if (element === undefined) this.#elements.set(id, element = new PlayedElement());
    return element;
  }

  fetch(path: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.asked.push({
        path,
        answer: (status, json) =>
          resolve({ ok: status === 200, json: () => Promise.resolve(json) }),
        fail: () => reject(new TypeError("there is no network")),
      });
    });
  }

  setTimeout(action: () => void): void {
    this.#timeouts.push(action);
  }

  /** The time of all that wait has come. */
  runTimeouts(): void {
    for (const action of this.#timeouts.splice(0)) action();
  }

  /** The server says something. */
  say(name: string, data: unknown): void {
    this.events.happen(name, { data: JSON.stringify(data) });
  }
}
