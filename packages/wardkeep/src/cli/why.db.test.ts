import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import { useMatrixClinic } from "#tests/fixture/matrix-clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Why } from "../commands/matrix/why.js"

const database = useDatabase()
const clinic = useMatrixClinic(database, {
  assignments: "required",
  breakGlass: {
    role: "portal",
    from: ["doctor"],
    longest: "PT1H",
    reasons: ["unconscious"],
    reviewedBy: ["reception"],
  },
})
const asking = (as: string, action: string, row: string, ...more: string[]): string[] => [
  ...["why", "--as", as, "--branch", clinic.branches[0] ?? "", "--action", action, "--row", row, ...more],
]
const patient = (n: number): string => `patient:${clinic.patients[n]}`

async function answer(as: string, action: string, row: string, ...more: string[]): Promise<Why & { no: string[] }> {
  const ran = await clinic.cli(...asking(as, action, row, ...more), "--json")
  expect(ran).toMatchObject({ code: 0, stderr: "" })
  const found: Why = JSON.parse(ran.stdout)
  return { ...found, no: found.layers.filter(({ holds }) => holds === false).map(({ layer }) => layer) }
}

describe("wardkeep why", () => {
  it("shows every layer of an answer, each part of a condition, and no value of the row", async () => {
    const [visit] = await clinic.admin<{ id: string }>(
      "select id from visit where branch_id = $1 and reason = 'cough'",
      [clinic.branches[0]],
    )
    const ran = await clinic.cli(...asking("doctor", "update", `visit:${visit?.id}`))
    expect(ran).toMatchObject({ code: 0, stderr: "" })
    expect(ran.stdout).not.toMatch(/cough|canary/)
    expect(ran.stdout.split("\n").map((line) => line.replace(/m[0-9a-f]{8}/, "main"))).toEqual([
      `may doctor update this row of public.visit, standing in the branch ${clinic.branches[0]}?`,
      "deny",
      "  yes  matrix cell: doctor may update public.visit  (roles.doctor.can.public.visit.update)",
      "  yes  column grant: every column  (roles.doctor.can.public.visit.update)",
      "  yes  purpose: for care or billing  (roles.doctor.can.public.visit.update)",
      "  yes  fence: the row lies in the context's branch",
      "  NO   policy predicate: fever: reason is fever  (roles.doctor.can.public.visit.update.when)",
      "         NO   reason is fever",
      "  NO   changed row: fever: reason is fever  (roles.doctor.can.public.visit.update.after)",
      "         NO   reason is fever",
      "  yes  grant: wk_main_r_doctor has UPDATE on at, reason",
      "  ?    assignment: no --actor was named",
      "  yes  narrowing: the clinic took nothing of it from the role",
      "  ?    break-glass: none is open for this subject; the role may declare one, which opens another context as portal",
      "  yes  drift: grants and policies of the table are those of the policy file",
      "",
    ])
  })

  it.each<[string, string, string, () => string, string[], string[]]>([
    ["a row of one's own branch", "reception", "read", () => patient(0), [], []],
    [
      "a column that is hidden",
      "reception",
      "read",
      () => patient(0),
      ["--columns", "full_name,hiv_status"],
      ["column grant"],
    ],
    ["a cell that is not there", "reception", "delete", () => patient(0), [], ["matrix cell", "grant"]],
    ["a sibling's row", "reception", "read", () => patient(1), [], ["fence"]],
    ["another clinic's row, which is not there", "reception", "read", () => patient(2), [], ["fence"]],
    ["no second factor", "doctor", "update", () => patient(0), [], ["second factor"]],
    ["an old second factor", "doctor", "update", () => patient(0), ["--mfa", "PT1H"], ["second factor"]],
    ["a new second factor", "doctor", "update", () => patient(0), ["--mfa", "PT5M"], []],
    ["another purpose", "doctor", "read", () => patient(0), ["--purpose", "curiosity"], ["purpose"]],
    ["nobody assigned to the patient", "specialist", "read", () => patient(0), [], ["policy predicate"]],
    ["a service", "reminders", "update", () => patient(0), [], ["matrix cell", "grant"]],
    ["no emergency", "portal", "read", () => patient(0), ["--actor", "asha"], ["break-glass", "break-glass"]],
  ])("names what stands in the way: %s", async (_what, as, action, row, more, no) => {
    const found = await answer(as, action, row(), ...more)
    expect([found.effect, found.no]).toEqual([no.length === 0 ? "allow" : "deny", no])
  })

  it("follows assignments, what the clinic took and emergencies that are open", async () => {
    const [a, b] = [clinic.clinics[0], clinic.branches[0]]
    expect((await answer("specialist", "read", patient(0), "--actor", "asha")).no).toEqual(["assignment"])
    await clinic.admin(
      `insert into wardkeep.assignment (actor, tenant, role, branch, valid_from, reason, granted_by, granted_as)
       values ('asha', $1, 'specialist', $2, now(), 'test', 'owner', 'owner')`,
      [a, b],
    )
    expect((await answer("specialist", "read", patient(0), "--actor", "asha")).effect).toBe("allow")
    await clinic.admin(
      `insert into wardkeep.narrowing (tenant, role, what, reason, narrowed_by) values ($1, 'doctor', 'delete public.visit', 'test', 'owner')`,
      [a],
    )
    const [visit] = await clinic.admin<{ id: string }>("select id from visit where branch_id = $1 limit 1", [b])
    expect((await answer("doctor", "delete", `visit:${visit?.id}`)).no).toEqual(["narrowing"])
    await clinic.admin(
      `insert into wardkeep.narrowing (tenant, role, what, reason, narrowed_by) values ($1, 'doctor', 'purpose care', 'test', 'owner')`,
      [a],
    )
    for (const [purpose, no] of [
      ["care", ["narrowing"]],
      ["billing", []],
    ] as const)
      expect((await answer("doctor", "read", patient(0), "--purpose", purpose)).no, purpose).toEqual(no)
    expect((await answer("doctor", "read", patient(0))).effect).toBe("deny")
    await clinic.admin(
      `insert into wardkeep.break_glass (tenant, branch, subject, reason, explanation, declared_by, declared_as, session_id, valid_until, opened_at)
       values ($1, $2, $3, 'unconscious', 'test', 'asha', 'doctor', gen_random_uuid(), now() + interval '1 hour', now())`,
      [a, b, clinic.patients[0]],
    )
    expect((await answer("portal", "read", patient(0), "--actor", "asha")).effect).toBe("allow")
    expect((await answer("portal", "read", patient(0), "--actor", "ravi")).effect).toBe("deny")
  })

  it("does not claim to know whom a confined role reaches where nothing here says it", async () => {
    const reached = ({ layers }: Why) => layers.filter(({ text }) => text.includes("reaches named subjects only"))
    const unnamed = await answer("portal", "read", patient(0))
    expect([unnamed.effect, reached(unnamed).map(({ holds }) => holds)]).toEqual(["allow", [null]])
    expect((await answer("portal", "read", patient(1))).no).toEqual(["fence"])
    const { assignments: _, breakGlass: __, ...document } = clinic.document
    await writeFile(join(clinic.folder, "host.policy.json"), JSON.stringify(document))
    const hosted = await answer("portal", "read", patient(0), "--actor", "asha", "--policy", "host.policy.json")
    expect([hosted.effect, reached(hosted).map(({ holds }) => holds)]).toEqual(["allow", [null]])
    expect(JSON.stringify(hosted)).not.toContain(clinic.patients[0])
  })

  it("says when the database is not what the policy file says, and records that a row was looked at", async () => {
    await clinic.admin("drop policy wk_fence on patient")
    const found = await answer("reception", "read", patient(0))
    expect([found.effect, found.no]).toEqual(["allow", ["drift"]])
    await clinic.host.apply()
    expect(
      await clinic.admin("select tenant from wardkeep.activity where detail ->> 'reason' = 'wardkeep why' limit 1"),
    ).toEqual([{ tenant: clinic.clinics[0] }])
  })

  it("works for an administrator, who does not see past the fence either, and for no other login", async () => {
    const ask = (url: string) =>
      callCli(clinic.folder, asking("reception", "read", patient(2)), { WARDKEEP_ADMIN_URL: url })
    const admin = await ask(database.adminUrl)
    expect([admin.code, admin.stdout]).toEqual([
      0,
      expect.stringContaining("no row of this key is in the clinic of this branch"),
    ])
    const app = await ask(database.url(clinic.host.logins.app))
    expect([app.code, app.stderr]).toEqual([4, expect.stringContaining("Connect with the migrator's login.")])
  })

  it.each([
    ["--as", "nobody"],
    ["--action", "burn"],
    ["--branch", "elsewhere"],
    ["--row", "patient"],
    ["--row", "patient:"],
    ["--row", "patient:a,b"],
    ["--row", "nothing:1"],
    ["--mfa", "soon"],
  ])("refuses %s %s", async (flag, value) => {
    const ran = await clinic.cli(...asking("reception", "read", patient(0)), flag, value)
    expect([ran.code, ran.stderr.slice(0, 5)]).toEqual([2, "WK009"])
  })
})
