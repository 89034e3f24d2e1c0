import { readdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, expect, test, vi } from "vitest"
import { mountSmallDisk } from "../src/small-disk.ts"

afterEach(() => vi.unstubAllEnvs())

test("where no small disk can be mounted, who wanted one fails, and nothing stays", async () => {
  const disks = () => readdirSync(tmpdir()).filter((name) => name.startsWith("wardkeep-disk-"))
  const before = disks()
  vi.stubEnv("PATH", join(tmpdir(), "no-such-folder"))
  await expect(mountSmallDisk(8)).rejects.toThrow(/cannot be mounted here, so that a full one was not tested .*ENOENT/)
  expect(disks()).toEqual(before)
})
