// An ssh server of our own on the loopback interface, and an `ssh` that talks to it whatever host is named.

import { tool, until } from "./tool.ts";

/** Declare it with `await using`. Needs root and sshd. */
export class LocalSsh implements AsyncDisposable {
  readonly #server: Deno.ChildProcess;
  /** A folder for PATH. */
  readonly path: string;

  private constructor(server: Deno.ChildProcess, path: string) {
    this.#server = server;
    this.path = path;
  }

  /** @param folder for its keys. */
  static async start(folder: string): Promise<LocalSsh> {
    const path = `${folder}/ssh`;
    Deno.mkdirSync(path);
    for (const key of ["host", "user"]) {
      await tool("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", `${path}/${key}.key`]);
    }
    // It insists on this folder; a system that runs sshd has it.
    Deno.mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    const port = freePort();
    const settings = {
      ListenAddress: `127.0.0.1:${port}`,
      HostKey: `${path}/host.key`,
      AuthorizedKeysFile: `${path}/user.key.pub`,
      PidFile: "none",
      StrictModes: "no",
      UsePAM: "no",
      PermitRootLogin: "prohibit-password",
    };
    const options = Object.entries(settings).map(([name, value]) => `-o${name}=${value}`);
    const sshd = (await tool("sh", ["-c", "PATH=$PATH:/usr/sbin command -v sshd"])).trim();
    const server = new Deno.Command(sshd, {
      args: ["-D", "-f", "/dev/null", ...options],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const ssh = `#!/bin/sh
exec /usr/bin/ssh -F none -p ${port} -i '${path}/user.key' -o HostName=127.0.0.1 \\
  -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ExitOnForwardFailure=yes "$@"
`;
    Deno.writeTextFileSync(`${path}/ssh`, ssh, { mode: 0o755 });
    await until("sshd listens", () => listens(port));
    return new LocalSsh(server, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.kill("SIGTERM");
    await this.#server.status;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

async function listens(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
