// Every order of events in small pools: clients come and leave, sessions start, rest, are dismissed and die, and
// their messages, like the end of main's wait, reach main any number of steps after they were sent. The model goes
// on from every state in every way. Whenever nothing more happens by itself, no client may be left waiting.
import { assert, assertEquals } from "@std/assert";
import { type RosterAction, SessionRoster } from "../../src/server/session_roster.ts";

type Message = "busy" | "left" | "occupied" | "free" | "ended" | "died";

/** A worker as it is, which main learns by its messages. */
interface Worker {
  doing: "starting" | "accepting" | "serving" | "finishing" | "gone";
  isDismissed: boolean;
  rests: boolean;
  /** Sent, and not received yet. */
  messages: Message[];
}

interface Limits {
  maxSessions: number;
  maxNumbers: number;
  clients: number;
  deaths: number;
  dismissals: number;
}

/** A pool and what is around it. */
class World {
  readonly roster: SessionRoster;
  readonly #limits: Limits;
  readonly #workers = new Map<number, Worker>();
  /** Main's wait: none, under way, or over without main having been told. */
  #wait: "none" | "waits" | "over" = "none";
  /** Clients that have connected and that nobody has accepted. */
  #waiting = 0;
  #come = 0;
  #deaths = 0;
  #dismissals = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.roster = new SessionRoster(limits.maxSessions, limits.maxNumbers);
    this.#act(this.roster.begin());
  }

  get key(): string {
    return JSON.stringify([
      [...this.#workers],
      this.#wait,
      this.#waiting,
      this.#come,
      this.#deaths,
      this.#dismissals,
      this.roster.description,
    ]);
  }

  /** What can happen next; `own`: without anybody from outside, and sooner or later it does. */
  steps(): { name: string; own: boolean; take: () => void }[] {
    const steps: { name: string; own: boolean; take: () => void }[] = [];
    const can = (name: string, own: boolean, take: () => void) => steps.push({ name, own, take });
    if (this.#come < this.#limits.clients) {
      can("a client connects", false, () => {
        this.#come++;
        this.#waiting++;
      });
    }
    if (this.#wait === "waits" && this.#waiting > 0) {
      can("main's wait is over", true, () => this.#wait = "over");
    }
    if (this.#wait === "over") {
      can("main goes on after its wait", true, () => {
        this.#wait = "none";
        this.#act(this.roster.clientCame());
      });
    }
    for (const [number, worker] of this.#workers) this.#stepsOf(number, worker, can);
    return steps;
  }

  #stepsOf(
    number: number,
    worker: Worker,
    can: (name: string, own: boolean, take: () => void) => void,
  ): void {
    const say = (message: Message, doing: Worker["doing"]) => {
      worker.messages.push(message);
      worker.doing = doing;
    };
    switch (worker.doing) {
      case "starting":
        can(`${number} has started`, true, () => worker.doing = "accepting");
        break;
      case "accepting":
        if (worker.isDismissed) {
          can(`${number} ends`, true, () => say("ended", "gone"));
        }
        // It may be about to accept when it is dismissed.
        if (this.#waiting > 0) {
          can(`${number} accepts`, true, () => {
            this.#waiting--;
            say("busy", "serving");
          });
        }
        break;
      case "serving":
        can(`the client of ${number} leaves`, false, () => say("left", "accepting"));
        can(`the client of ${number} leaves reads behind`, false, () => {
          say("left", "finishing");
          worker.messages.push("occupied");
        });
        break;
      case "finishing":
        can(`the reads of ${number} have ended`, true, () => say("free", "accepting"));
    }
    const [message] = worker.messages;
    if (message !== undefined) {
      can(`main hears "${message}" of ${number}`, true, () => {
        worker.messages.shift();
        this.#act(this.roster[message](number));
        if (message === "ended" || message === "died") this.#workers.delete(number);
      });
    }
    if (worker.rests && this.#dismissals < this.#limits.dismissals) {
      can(`${number} has rested`, false, () => {
        worker.rests = false;
        this.#dismissals++;
        this.#act(this.roster.rested(number));
      });
    }
    if (worker.doing !== "gone" && this.#deaths < this.#limits.deaths) {
      can(`${number} dies`, false, () => {
        this.#deaths++;
        say("died", "gone");
      });
    }
  }

  #act(actions: readonly RosterAction[]): void {
    for (const action of actions) {
      switch (action.do) {
        case "listen":
          assertEquals(this.#wait, "none", "main already waits");
          this.#wait = "waits";
          break;
        case "stop listening":
          this.#wait = "over";
          break;
        case "start":
          assert(!this.#workers.has(action.session), "the number is taken");
          this.#workers.set(action.session, {
            doing: "starting",
            isDismissed: false,
            rests: false,
            messages: [],
          });
          assert(this.#workers.size <= this.#limits.maxSessions, "more sessions than are allowed");
          break;
        case "rest":
        case "stop resting": {
          const worker = this.#workers.get(action.session);
          if (worker !== undefined) worker.rests = action.do === "rest";
          break;
        }
        case "dismiss":
          this.#workers.get(action.session)!.isDismissed = true;
      }
    }
  }

  /** What is wrong when nothing more happens by itself, or undefined. */
  finding(): string | undefined {
    if (this.#waiting === 0 || this.steps().some(({ own }) => own)) return undefined;
    const { maxSessions, maxNumbers, deaths } = this.#limits;
    const isFull = this.#workers.size === maxSessions ||
      // Each death uses up a number.
      this.roster.numbers === maxNumbers && maxNumbers - deaths < maxSessions;
    const allServe = [...this.#workers.values()].every(({ doing }) => doing === "serving");
    if (isFull && allServe) return undefined;
    return `${this.#waiting} clients wait for ever`;
  }
}

/** Goes on from every state in every way. @returns the number of states. */
function explore(limits: Limits): number {
  const seen = new Set<string>();
  const paths: number[][] = [[]];
  for (let path; (path = paths.pop()) !== undefined;) {
    const world = new World(limits);
    const names: string[] = [];
    for (const index of path) {
      const step = world.steps()[index]!;
      names.push(step.name);
      step.take();
    }
    const { key } = world;
    if (seen.has(key)) continue;
    seen.add(key);
    const finding = world.finding();
    if (finding !== undefined) throw new Error(`${finding}: ${names.join(", ")}`);
    world.steps().forEach((_, index) => paths.push([...path, index]));
  }
  return seen.size;
}

const CASES: (Limits & { name: string })[] = [
  { name: "one session", maxSessions: 1, clients: 3, deaths: 1, dismissals: 0 },
  { name: "two sessions", maxSessions: 2, clients: 3, deaths: 0, dismissals: 1 },
  { name: "two sessions of which one dies", maxSessions: 2, clients: 3, deaths: 1, dismissals: 0 },
  { name: "three sessions", maxSessions: 3, clients: 3, deaths: 0, dismissals: 0 },
].map((limits) => ({ ...limits, maxNumbers: limits.maxSessions + limits.deaths }));

for (const { name, ...limits } of CASES) {
  Deno.test(`session roster: no order of events leaves a client waiting: ${name}`, () => {
    const states = explore(limits);
    console.log(`${states} states`);
    assert(states > 100);
  });
}
