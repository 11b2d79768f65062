// Ends the run with the program that has started it: at once where the user wants that (--exit-with-parent), or,
// when a client has started a server for itself and has handed it its socket, once the last client has left. Main
// thread. It looks at its parent's number now and then: a signal (PR_SET_PDEATHSIG) would come when the parent's
// thread ends that has started us, and would not come when the parent has ended before we ask for it.
import { ownParentage, type Parentage, type Starter, starterOf } from "../host/parentage.ts";
import type { ServerEvent } from "./events.ts";

/** Milliseconds between two looks. */
const LOOK_MS = 500;
/** A client may still be about to connect, or another one about to follow the last: milliseconds. */
const GRACE_MS = 2000;

/** How the run ends with its parent: not at all, at its end, or with its last client. */
export type Bond = "none" | "parent" | "clients";

/** The decision, pure: when a run ends. Times are those of one clock, in milliseconds. */
export class ParentBond {
  readonly #bond: Bond;
  readonly #parent: number | undefined;
  #clients = 0;
  /** When the last client has left, or the run has begun. */
  #withoutMs: number;

  /** @param starter undefined: nothing is known of it. */
  constructor(bond: Bond, starter: Starter | undefined, nowMs: number) {
    const isBound = bond !== "none" && starter !== undefined && starter.is !== "a service manager";
    this.#bond = isBound ? bond : "none";
    this.#parent = starter?.is === "there" ? starter.parent : undefined;
    this.#withoutMs = nowMs;
  }

  /** There is nothing to look at. */
  get isIdle(): boolean {
    return this.#bond === "none";
  }

  /** So many clients have the export now. */
  note(clients: number, nowMs: number): void {
    this.#clients = clients;
    this.#withoutMs = nowMs;
  }

  /** @param parent the parent now. */
  isOver(parent: number, nowMs: number): boolean {
    if (this.#bond === "none" || parent === this.#parent) return false;
    if (this.#bond === "parent") return true;
    return this.#clients === 0 && nowMs - this.#withoutMs >= GRACE_MS;
  }
}

/** Ends the run when the program that started it ends. */
export class ParentWatch implements Disposable {
  readonly #bond: ParentBond;
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  /** @param over is called once, when the run is to end. */
  constructor(
    bond: Bond,
    over: () => void,
    parentage: () => Parentage | undefined = ownParentage,
  ) {
    const first = parentage();
    this.#bond = new ParentBond(bond, first && starterOf(first), performance.now());
    if (this.#bond.isIdle) return;
    const look = () => {
      const now = parentage();
      if (now === undefined || !this.#bond.isOver(now.parent, performance.now())) return;
      clearInterval(this.#timer);
      over();
    };
    this.#timer = setInterval(look, LOOK_MS);
  }

  /** What happens in the run: whether clients are there. */
  readonly observe = (event: ServerEvent): void => {
    if (event.event === "client") this.#bond.note(event.clients, performance.now());
  };

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
