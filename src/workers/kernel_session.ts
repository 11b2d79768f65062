// Entry point of a thread that answers one of the kernel's connections: wiring only.
/// <reference lib="deno.worker" />
import { transmissionFlags } from "../nbd/export.ts";
import { type Negotiated, SIMPLE } from "../nbd/negotiated.ts";
import type { SessionEnd } from "../nbd/session_end.ts";
import type { KernelSessionInit, KernelSessionMessage } from "./attach_init.ts";
import { MainThread } from "./main_thread.ts";
import { NbdSession } from "./nbd_session.ts";

/** The kernel does not negotiate; it accepts the flags of `transmissionFlags(false)`. */
const KERNEL_CLIENT: Negotiated = { mode: SIMPLE, contexts: [] };

const main = new MainThread<KernelSessionInit, KernelSessionMessage>();

main.obey((init) => {
  const session = new NbdSession(init, main.tell);
  const peer = session.peer(init.socket);
  main.tell({ type: "ready", flags: transmissionFlags(false, session.writer) });
  let end: SessionEnd;
  do {
    end = session.serve(peer, KERNEL_CLIENT);
    session.endClient(peer);
  } while (end.reason === "idle");
  session.release();
  if (end.message !== "") main.tell({ type: "left", message: end.message });
  main.end();
});
