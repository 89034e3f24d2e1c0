import { symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { expect, it } from "vitest"
import { emptyFolder } from "#tests/cli/run-cli.ts"
import { sealed } from "#tests/fixture/sealed-bundle.ts"
import { cosignedBy, keptIn } from "./seal.js"

const note = (size: number, by: string): string =>
  `wardkeep/clinic/5f0c\n${size}\nroot\n\n— wardkeep/clinic/5f0c own\n— ${by} one\n`

it("the file holds the newest checkpoint with the lines of all who cosigned it, also where one of them is late", () => {
  const first = cosignedBy("", note(7, "w1"))
  expect(first).toBe(note(7, "w1"))
  expect(cosignedBy(first, note(7, "w2"))).toBe(`${note(7, "w1")}— w2 one\n`)
  expect(cosignedBy(note(10, "w1"), note(9, "w2"))).toBe(note(10, "w1"))
  expect(cosignedBy(note(9, "w2"), note(10, "w1"))).toBe(note(10, "w1"))
})

it("a file that cannot be told from one of a newer sealer is no leave to seal", async () => {
  const path = join(await emptyFolder(), "newest.txt")
  const { checkpoint } = sealed(1)
  expect(await keptIn(path, "newest.txt")).toBeUndefined()
  await writeFile(path, "")
  await expect(keptIn(path, "newest.txt")).rejects.toMatchObject({
    code: "WK009",
    message: "newest.txt is empty",
    hint: expect.stringContaining("never sealed, delete it"),
  })
  // Another sealer is writing it.
  const [kept] = await Promise.all([keptIn(path, "newest.txt"), sleep(30).then(() => writeFile(path, checkpoint))])
  expect(kept).toBe(checkpoint)
  // As an editor leaves it without the end of its last line, and with what `rebase` prints before it.
  for (const text of [checkpoint.trimEnd(), `  First checkpoint of the new name:\n\n${checkpoint}`]) {
    await writeFile(path, text)
    await expect(keptIn(path, "newest.txt")).rejects.toMatchObject({
      code: "WK009",
      message: "newest.txt holds no checkpoint",
    })
  }
  await symlink("round.txt", `${path}.round`)
  await symlink("newest.txt.round", join(path, "..", "round.txt"))
  await expect(keptIn(`${path}.round`, "round")).rejects.toMatchObject({
    code: "WK009",
    message: "round cannot be read",
  })
})
