// Where a device is shown: nobody who can change names there can have anything else covered.
import { assert, assertEquals } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { mountIdOf, mounts } from "../../../src/host/mounts.ts";
import { withPath } from "../../../src/host/path_stat.ts";
import { FUSE_TYPE, mountFuse } from "../../../src/server/fuse_device.ts";
import { MountPoint } from "../../../src/server/fuse_mount_point.ts";
import { closeFd } from "../../../src/sys/fd.ts";
import { MNT_DETACH } from "../../../src/sys/mount.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const NOBODY = 65534;
const ROUNDS = 300;

/** Swaps a name between an empty file and a link to another one, as fast as it can, until it is killed. */
const ATTACKER = `
import os, sys
name, victim = sys.argv[1:]
link, file = name + ".link", name + ".file"
print("ready", flush=True)

def swap(make, other):
    try:
        make(other)
        os.rename(other, name)
    except OSError:
        # While something is mounted on the name it cannot be replaced.
        os.path.lexists(other) and os.unlink(other)

while True:
    swap(lambda other: os.symlink(victim, other), link)
    swap(lambda other: open(other, "w").close(), file)
`;

Deno.test({
  name: "a mount point that somebody swaps with a link never covers what the link leads to",
  ignore: !isRoot() || !hasTools("setpriv", "python3"),
  async fn() {
    using folder = new TestFolder();
    Deno.chmodSync(folder.path, 0o755);
    const victim = folder.file("victim");
    Deno.writeTextFileSync(victim, "");
    Deno.mkdirSync(folder.file("theirs"));
    Deno.chownSync(folder.file("theirs"), NOBODY, NOBODY);
    const name = folder.file("theirs/shown");
    const attacker = new Deno.Command("setpriv", {
      args: [
        ...[`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"],
        ...["python3", "-c", ATTACKER, name, victim],
      ],
      // A python in somebody's home is out of the attacker's reach.
      env: { PATH: "/usr/bin:/bin" },
      stdout: "piped",
    }).spawn();
    const output = attacker.stdout.getReader();
    assert(!(await output.read()).done, "the attacker has not started");
    const unmounted = withPath(victim, mountIdOf);
    let mounted = 0;
    let refused = 0;
    try {
      for (let round = 0; round < ROUNDS; round++) {
        if (!tryMount(name, () => assertEquals(withPath(victim, mountIdOf), unmounted))) refused++;
        else mounted++;
      }
    } finally {
      attacker.kill("SIGKILL");
      await attacker.status;
      await output.cancel();
    }
    assert(mounted > 0 && refused > 0, `${mounted} mounted, ${refused} refused: no race`);
    const left = mounts().filter(({ mountPoint }) => mountPoint.startsWith(folder.path));
    assertEquals(left, []);
  },
});

/** @returns false when it was refused. */
function tryMount(name: string, look: () => void): boolean {
  let point: MountPoint;
  try {
    point = MountPoint.prepare(name, () => {});
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
  using _point = point;
  try {
    const lanes = mountFuse(point.target, 0o400, 1);
    look();
    const id = point.mountId();
    const mount = mounts().find((each) => each.id === id);
    assert(mount?.type === FUSE_TYPE, "it is not where it was mounted");
    point.unmount(mount!, MNT_DETACH);
    lanes.flat().forEach(closeFd);
    return true;
  } catch (error) {
    // The file that was looked at has been removed since.
    if (error instanceof SystemError) return false;
    throw error;
  }
}

Deno.test({
  name:
    "a place where everybody can replace everything, or somebody else's file in /tmp, is refused",
  ignore: !isRoot(),
  fn() {
    using folder = new TestFolder();
    for (const [name, mode] of [["public", 0o777], ["sticky", 0o1777]] as const) {
      Deno.mkdirSync(folder.file(name));
      Deno.chmodSync(folder.file(name), mode);
      Deno.writeTextFileSync(folder.file(`${name}/theirs`), "");
      Deno.chownSync(folder.file(`${name}/theirs`), NOBODY, NOBODY);
    }
    const isTaken = (name: string) => {
      try {
        const point = MountPoint.prepare(folder.file(name), () => {});
        point.remove();
        point[Symbol.dispose]();
        return true;
      } catch (error) {
        if (error instanceof UserError) return false;
        throw error;
      }
    };
    const names = ["public/new", "public/theirs", "sticky/theirs", "sticky/new"];
    assertEquals(names.map(isTaken), [false, false, false, true]);
    assertEquals([...Deno.readDirSync(folder.file("sticky"))].length, 1);
  },
});

Deno.test({
  name: "others are let in only where the mode says so",
  ignore: !isRoot(),
  fn() {
    using folder = new TestFolder();
    for (const [mode, isForOthers] of [[0o400, false], [0o440, true], [0o444, true]] as const) {
      const point = MountPoint.prepare(folder.file("shown"), () => {});
      const lanes = mountFuse(point.target, mode, 1);
      const mount = mounts().find(({ id }) => id === point.mountId())!;
      point.unmount(mount, MNT_DETACH);
      point.remove();
      point[Symbol.dispose]();
      lanes.flat().forEach(closeFd);
      assertEquals(mount.options.includes("allow_other"), isForOthers, mode.toString(8));
    }
    assertEquals(folder.listing(), []);
  },
});
