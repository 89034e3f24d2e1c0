import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { wholeFile } from "./whole-file.js"

/** As a file system answers that knows no hard links: FAT, and some that come over the network. */
const links = vi.hoisted(() => ({ are: true }))
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>()
  const link: typeof real.link = async (from, to) => {
    if (!links.are) throw Object.assign(new Error("operation not permitted, link"), { code: "EPERM" })
    await real.link(from, to)
  }
  return { ...real, link }
})

let folder = ""
beforeEach(async () => {
  links.are = true
  folder = await mkdtemp(join(tmpdir(), "wardkeep-whole-"))
})
afterEach(() => rm(folder, { recursive: true }))

const writing = (path: string, meanwhile = async (): Promise<void> => undefined): Promise<void> =>
  wholeFile(path, "last.txt", async (write) => {
    await write("evidence")
    await meanwhile()
  })

it.each([true, false])("appears whole, and takes nobody's place (hard links: %s)", async (are) => {
  links.are = are
  const path = join(folder, "last.txt")
  await writing(path)
  expect(await readFile(path, "utf8")).toBe("evidence")
  expect(await readdir(folder)).toEqual(["last.txt"])
  await expect(writing(path)).rejects.toMatchObject({ code: "WK009", message: "last.txt exists already" })
  const other = join(folder, "other.txt")
  const taken = writing(other, () => writeFile(other, "somebody else's"))
  await expect(taken).rejects.toMatchObject({ code: "WK009", hint: expect.stringContaining("last.txt.partial") })
  expect(await readFile(other, "utf8")).toBe("somebody else's")
  // What cannot be done again, as the farewell of a key, is not lost with its name.
  expect(await readFile(`${other}.partial`, "utf8")).toBe("evidence")
  const again = writing(join(folder, "third.txt"))
  await again
  await writeFile(join(folder, "fourth.txt.partial"), "of a run that was ended")
  await expect(writing(join(folder, "fourth.txt"))).rejects.toMatchObject({
    message: "last.txt.partial exists already",
    hint: expect.stringContaining("A run that was ended left it"),
  })
})

it("leaves no half file where the work fails", async () => {
  const failing = writing(join(folder, "last.txt"), () => Promise.reject(new Error("no")))
  await expect(failing).rejects.toThrow("no")
  expect(await readdir(folder)).toEqual([])
})
