import { execFile } from "node:child_process"
import { readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { matrixDocument, useMatrixClinic } from "#tests/fixture/matrix-clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const clinic = useMatrixClinic(database, {
  purposes: { care: { basis: "s7a" }, billing: { basis: "s7a" }, research: { basis: "s7a" } },
})

it("shows the matrix without a database, in letters and as one HTML file", async () => {
  expect((await clinic.cli("matrix", "show")).stdout).toMatch(/\npatient +CR\*U\*P +Ru\* +r +R/)
  expect(await clinic.cli("matrix", "show", "--html", "matrix.html")).toEqual({ code: 0, stdout: "", stderr: "" })
  expect(await readFile(join(clinic.folder, "matrix.html"), "utf8")).toContain("<h1>Who may do what</h1>")
})

it("says who gained what since a revision of git, leaves no file behind, and refuses what git does not know", async () => {
  const git = (...args: string[]) =>
    promisify(execFile)("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], { cwd: clinic.folder })
  await git("init", "--quiet")
  await git("add", "wardkeep.policy.json")
  await git("commit", "--quiet", "--message", "first")
  expect((await clinic.cli("matrix", "diff", "HEAD")).stdout).toBe("Nobody gains or loses anything.\n")
  const before = await readFile(join(clinic.folder, "wardkeep.policy.json"), "utf8")
  const after = JSON.parse(before)
  after.roles.portal.can.note = { read: false }
  after.roles.reception.can.patient.delete = true
  await writeFile(join(clinic.folder, "wardkeep.policy.json"), JSON.stringify(after))
  expect((await clinic.cli("matrix", "diff", "HEAD")).stdout).toBe("reception gains: delete public.patient\n")
  for (const wrong of ["nothing", "--output=x", "HEAD:other"]) {
    const ran = await clinic.cli("matrix", "diff", "--", wrong)
    expect([ran.code, ran.stderr.slice(0, 5)], wrong).toEqual([2, "WK009"])
  }
  expect((await readdir(clinic.folder)).filter((name) => name.startsWith(".wardkeep"))).toEqual([])
  await writeFile(join(clinic.folder, "wardkeep.policy.json"), before)
})

it("lists what is kept and used by nobody", async () => {
  const ran = await clinic.cli("matrix", "unused", "--json")
  expect(ran).toMatchObject({ code: 0, stderr: "" })
  expect(JSON.parse(ran.stdout)).toEqual({
    unread: ["public.clinic.name", "public.staff.name", "public.staff.email"],
    unused: ["public.clinic.name", "public.staff.name", "public.staff.email"],
    purposes: ["research"],
    conditions: [],
  })
  expect((await clinic.cli("matrix", "unused")).stdout).toContain("Purposes that nobody has\n  research\n")
  expect(matrixDocument.purposes).not.toHaveProperty("research")
})
