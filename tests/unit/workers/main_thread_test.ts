// Main as a worker sees it: what a worker sends is what `Thread` on the other side understands.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { EXIT_FAILURE, EXIT_NOT_ANSWERING } from "../../../src/base/exit_codes.ts";
import { MediumLeft, MediumRefused } from "../../../src/device/medium_errors.ts";
import { errorOf } from "../../../src/server/thread.ts";
import { MainThread } from "../../../src/workers/main_thread.ts";

/** The global scope of a worker, played; declare it with `using`. */
class PlayedScope implements Disposable {
  // deno-lint-ignore no-explicit-any
  readonly sent: any[] = [];
  #isClosed = false;
  readonly #before = { onmessage: null, postMessage: undefined, close: globalThis.close };

  constructor() {
    Object.assign(globalThis, {
      postMessage: (message: unknown) => {
        if (this.#isClosed) throw new Error("a closed worker sends nothing");
        this.sent.push(structuredClone(message));
      },
      close: () => this.#isClosed = true,
    });
  }

  order(data: unknown): void {
    const { onmessage } = globalThis as unknown as { onmessage(event: MessageEvent): void };
    onmessage(new MessageEvent("message", { data }));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#before);
  }
}

Deno.test("a worker obeys orders, sends messages, and says last that it has ended", () => {
  using scope = new PlayedScope();
  const main = new MainThread<number, { type: "twice"; of: number }>();
  main.obey((order) => main.tell({ type: "twice", of: 2 * order }));
  scope.order(21);
  assertEquals([scope.sent, scope.isClosed], [[{ type: "twice", of: 42 }], false]);
  main.end();
  assertEquals([scope.sent.at(-1), scope.isClosed], [{ type: "ended" }, true]);
});

Deno.test("an error that a worker refuses with arrives as it was", () => {
  const details = { hints: ["wait"], exitCode: EXIT_NOT_ANSWERING };
  for (const error of [new UserError("no", details), new MediumRefused("no", details)]) {
    using scope = new PlayedScope();
    new MainThread().refuse(error);
    assertEquals(scope.sent[0].type, "refused");
    const arrived = errorOf(scope.sent[0].refusal) as UserError;
    assertEquals(arrived.constructor, error.constructor);
    assertEquals([arrived.message, arrived.hints, arrived.exitCode], ["no", ["wait"], 4]);
  }
});

Deno.test("an error without hints and exit code is a failure", () => {
  using scope = new PlayedScope();
  new MainThread().refuse(new MediumLeft());
  assertEquals(scope.sent[0].refusal, {
    kind: "MediumLeft",
    message: "",
    hints: [],
    exitCode: EXIT_FAILURE,
  });
  assertInstanceOf(errorOf(scope.sent[0].refusal), MediumLeft);
});
