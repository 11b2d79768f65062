// The command line from its arguments to its exit code.

import { processTerminal, type Terminal } from "../ui/terminal.ts";
import { parseArguments, type Request } from "./arguments.ts";
import type { CommandName } from "./commands.ts";
import { completionScript } from "./completions.ts";
import { detectCommand } from "./detect_command.ts";
import { UserError } from "../base/errors.ts";
import { prepareProcess } from "../server/prepare_process.ts";
import { EXIT_DONE, EXIT_FAILURE } from "../base/exit_codes.ts";
import { reportFailure } from "./failure.ts";
import { commandHelp, overview } from "./help.ts";
import { manualPage } from "./manual_page.ts";
import { mapCommand } from "./map_command.ts";
import { checkArguments, checkCurrentDirectory } from "./names.ts";
import { serveCommand } from "./serve_command.ts";
import { versionLine } from "./version.ts";

/** How long the last words of a server may wait for a stopped terminal or a full pipe. */
const LAST_WORDS_MS = 500;

/** Runs the program. @returns its exit code; never throws. */
export async function run(
  args: readonly string[],
  openTerminal: () => Terminal = processTerminal,
): Promise<number> {
  try {
    prepareProcess();
  } catch (error) {
    // Nothing can be written on another thread, as the terminal does it.
    Deno.stderr.writeSync(new TextEncoder().encode(`${withoutThreads(error)}\n`));
    return EXIT_FAILURE;
  }
  const terminal = openTerminal();
  let isServing = false;
  let exitCode: number;
  try {
    checkArguments(args);
    const request = parseArguments(args);
    isServing = request.kind === "run" && isServer(request.command);
    exitCode = await perform(request, terminal);
  } catch (error) {
    exitCode = reportFailure(error, terminal);
  }
  await terminal.close(isServing ? LAST_WORDS_MS : Infinity);
  const trouble = terminal.stdoutTrouble;
  if (isServing || exitCode !== EXIT_DONE || trouble === undefined) return exitCode;
  // The output is what such a command is for; a run is worth more than its messages.
  terminal.error(`cannot write the output: ${trouble.message}`);
  await terminal.close();
  return EXIT_FAILURE;
}

function withoutThreads(error: unknown): string {
  if (!(error instanceof UserError)) throw error;
  return [`error: ${error.message}`, ...error.hints.map((hint) => `hint: ${hint}`)]
    .map((line) => `blkcache: ${line}`).join("\n");
}

function isServer(command: CommandName): command is "serve" | "mount" {
  return command === "serve" || command === "mount";
}

async function perform(request: Request, terminal: Terminal): Promise<number> {
  if (request.kind === "version") {
    terminal.say(versionLine());
    return EXIT_DONE;
  }
  if (request.kind === "help") {
    terminal.say(...(request.topic ? commandHelp(request.topic) : overview()));
    return EXIT_DONE;
  }
  if (request.kind === "manual") {
    terminal.say(...manualPage());
    return EXIT_DONE;
  }
  const { command, operands, values } = request;
  terminal.level = values.quiet ? "error" : values["log-level"];
  terminal.json = values.json ?? false;
  if (isServer(command) || command === "detect") checkCurrentDirectory();
  if (isServer(command)) return await serveCommand(command, operands, values, terminal);
  if (command === "completions") {
    terminal.say(...completionScript(operands[0]));
    return EXIT_DONE;
  }
  if (command === "detect") return await detectCommand(operands, terminal);
  return await mapCommand(operands, values, terminal);
}
