// --on-stall: runs the user's command when the device has stopped answering or has vanished. Hears the events of the
// run as everybody does; stall_schedule.ts decides, stall_command.ts runs. Main thread; nothing here blocks.
import { isAttached, type Whereabouts, whereaboutsOf } from "../host/bus_path.ts";
import { environment } from "../sys/environment.ts";
import type { Observer, Progress, ServerEvent } from "./events.ts";
import { runCommand, type RunningCommand } from "./stall_command.ts";
import { stallOf, StallSchedule } from "./stall_schedule.ts";

/** Milliseconds between two looks at a drive that is not plugged in. */
const LOOK_MS = 1000;

/** What a test replaces. */
export interface HookMeans {
  readonly now: () => number;
  readonly whereaboutsOf: (path: string) => Whereabouts;
  readonly isAttached: (path: string) => boolean;
  readonly run: typeof runCommand;
}

const MEANS: HookMeans = {
  now: () => performance.now(),
  whereaboutsOf,
  isAttached,
  run: runCommand,
};

/** Runs a command while the device does not answer. Declare it with `using`. */
export class StallHook implements Disposable {
  readonly #command: string;
  readonly #device: string;
  readonly #tell: Observer;
  readonly #means: HookMeans;
  readonly #schedule = new StallSchedule();
  /** As it was when the device answered last: one that has gone is not in sysfs. */
  #whereabouts: Whereabouts;
  #running: RunningCommand | undefined;
  #isEnded = false;
  /** Looks at a drive that was served and may not be plugged in now. */
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param device as the user has named it. @param tell gets what there is to say. */
  constructor(command: string, device: string, tell: Observer, means = MEANS) {
    this.#command = command;
    this.#device = device;
    this.#tell = tell;
    this.#means = means;
    this.#whereabouts = means.whereaboutsOf(device);
  }

  /** What happens in the run. */
  readonly observe = (event: ServerEvent): void => {
    if (this.#isEnded) return;
    if (event.event === "progress") this.#look(event.progress);
    else if (event.event === "ready") this.#note(this.#device);
    else if (event.event === "info" && event.device !== undefined) this.#note(event.device);
    else if (event.event === "medium" && event.state === "left") this.#watchDrive();
  };

  /** A device answers, by this path. */
  #note(path: string): void {
    this.#watchNoDrive();
    if (this.#means.isAttached(path)) this.#whereabouts = this.#means.whereaboutsOf(path);
  }

  #look(progress: Pick<Progress, "outage" | "reading">): void {
    if (this.#schedule.look(stallOf(progress), this.#means.now())) this.#run();
  }

  /** A medium has left. A drive that is still there is empty, and that is no stall. */
  #watchDrive(): void {
    this.#timer ??= setInterval(() => {
      const stall = this.#means.isAttached(this.#device) ? undefined : { attempts: undefined };
      if (this.#schedule.look(stall, this.#means.now())) this.#run();
    }, LOOK_MS);
  }

  #watchNoDrive(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #run(): void {
    const count = this.#schedule.runs;
    const { device, serial, busPath } = this.#whereabouts;
    const home = environment("HOME");
    this.#tell({ event: "info", message: `running the command of --on-stall (run ${count})` });
    this.#running = this.#means.run(this.#command, {
      ...home === undefined ? {} : { HOME: home },
      DEVICE: device,
      SERIAL: serial,
      BUS_PATH: busPath,
      STALL_COUNT: String(count),
    }, {
      said: (line, isError) => {
        const message = `--on-stall: ${line}`;
        if (isError) this.#warn(message);
        else this.#tell({ event: "debug", message });
      },
      failed: (message) => this.#warn(message),
      ended: () => {
        this.#running = undefined;
        this.#schedule.ended();
      },
    });
  }

  #warn(message: string): void {
    if (!this.#isEnded) this.#tell({ event: "warning", message, hints: [] });
  }

  /** The end of the run is the end of a command that runs. */
  [Symbol.dispose](): void {
    this.#isEnded = true;
    this.#watchNoDrive();
    this.#running?.kill();
  }
}
