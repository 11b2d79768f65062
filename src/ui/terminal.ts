// The single owner of the terminal. Its rules:
// - stdout carries what a script wants: the ready line, a command's result, with --json one object a
//   line. Everything else goes to stderr.
// - stderr lines begin with `blkcache: `, then `error: `, `warning: `, `debug: ` or `hint: `.
// - the status exists only on a terminal; it makes way for anything else that is written.
// - control characters of any source never get through; colour only on a terminal without NO_COLOR.
// Main thread only. No method blocks or throws.

import { printable, printableJson } from "../base/printable.ts";
import { environment } from "../sys/environment.ts";
import { OutputQueue, type Sink } from "./output_queue.ts";
import { StatusArea } from "./status_area.ts";
import { cutLine, type Line, painted } from "./styled_text.ts";

/** How much the program says on stderr: from the least to the most talkative. */
export const LOG_LEVELS = ["error", "warning", "info", "debug"] as const;

/** Messages of this level and the ones before it are shown. */
export type LogLevel = typeof LOG_LEVELS[number];

/** True when a message of `level` is shown with `--log-level shown`. */
export function isShown(level: LogLevel, shown: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(shown);
}

/** A sink and the kind of its destination. */
export interface Stream {
  readonly sink: Sink;
  readonly isTerminal: boolean;
}

/** What a terminal is made of; tests give it sinks of their own. */
export interface TerminalParts {
  readonly stdout: Stream;
  readonly stderr: Stream;
  /** False for terminals that cannot rewrite a line (TERM=dumb). */
  readonly canRewrite: boolean;
  /** Whether colours are wanted; only a terminal gets any. */
  readonly colors: boolean;
  /** False where only ASCII can be shown. */
  readonly unicode: boolean;
  /** Size now; asked for at each drawing, since windows change. */
  size(): TerminalSize;
}

/** Of a window, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A device that drawings are made for. */
export interface Canvas extends TerminalSize {
  readonly colors: boolean;
  readonly unicode: boolean;
}

const DEFAULT_SIZE: TerminalSize = { columns: 80, rows: 24 };
const LABEL_COLORS = {
  error: "red",
  warning: "yellow",
  debug: undefined,
  hint: undefined,
} as const;
/** The second screen of a terminal, which leaves no trace; see xterm's control sequences, mode 1049. */
const ENTER_SCREEN = "\x1b[?1049h\x1b[?25l";
const LEAVE_SCREEN = "\x1b[?25h\x1b[?1049l";

/** Everything the program says goes through here. */
export class Terminal {
  /** The least level that is shown on stderr, and of events with `json`. */
  level: LogLevel = "info";
  /** True: `record` is what stdout gets, and there is no status line. */
  json = false;
  readonly #parts: TerminalParts;
  readonly #stdoutQueue = new OutputQueue();
  readonly #stderrQueue: OutputQueue;
  readonly #status = new StatusArea();
  /** The lines on the screen, while there is one. */
  #screen: string | undefined;

  constructor(parts: TerminalParts) {
    this.#parts = parts;
    // On one screen the two must keep their order; otherwise neither may wait for the other's reader.
    const oneScreen = parts.stdout.isTerminal && parts.stderr.isTerminal;
    this.#stderrQueue = oneScreen ? this.#stdoutQueue : new OutputQueue();
  }

  /** True when `status` shows something. */
  get isLive(): boolean {
    return this.#parts.stderr.isTerminal && this.#parts.canRewrite && !this.json &&
      isShown("info", this.level);
  }

  /** Width for tables: of the terminal, 80 on a pipe. */
  get columns(): number {
    return this.canvas.columns;
  }

  /** What stdout can show. */
  get canvas(): Canvas {
    const { stdout, colors, unicode } = this.#parts;
    const size = stdout.isTerminal ? this.#parts.size() : DEFAULT_SIZE;
    return { ...size, colors: colors && stdout.isTerminal, unicode };
  }

  /** True when stdout is a terminal on which `screen` can draw. */
  get hasScreen(): boolean {
    return this.#parts.stdout.isTerminal && this.#parts.canRewrite && !this.json;
  }

  /** Lines for stdout. */
  say(...lines: readonly Line[]): void {
    const { colors } = this.canvas;
    const text = lines.map((line) => `${painted(line, colors)}\n`).join("");
    this.#aroundStatus(() => this.#toStdout(text));
  }

  /** Draws lines on a screen of their own, over the earlier ones; needs `hasScreen`. */
  screen(lines: readonly Line[]): void {
    const { columns, rows, colors } = this.canvas;
    const text = lines.slice(0, rows).map((line) =>
      `${painted(cutLine(line, columns - 1), colors)}\x1b[K`
    ).join("\r\n");
    const drawing = `\x1b[H${text}\x1b[J`;
    if (drawing === this.#screen) return;
    this.#toStdout(this.#screen === undefined ? ENTER_SCREEN + drawing : drawing);
    this.#screen = drawing;
  }

  /** Restores the terminal's contents from before `screen`. */
  leaveScreen(): void {
    if (this.#screen !== undefined) this.#toStdout(LEAVE_SCREEN);
    this.#screen = undefined;
  }

  /** One JSON object as a line of stdout. */
  record(object: object): void {
    this.#toStdout(`${printableJson(object)}\n`);
  }

  /** Something failed: one sentence, then what to do, ready to paste. */
  error(message: string, hints: readonly string[] = []): void {
    this.#message("error", "error", message, hints);
  }

  /** Something that should be known, although the work goes on. */
  warning(message: string, hints: readonly string[] = []): void {
    this.#message("warning", "warning", message, hints);
  }

  /** What happens. */
  info(message: string): void {
    this.#message("info", undefined, message, []);
  }

  /** What happens inside; may have several lines (a stack). */
  debug(message: string): void {
    for (const line of message.split("\n")) this.#message("debug", "debug", line, []);
  }

  /** The stack of a bug: it is what a report needs, so every level shows it. */
  stack(text: string): void {
    this.#toStderr(text.split("\n").map((line) => `${printable(line)}\n`).join(""));
  }

  /** Redraws the status with what `render` makes of the terminal; does nothing unless live. */
  status(render: (canvas: Canvas) => readonly Line[]): void {
    if (!this.isLive) return;
    const { colors, unicode } = this.#parts;
    const size = this.#parts.size();
    const lines = render({ columns: size.columns - 1, rows: size.rows, colors, unicode });
    this.#toStderr(this.#status.draw(lines, size.columns, colors));
  }

  /** Takes the status away. */
  clearStatus(): void {
    if (!this.#status.isEmpty) this.#toStderr(this.#status.remove(this.#parts.size().columns));
  }

  /** Why text for stdout was lost; undefined: none was, or the reader has gone. */
  get stdoutTrouble(): Error | undefined {
    return this.#stdoutQueue.trouble(this.#parts.stdout.sink);
  }

  /** Takes the status and the screen away and waits until all is written, at most `timeoutMs`. */
  async close(timeoutMs = Infinity): Promise<void> {
    this.leaveScreen();
    this.clearStatus();
    await Promise.all([this.#stdoutQueue.flush(timeoutMs), this.#stderrQueue.flush(timeoutMs)]);
  }

  #message(
    level: LogLevel,
    label: "error" | "warning" | "debug" | undefined,
    message: string,
    hints: readonly string[],
  ): void {
    if (!isShown(level, this.level)) return;
    const lines = [
      this.#labelled(label, message),
      ...hints.map((hint) => this.#labelled("hint", hint)),
    ];
    this.#aroundStatus(() => this.#toStderr(`${lines.join("\n")}\n`));
  }

  #labelled(label: keyof typeof LABEL_COLORS | undefined, message: string): string {
    if (label === undefined) return `blkcache: ${printable(message)}`;
    const colors = this.#parts.colors && this.#parts.stderr.isTerminal;
    const text = painted([{ text: label, color: LABEL_COLORS[label] }], colors);
    return `blkcache: ${text}: ${printable(message)}`;
  }

  /** The two streams may be one screen, so the status makes way for both. */
  #aroundStatus(write: () => void): void {
    if (this.#status.isEmpty) return write();
    this.#toStderr(this.#status.clear(this.#parts.size().columns));
    write();
    this.#toStderr(this.#status.redraw());
  }

  #toStdout(text: string): void {
    this.#stdoutQueue.write(this.#parts.stdout.sink, text);
  }

  #toStderr(text: string): void {
    if (text !== "") this.#stderrQueue.write(this.#parts.stderr.sink, text);
  }
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = Deno;
  const isDumb = environment("TERM") === "dumb";
  return new Terminal({
    stdout: { sink: stdout, isTerminal: stdout.isTerminal() },
    stderr: { sink: stderr, isTerminal: stderr.isTerminal() },
    canRewrite: !isDumb,
    colors: !Deno.noColor && !isDumb,
    unicode: isUtf8Locale(),
    size: consoleSize,
  });
}

/** As setlocale(3) finds out: the first of the three that is set. */
function isUtf8Locale(): boolean {
  const values = [environment("LC_ALL"), environment("LC_CTYPE"), environment("LANG")];
  return /utf-?8/i.test(values.find(Boolean) ?? "");
}

function consoleSize(): TerminalSize {
  try {
    // 0 on serial consoles that were never told their size.
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || DEFAULT_SIZE.columns, rows: rows || DEFAULT_SIZE.rows };
  } catch {
    // No stream of this process is a terminal that has a size.
    return DEFAULT_SIZE;
  }
}
