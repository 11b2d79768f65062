// The few things of a browser that the live page uses; Deno's own types do not know them.

/** `window`. */
export interface Browser {
  readonly document: {
    getElementById(id: string): PageElement;
    createElement(name: string): PageElement;
    createTextNode(text: string): unknown;
  };
  readonly location: { hash: string };
  readonly devicePixelRatio: number;
  readonly EventSource: new (url: string) => EventStream;
  fetch(url: string): Promise<{ ok: boolean; json(): Promise<unknown> }>;
  setTimeout(run: () => void, ms: number): unknown;
  addEventListener(name: string, run: () => void): void;
}

export interface EventStream {
  readonly readyState: number;
  addEventListener(name: string, run: (event: { data: string }) => void): void;
  close(): void;
}

export interface PageElement {
  textContent: string;
  className: string;
  hidden: boolean;
  title: string;
  width: number;
  height: number;
  readonly clientWidth: number;
  readonly style: { height: string; background: string };
  append(...children: unknown[]): void;
  replaceChildren(...children: unknown[]): void;
  setAttribute(name: string, value: string): void;
  getContext(kind: "2d"): Drawing;
  getBoundingClientRect(): { left: number; top: number };
  setPointerCapture(id: number): void;
  addEventListener(name: string, run: (event: PointerLike) => void): void;
}

export interface PointerLike {
  readonly clientX: number;
  readonly clientY: number;
  readonly pointerId: number;
  readonly key: string;
}

export interface Drawing {
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  font: string;
  textAlign: string;
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void;
  clearRect(x: number, y: number, width: number, height: number): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  fill(): void;
  stroke(): void;
}
