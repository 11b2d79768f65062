// What may stand between a failing disk and a client that speaks NBD.

import {
  BLKCACHE,
  NBDKIT_CACHE,
  NBDKIT_COW,
  NBDKIT_FILE,
  QEMU_COPY_ON_READ,
  QEMU_NBD_RAW,
  type Server,
} from "./servers.ts";

/** One way to read a failing disk over NBD. */
export interface Subject {
  readonly name: string;
  /** @param map where its mapfile goes, if it writes one. */
  serve(map: string): Server;
}

/** qemu-nbd without the page cache: it asks the disk for what it is asked for. */
const QEMU_NBD_DIRECT: Server = {
  ...QEMU_NBD_RAW,
  name: "qemu-nbd --cache=none",
  command: (source, folder) => [...QEMU_NBD_RAW.command(source, folder), "--cache=none"],
};

/** ddrescue reads the whole disk into an image, which is served then. */
const ddrescue = (name: string, options: readonly string[], knowsBad: boolean): Subject => ({
  name,
  serve: (map) => ({
    name,
    prepare: (source, folder) => [["ddrescue", "-q", ...options, source, `${folder}/image`, map]],
    command: (_source, folder) => [
      ...NBDKIT_FILE.command(`${folder}/image`, folder),
      ...knowsBad ? ["--filter=ddrescue", `ddrescue-mapfile=${map}`] : [],
    ],
  }),
});

const peer = (server: Server): Subject => ({ name: server.name, serve: () => server });

export const SUBJECTS: readonly Subject[] = [
  {
    name: BLKCACHE.name,
    serve: (map) => ({
      ...BLKCACHE,
      command: (source, folder) => [...BLKCACHE.command(source, folder), `--map=${map}`],
    }),
  },
  peer(NBDKIT_CACHE),
  peer(NBDKIT_COW),
  peer(QEMU_NBD_RAW),
  peer(QEMU_NBD_DIRECT),
  peer(QEMU_COPY_ON_READ),
  ddrescue("ddrescue -d, then its image", ["-d"], false),
  ddrescue("ddrescue -d, then image and mapfile", ["-d"], true),
  ddrescue("ddrescue, then image and mapfile", [], true),
];
