// The single owner of the terminal. Its rules:
// - stdout carries what a script wants: the ready line, a command's result, with --json one object a
//   line. Everything else goes to stderr.
// - stderr lines begin with `blkcache: `, then `error: `, `warning: `, `debug: ` or `hint: `.
// - a status line exists only on a terminal; it is cleared before anything else is written.
// - control characters never get through, whoever sent them; colour only on a terminal without NO_COLOR.
// Main thread only. No method blocks or throws.

import { printable } from "../base/printable.ts";
import { isShown, type LogLevel } from "./log_level.ts";
import { OutputQueue, type Sink } from "./output_queue.ts";

/** A sink and what is behind it. */
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
  readonly colors: boolean;
  /** Width now; asked for at each drawing, since windows change. */
  columns(): number;
}

const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = "\r\x1b[K";
const COLORS: Readonly<Record<string, string>> = { "error": "31", "warning": "33" };

/** Everything the program says goes through here. */
export class Terminal {
  /** What is shown on stderr, and of the events with `json`. */
  level: LogLevel = "info";
  /** True: `record` is what stdout gets, and there is no status line. */
  json = false;
  readonly #parts: TerminalParts;
  readonly #stdoutQueue = new OutputQueue();
  readonly #stderrQueue: OutputQueue;
  #status = "";

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
    return this.#parts.stdout.isTerminal ? this.#parts.columns() : DEFAULT_COLUMNS;
  }

  /** Lines for stdout. */
  say(...lines: readonly string[]): void {
    const text = lines.map((line) => `${printable(line)}\n`).join("");
    if (this.#status) this.#toStderr(CLEAR_LINE);
    this.#stdoutQueue.write(this.#parts.stdout.sink, text);
    if (this.#status) this.#toStderr(this.#status);
  }

  /** One JSON object as a line of stdout. */
  record(object: object): void {
    this.#stdoutQueue.write(this.#parts.stdout.sink, `${JSON.stringify(object)}\n`);
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

  /** Redraws the status line with what `render` makes of the width; does nothing unless live. */
  status(render: (columns: number) => string): void {
    if (!this.isLive) return;
    // The last column stays free: some terminals wrap as soon as it is written.
    const columns = Math.max(1, this.#parts.columns() - 1);
    const line = printable(render(columns)).slice(0, columns);
    if (line === this.#status) return;
    this.#status = line;
    this.#toStderr(CLEAR_LINE + line);
  }

  /** Takes the status line away. */
  clearStatus(): void {
    if (this.#status) this.#toStderr(CLEAR_LINE);
    this.#status = "";
  }

  /** Takes the status line away and waits until all is written, at most `timeoutMs`. */
  async close(timeoutMs = Infinity): Promise<void> {
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
    const clear = this.#status ? CLEAR_LINE : "";
    this.#toStderr(`${clear}${lines.join("\n")}\n${this.#status}`);
  }

  #labelled(label: string | undefined, message: string): string {
    if (label === undefined) return `blkcache: ${printable(message)}`;
    const color = this.#parts.colors ? COLORS[label] : undefined;
    const shown = color === undefined ? label : `\x1b[${color}m${label}\x1b[0m`;
    return `blkcache: ${shown}: ${printable(message)}`;
  }

  #toStderr(text: string): void {
    this.#stderrQueue.write(this.#parts.stderr.sink, text);
  }
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = Deno;
  return new Terminal({
    stdout: { sink: stdout, isTerminal: stdout.isTerminal() },
    stderr: { sink: stderr, isTerminal: stderr.isTerminal() },
    canRewrite: Deno.env.get("TERM") !== "dumb",
    colors: stderr.isTerminal() && !Deno.noColor,
    columns: consoleColumns,
  });
}

function consoleColumns(): number {
  try {
    // 0 on serial consoles that were never told their size.
    return Deno.consoleSize().columns || DEFAULT_COLUMNS;
  } catch {
    // No stream of this process is a terminal that has a size.
    return DEFAULT_COLUMNS;
  }
}
