// A terminal whose two streams are strings.

import { Terminal, type TerminalParts, type TerminalSize } from "../../../src/ui/terminal.ts";

/** A terminal for tests; `written` has what each stream got, `both` the order on one screen. */
export class FakeTerminal extends Terminal {
  readonly written: { stdout: string; stderr: string };
  readonly both: string[];

  constructor(
    parts: {
      isTerminal?: boolean;
      columns?: number;
      /** May change while the terminal is used. */
      size?: TerminalSize;
      colors?: boolean;
    } = {},
  ) {
    const written = { stdout: "", stderr: "" };
    const both: string[] = [];
    const stream = (name: "stdout" | "stderr"): TerminalParts["stdout"] => ({
      isTerminal: parts.isTerminal ?? false,
      sink: {
        write(bytes) {
          const text = new TextDecoder().decode(bytes);
          written[name] += text;
          both.push(text);
          return Promise.resolve(bytes.length);
        },
      },
    });
    super({
      stdout: stream("stdout"),
      stderr: stream("stderr"),
      canRewrite: true,
      colors: parts.colors ?? false,
      unicode: true,
      size: () => parts.size ?? { columns: parts.columns ?? 80, rows: 24 },
    });
    this.written = written;
    this.both = both;
  }
}
