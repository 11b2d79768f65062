// Entry point of the worker that looks at devices for `blkcache detect`: one that hangs in a device is left behind.
/// <reference lib="deno.worker" />
import { UserError } from "../base/errors.ts";
import { readableBy } from "../opening/known_failures.ts";
import { describeBlockDevice } from "../device/block_listing.ts";
import { detect } from "../device/detect.ts";
import type { TryPread } from "../device/file.ts";
import type { Identity } from "../identity/identity.ts";
import { sourceContent } from "../identity/source_content.ts";
import { SysfsBlock } from "../host/sysfs.ts";
import { tryPread } from "../sys/fd.ts";
import { UringReader } from "../sys/io_uring.ts";
import type { LookMessage, LookOrder } from "./look_init.ts";
import { MainThread } from "./main_thread.ts";

const main = new MainThread<LookOrder, LookMessage>();
const { tell } = main;

let uring: UringReader | undefined;

main.obey((order) => {
  tell({ type: "ready" });
  try {
    look(order);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    main.refuse(error);
  }
});

function look({ deviceNumber, path }: LookOrder): void {
  const info = describeBlockDevice(new SysfsBlock(deviceNumber));
  tell({ type: "described", info });
  const isEmpty = info.medium === "absent" || info.medium === "open";
  if (path === undefined || isEmpty) return tell({ type: "done", content: undefined });
  uring ??= UringReader.create();
  const ring = uring;
  const read: TryPread = (...args) => {
    const result = ring === undefined ? tryPread(...args) : ring.tryPread(...args);
    tell({ type: "answered" });
    return result;
  };
  const readableOf = (now: Identity) => readableBy(".", now);
  tell({ type: "done", content: sourceContent(path, detect(path), readableOf, read) });
}
