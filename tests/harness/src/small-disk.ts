import { spawn } from "node:child_process"
import { once } from "node:events"
import { chownSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Account, unprivilegedAccount } from "./account.ts"
import type { ServerOptions } from "./embedded.ts"

/** A disk of a few megabytes that only servers started `under` it see. */
export interface SmallDisk {
  /** An empty folder on it, for a tablespace. */
  readonly folder: string
  /** Starts a server that sees the disk; with `wal` its write-ahead log lies on it, and goes on there after a crash. */
  under(options?: { readonly wal?: boolean }): NonNullable<ServerOptions["under"]>
  /** Takes all space that is left, as a file of somebody else would. */
  fill(): Promise<void>
  free(): Promise<void>
  /** After the last server on it has ended. */
  close(): Promise<void>
}

/**
 * The mount lives in namespaces of its own: nobody else sees it, and the kernel takes it away with the last process in
 * them, however that ended. The keeper reads a pipe that closes with this process; who is nobody in its namespace, such
 * as root, can write no file there.
 */
const keeperScript = `
mount -t tmpfs -o "size=$2" tmpfs "$1" && mkdir "$1/tables" || exit
echo mounted
while read -r what; do
  case $what in
    fill) cat /dev/zero > "$1/ballast" 2> /dev/null ;;
    free) rm "$1/ballast" ;;
  esac
  echo "$what"
done
`
/** PostgreSQL refuses to run as the root that mounting takes, so that the server gets its own user back. */
const serverScript = `
disk=$1 data=$2 wal=$3 uid=$4 gid=$5
shift 5
if [ "$wal" = true ] && [ ! -L "$data/pg_wal" ]; then
  mv "$data/pg_wal" "$disk/wal" && ln -s "$disk/wal" "$data/pg_wal" || exit
fi
exec unshare --user --map-user="$uid" --map-group="$gid" -- "$@"
`

/**
 * Needs no privileges, but a kernel that lets users have namespaces of their own.
 *
 * @throws where it does not, or util-linux is not there: what was to be tested was not
 */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const account = unprivilegedAccount()
  const path = mkdtempSync(join(tmpdir(), "wardkeep-disk-"))
  if (account !== undefined) chownSync(path, account.uid, account.gid)
  const keeper = await startKeeper(path, megabytes, account).catch((error: unknown) => {
    rmSync(path, { recursive: true })
    throw error
  })
  const { uid = 0, gid = 0 } = account ?? { uid: process.getuid?.(), gid: process.getgid?.() }
  const asked = async (what: "fill" | "free"): Promise<void> => {
    const answered = once(keeper.stdout, "data")
    keeper.stdin.write(`${what}\n`)
    await answered
  }
  return {
    folder: join(path, "tables"),
    under:
      ({ wal = false } = {}) =>
      (data) => [
        ...["nsenter", "--target", `${keeper.pid}`, "--user", "--preserve-credentials", "--mount", "--"],
        ...["sh", "-c", serverScript, "wardkeep-disk", path, data, `${wal}`, `${uid}`, `${gid}`],
      ],
    fill: () => asked("fill"),
    free: () => asked("free"),
    close: async () => {
      const ended = once(keeper, "exit")
      keeper.stdin.end()
      await ended
      rmSync(path, { recursive: true })
    },
  }
}

async function startKeeper(path: string, megabytes: number, account: Account | undefined) {
  const args = ["--user", "--map-root-user", "--mount", "--", "sh", "-c", keeperScript, "wardkeep-disk", path]
  const keeper = spawn("unshare", [...args, `${megabytes}m`], {
    ...account,
    cwd: "/",
    stdio: ["pipe", "pipe", "pipe"],
  })
  let said = ""
  keeper.stderr.on("data", (text: Buffer) => {
    said += text.toString()
  })
  const mounted = once(keeper.stdout, "data").then(() => undefined)
  const failed = once(keeper, "close").then(
    () => said,
    (error: Error) => error.message,
  )
  const why = await Promise.race([mounted, failed])
  if (why === undefined) return keeper
  throw new Error(
    `a small disk cannot be mounted here, so that a full one was not tested (util-linux and user namespaces are needed): ${why.trim()}`,
  )
}
