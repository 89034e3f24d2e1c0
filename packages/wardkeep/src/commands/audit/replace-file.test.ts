import { chmod, chown, lstat, open, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import { emptyFolder } from "#tests/cli/run-cli.ts"
import { replaceFile } from "./replace-file.js"

it("whoever reads meanwhile has the whole text from before, and nothing is left beside it", async () => {
  const folder = await emptyFolder()
  const path = join(folder, "newest.txt")
  await replaceFile(path, "first")
  await chmod(path, 0o640)
  const reader = await open(path, "r")
  await replaceFile(path, "second")
  // In place, the one who opened it before would read the new text, or none.
  expect(await reader.readFile("utf8")).toBe("first")
  await reader.close()
  expect(await readFile(path, "utf8")).toBe("second")
  expect((await stat(path)).mode & 0o777).toBe(0o640)
  expect(await readdir(folder)).toEqual(["newest.txt"])
})

it("whoever may read it by its group still may", async () => {
  const folder = await emptyFolder()
  const path = join(folder, "newest.txt")
  await writeFile(path, "first")
  // A group of one's own beside the first; whoever has none, as root, may give the file any.
  const { uid, gid } = await stat(path)
  const group = process.getgroups?.().find((each) => each !== gid) ?? (process.getuid?.() === 0 ? 4242 : gid)
  await chown(path, uid, group)
  await replaceFile(path, "second")
  expect((await stat(path)).gid).toBe(group)
})

it("a link stays a link, and what is no file is written to", async () => {
  const folder = await emptyFolder()
  await writeFile(join(folder, "there.txt"), "before")
  await symlink("there.txt", join(folder, "link.txt"))
  await replaceFile(join(folder, "link.txt"), "after")
  expect((await lstat(join(folder, "link.txt"))).isSymbolicLink()).toBe(true)
  expect(await readFile(join(folder, "there.txt"), "utf8")).toBe("after")
  await replaceFile("/dev/null", "nobody reads it")
  expect((await stat("/dev/null")).isCharacterDevice()).toBe(true)
})

it("where it cannot be written, what was there stays and nothing is left", async () => {
  const folder = await emptyFolder()
  const path = join(folder, "folder", "newest.txt")
  await expect(replaceFile(path, "text")).rejects.toMatchObject({ code: "ENOENT" })
  // As on a machine where the other one's folder is not mounted: not a file of this one's in the link's place.
  await symlink("nowhere/newest.txt", join(folder, "link.txt"))
  await expect(replaceFile(join(folder, "link.txt"), "text")).rejects.toMatchObject({ code: "ENOENT" })
  expect((await lstat(join(folder, "link.txt"))).isSymbolicLink()).toBe(true)
  expect(await readdir(folder)).toEqual(["link.txt"])
})

it("what a link names is made", async () => {
  const folder = await emptyFolder()
  await symlink("newest.txt", join(folder, "link.txt"))
  await replaceFile(join(folder, "link.txt"), "text")
  expect(await readFile(join(folder, "newest.txt"), "utf8")).toBe("text")
  expect((await readdir(folder)).sort()).toEqual(["link.txt", "newest.txt"])
})
