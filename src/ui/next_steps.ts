// What to type once a server is ready.

import { shellQuote } from "../base/shell_command.ts";

/** Commands to paste, a line each. `uri` is an NBD URI with a Unix socket or a TCP address. */
export function nextSteps(uri: string): string[] {
  const quoted = shellQuote(uri);
  return [
    `nbdcopy --progress ${quoted} copy.img`,
    `qemu-img convert -p -f raw -O qcow2 ${quoted} copy.qcow2`,
    `modprobe nbd && nbd-client ${clientAddress(uri)} /dev/nbd0 && mount -o ro /dev/nbd0 /mnt`,
  ];
}

function clientAddress(uri: string): string {
  const { hostname, port, pathname, searchParams } = new URL(uri);
  const name = decodeURIComponent(pathname.replace(/^\//, ""));
  const socket = searchParams.get("socket");
  const address = socket === null
    ? `${hostname.replace(/^\[|\]$/g, "")} ${port || "10809"}`
    : `-unix ${shellQuote(socket)}`;
  return name === "" ? address : `-N ${shellQuote(name)} ${address}`;
}
