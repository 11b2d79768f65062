// A copy of the tree in a temporary folder, in which a fault can be put and tests be run.
import type { Fault } from "./faults.ts";

/** The tree that this file stands in. */
export const ROOT = new URL("../../", import.meta.url);

/** What is copied: all that fast tests read. */
const COPIED = ["deno.json", "deno.lock", "main.ts", "src", "tests"];

/** How tests have ended. */
export interface TestResult {
  readonly isOk: boolean;
  /** Names of the tests that have failed, in order. */
  readonly failed: readonly string[];
  /** How the process has ended, where no test has failed. */
  readonly ending: string;
}

/** A copy of the tree in a temporary folder, for one fault at a time. Declare it with `using`. */
export class Workplace implements Disposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "blkcache-mutate-" });

  constructor() {
    for (const name of COPIED) copy(new URL(name, ROOT).pathname, `${this.#folder}/${name}`);
  }

  /** Does something while the fault is in the copy. */
  async withFault<T>({ file, text, by }: Fault, action: () => Promise<T>): Promise<T> {
    const path = `${this.#folder}/src/${file}`;
    const before = Deno.readTextFileSync(path);
    Deno.writeTextFileSync(path, before.replace(text, () => by));
    try {
      return await action();
    } finally {
      Deno.writeTextFileSync(path, before);
    }
  }

  /** Runs tests until one fails. @param tests files and folders under tests/. */
  async test(tests: readonly string[], mostMs: number): Promise<TestResult> {
    const command = new Deno.Command(Deno.execPath(), {
      args: [
        ...["test", "-A", "--no-check", "--fail-fast", "--reporter=tap"],
        ...tests.map((test) => `tests/${test}`),
      ],
      cwd: this.#folder,
      // Other seeds find other things: a fault is noticed by the same test each time.
      env: { NO_COLOR: "1", BLKCACHE_SEED: "1" },
      stdout: "piped",
      stderr: "null",
    });
    const process = command.spawn();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      process.kill("SIGKILL");
    }, mostMs);
    const output = await new Response(process.stdout).text();
    const { success, code } = await process.status;
    clearTimeout(timer);
    const failed = Array.from(output.matchAll(/^not ok \d+ - (.*)$/gm), (match) => match[1]!);
    const ending = isLate ? `the tests do not end within ${mostMs / 1000} s` : `exit code ${code}`;
    return { isOk: success, failed, ending };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

function copy(from: string, to: string): void {
  if (!Deno.statSync(from).isDirectory) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) copy(`${from}/${name}`, `${to}/${name}`);
}
