// `map --watch` in played time: each look happens when the test lets the pause end.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { parseArguments } from "../../../src/cli/arguments.ts";
import { followMapfile, INTERVAL_MS } from "../../../src/cli/follow_mapfile.ts";
import { mapCommand } from "../../../src/cli/map_command.ts";
import { PlayedTimeouts } from "../../harness/played_timeouts.ts";
import { TimersByLength } from "../../harness/timers_by_length.ts";
import { TestFolder } from "../../harness/test_folder.ts";
import { FakeTerminal } from "../ui/fake_terminal.ts";

const UNTRIED = "0 ? 1\n0 4096 ?\n";
const HALF = "0 ? 1\n0 2048 +\n2048 2048 ?\n";
const TORN = "0 ? 1\n0 20";

/** A mapfile that is followed until the end of the block. */
class Followed implements AsyncDisposable {
  readonly folder = new TestFolder();
  readonly path = this.folder.file("a.map");
  readonly timers = new PlayedTimeouts();
  readonly heard: string[] = [];
  readonly #stop = Promise.withResolvers<void>();
  readonly ended: Promise<void>;
  nowMs = 0;

  constructor(text: string) {
    this.write(text);
    this.ended = followMapfile(this.path, {
      show: ({ size, statuses }, isNew) => {
        this.heard.push(`${isNew ? "new" : "same"} ${size} in ${statuses.length}`);
      },
      complain: (error) => void this.heard.push(error.message),
    }, { stopped: this.#stop.promise, now: () => this.nowMs });
    this.ended.catch(() => {});
  }

  write(text: string): void {
    Deno.writeTextFileSync(this.path, text);
  }

  /** The pause is over, and the next look has been taken. */
  async look(): Promise<void> {
    this.timers.runAll();
    await this.pause();
  }

  /** Waits until the next pause has begun. */
  async pause(): Promise<void> {
    while (this.timers.count === 0) await Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.resolve();
    await this.ended.catch(() => {});
    this.timers[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

Deno.test("each look tells what the file holds, and whether that is new", async () => {
  await using followed = new Followed(UNTRIED);
  await followed.pause();
  await followed.look();
  followed.write(HALF);
  await followed.look();
  assertEquals(followed.heard, ["new 4096 in 1", "same 4096 in 1", "new 4096 in 2"]);
});

Deno.test("a file that is torn or gone for a moment is nothing to speak of; for longer it is, until it is good", async () => {
  await using followed = new Followed(UNTRIED);
  await followed.pause();
  followed.write(TORN);
  await followed.look();
  followed.nowMs = 5000;
  await followed.look();
  assertEquals(followed.heard.length, 1);
  followed.nowMs = 5001;
  await followed.look();
  assertMatch(followed.heard[1]!, /a\.map", line 2/);
  Deno.removeSync(followed.path);
  await followed.look();
  assertMatch(followed.heard[2]!, /a\.map/);
  followed.write(HALF);
  await followed.look();
  assertEquals(followed.heard.slice(3), ["new 4096 in 2"]);
});

Deno.test("a file that is none at the start is refused, and no timer is left", async () => {
  await using followed = new Followed("junk\n");
  await assertRejects(() => followed.ended, UserError, "a.map");
  assertEquals(followed.timers.count, 0);
});

Deno.test("on a terminal the map has a screen of its own, and its last state stays", async () => {
  using folder = new TestFolder();
  using timers = new TimersByLength(INTERVAL_MS);
  const path = folder.file("a.map");
  Deno.writeTextFileSync(path, UNTRIED);
  const request = parseArguments(["map", "--watch", `--svg=${folder.file("a.svg")}`, path]);
  if (request.kind !== "run") throw new Error("it is a run");
  const terminal = new FakeTerminal({ isTerminal: true });
  const stop = Promise.withResolvers<void>();
  const code = mapCommand(request.operands, request.values, terminal, stop.promise);
  await timers.begun(INTERVAL_MS);
  Deno.writeTextFileSync(path, HALF);
  timers.run(INTERVAL_MS);
  await timers.begun(INTERVAL_MS);
  stop.resolve();
  assertEquals(await code, 0);
  await terminal.close();
  const { stdout } = terminal.written;
  // deno-lint-ignore no-control-regex
  const [, screen = "", after = ""] = /\x1b\[\?1049h([\s\S]*)\x1b\[\?1049l([\s\S]*)/.exec(stdout) ??
    [];
  assertMatch(screen, /\? non-tried +4 KiB +100%/);
  assertMatch(screen, /\+ finished +2 KiB +50\.0%/);
  assertMatch(after, /\+ finished +2 KiB +50\.0%/);
  assert(Deno.readTextFileSync(folder.file("a.svg")).includes("<svg"));
});
