// The live page in the browser: hears the events of the run and puts them in their places. Sent as text, like
// client_drawing.ts: it uses its arguments, the functions sent with it, and nothing else.

import { cellBoundary } from "../../map/coarse_map.ts";
import type { Browser, PageElement } from "./browser.ts";
import { cellAt, drawMap, drawPlot, type MapLayout, zoomed } from "./client_drawing.ts";
import type { PageMap, PageMessage, PageState } from "./page_state.ts";
import type { RatePoint } from "./rate_history.ts";

/** What the page knows from the start. */
export interface PageSettings {
  /** Names and colours of the looks, by number. */
  readonly names: readonly string[];
  readonly colors: readonly string[];
  /** Most rows of cells. */
  readonly rows: number;
}

/** Everything the rates of a run are drawn from. */
export interface PageHistory {
  readonly points: readonly RatePoint[];
  readonly highestText: string;
  readonly timeText: string;
}

/** Starts the page. Runs once, in the browser. */
export function startPage(browser: Browser, settings: PageSettings): void {
  const { document, location } = browser;
  const element = (id: string): PageElement => document.getElementById(id);
  const canvas = element("map");
  const plot = element("plot");
  let layout: MapLayout = { columns: 1, pitch: 7, side: 6 };
  let map: PageMap | undefined;
  let history: PageHistory | undefined;
  let isFetching = false;
  let isStale = false;
  let version = -1;
  let pressed = -1;
  let hovered = -1;

  /** The part that is looked at, as the address says: `#START-END`. */
  const range = (): readonly [number, number] | undefined => {
    const [, start, end] = /^#(\d+)-(\d+)$/.exec(location.hash) ?? [];
    return start === undefined || Number(start) >= Number(end)
      ? undefined
      : [Number(start), Number(end)];
  };
  const look = (start: number, end: number, size: number) => {
    location.hash = start <= 0 && end >= size ? "" : `${start}-${end}`;
  };
  /** Makes a canvas as sharp as the screen. */
  const sized = (target: PageElement, width: number, height: number) => {
    const ratio = browser.devicePixelRatio || 1;
    if (
      target.width !== Math.round(width * ratio) || target.height !== Math.round(height * ratio)
    ) {
      target.width = Math.round(width * ratio);
      target.height = Math.round(height * ratio);
      target.style.height = `${height}px`;
    }
    const drawing = target.getContext("2d");
    drawing.setTransform(ratio, 0, 0, ratio, 0, 0);
    return drawing;
  };
  const draw = () => {
    if (map === undefined) return;
    const rows = Math.max(1, Math.ceil(map.cells.length / layout.columns));
    const drawing = sized(canvas, canvas.clientWidth, rows * layout.pitch);
    const chosen = pressed < 0 || hovered < 0
      ? undefined
      : [Math.min(pressed, hovered), Math.max(pressed, hovered)] as const;
    drawMap(drawing, map.cells, layout, settings.colors, chosen);
  };
  const drawHistory = () => {
    if (history === undefined) return;
    const { points, highestText, timeText } = history;
    drawPlot(
      sized(plot, plot.clientWidth, 120),
      plot.clientWidth,
      120,
      points,
      highestText,
      timeText,
    );
  };
  /** Fetches the cells that fit the window, one request at a time. */
  const refresh = async () => {
    isStale = isFetching;
    if (isFetching) return;
    isFetching = true;
    layout = { ...layout, columns: Math.max(8, Math.floor(canvas.clientWidth / layout.pitch)) };
    const part = range();
    const query = part === undefined ? "" : `&start=${part[0]}&end=${part[1]}`;
    try {
      const response = await browser.fetch(`map?cells=${layout.columns * settings.rows}${query}`);
      if (response.ok) {
        map = await response.json() as PageMap;
        element("range").textContent = map.rangeText;
        element("cell").textContent = map.cellText;
        element("whole").hidden = part === undefined;
        element("out").hidden = part === undefined;
        draw();
      }
    } catch {
      // The events say that the connection is lost.
    }
    browser.setTimeout(() => {
      isFetching = false;
      if (isStale) refresh();
    }, 250);
  };
  const showState = (state: PageState) => {
    for (const [id, text] of Object.entries(state.fields)) element(id).textContent = text;
    state.totals.forEach((text, number) => {
      if (text !== "") element(`total${number}`).textContent = text;
    });
    element("alarm").textContent = state.alarm;
    element("alarm").hidden = state.alarm === "";
    if (state.mapVersion === version) return;
    version = state.mapVersion;
    refresh();
  };
  const showMessages = (messages: readonly PageMessage[]) => {
    element("messages").replaceChildren(...messages.map(({ kind, time, text }) => {
      const item = document.createElement("li");
      item.className = kind;
      item.append(document.createTextNode(`${time} ${text}`));
      return item;
    }));
  };
  const showNotice = (text: string) => {
    element("notice").textContent = text;
    element("notice").hidden = text === "";
  };

  const events = new browser.EventSource("events");
  events.addEventListener("open", () => showNotice(""));
  events.addEventListener("state", ({ data }) => showState(JSON.parse(data)));
  events.addEventListener("medium", ({ data }) => {
    element("medium").textContent = JSON.parse(data);
    element("phase").textContent = "";
  });
  events.addEventListener("messages", ({ data }) => showMessages(JSON.parse(data)));
  events.addEventListener("history", ({ data }) => {
    history = JSON.parse(data);
    drawHistory();
  });
  events.addEventListener("done", ({ data }) => {
    showNotice(JSON.parse(data));
    events.close();
  });
  events.addEventListener("error", () => {
    if (events.readyState !== 2) showNotice("the connection is lost; what is shown may be old");
  });

  const cellUnder = ({ clientX, clientY }: { clientX: number; clientY: number }) => {
    const { left, top } = canvas.getBoundingClientRect();
    return map === undefined ? -1 : cellAt(clientX - left, clientY - top, map.cells.length, layout);
  };
  canvas.addEventListener("pointerdown", (event) => {
    pressed = hovered = cellUnder(event);
    canvas.setPointerCapture(event.pointerId);
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    const cell = cellUnder(event);
    if (map === undefined || cell < 0) return;
    hovered = cell;
    const start = cellBoundary(map.start, map.end, map.cells.length, cell);
    const end = cellBoundary(map.start, map.end, map.cells.length, cell + 1);
    const name = settings.names[Number(map.cells[cell])];
    element("under").textContent = `${name}: ${start} to ${end} (0x${
      start.toString(16).toUpperCase()
    })`;
    if (pressed >= 0) draw();
  });
  canvas.addEventListener("pointerup", () => {
    if (map !== undefined && pressed >= 0 && hovered >= 0) {
      const { start, end, size, cells: { length } } = map;
      const from = cellBoundary(start, end, length, Math.min(pressed, hovered));
      const to = cellBoundary(start, end, length, Math.max(pressed, hovered) + 1);
      const factor = pressed === hovered ? (end - start) / 8 : to - from;
      const [first, last] = zoomed((from + to) / 2, factor, 1, size);
      look(first, last, size);
    }
    pressed = -1;
    draw();
  });
  element("whole").addEventListener("click", () => map && look(0, map.size, map.size));
  element("out").addEventListener("click", () => {
    if (map === undefined) return;
    const [start, end] = zoomed((map.start + map.end) / 2, map.end - map.start, 4, map.size);
    look(start, end, map.size);
  });
  browser.addEventListener("hashchange", () => refresh());
  browser.addEventListener("resize", () => {
    drawHistory();
    refresh();
  });
  refresh();
}
