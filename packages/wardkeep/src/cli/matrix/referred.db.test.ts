import { randomUUID } from "node:crypto"
import { describe, expect, it } from "vitest"
import { matrixDocument, useMatrixClinic } from "#tests/fixture/matrix-clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Crossings } from "../../commands/matrix/crossings/crossings.js"
import type { Why } from "../../commands/matrix/why.js"

const clinic = useMatrixClinic(useDatabase(), {
  assignments: "required",
  roles: {
    ...Object(matrixDocument.roles),
    consultant: { purposes: ["care"], confined: true, can: { patient: { read: true }, visit: { read: true } } },
  },
  crossings: {
    people: "patient",
    referral: { role: "consultant", from: ["doctor"], to: ["doctor"], longest: "P30D", bases: ["second_opinion"] },
    movedBy: ["reception"],
    mergedBy: ["reception"],
  },
})

/** A referral of the first branch's patient to the second; opened in a session of `by`. */
async function referred(records: string[], ends: string, by?: string): Promise<string> {
  const [tenant, [from, to], [subject]] = [clinic.clinics[0], clinic.branches, clinic.patients]
  const values = [tenant, from, to, subject, records, ends, by ?? null]
  const [row] = await clinic.admin<{ id: string }>(
    `insert into wardkeep.referral (tenant, from_branch, to_branch, subject, records, basis, referred_by, referred_as, session_id, referred_at, valid_until, opened_at, opened_by)
     values ($1, $2, $3, $4, $5, 'second_opinion', 'asha', 'doctor', gen_random_uuid(), now() - interval '2 days', now() + $6::interval, case when $7::text is not null then now() end, $7) returning id`,
    values,
  )
  if (by !== undefined)
    await clinic.admin(
      `with s as (insert into wardkeep.session (kind, actor, valid_until) values ('person', $4, now() + interval '1 hour') returning id)
       insert into wardkeep.token (digest, session_id, tenant, branches, db_role, role, purpose, actor, valid_from, valid_until, subjects, referral)
       select sha256($5::uuid::text::bytea), s.id, $1, array[$2], 'x', 'consultant', 'care', $4, now(), now() + interval '1 hour', array[$3], $5::uuid from s`,
      [tenant, from, subject, by, row?.id],
    )
  return row?.id ?? ""
}

async function why(as: string, table: string, ...more: string[]): Promise<Why & { of: (layer: string) => unknown }> {
  const [visit] = await clinic.admin<{ id: string }>("select id from visit where branch_id = $1", [clinic.branches[0]])
  const row = table === "visit" ? `visit:${visit?.id}` : `patient:${clinic.patients[0]}`
  const asked = ["why", "--as", as, "--branch", clinic.branches[0] ?? "", "--action", "read", "--row", row]
  const found: Why = JSON.parse((await clinic.cli(...asked, ...more, "--json")).stdout)
  return { ...found, of: (layer) => found.layers.find((one) => one.layer === layer) }
}

describe("referrals and moves on the command line", () => {
  it("are listed as declared, and those that are open, as of now", async () => {
    await referred(["public.visit"], "1 hour", "ravi")
    await referred(["public.patient"], "-1 hour")
    await clinic.admin(
      `insert into wardkeep.move (tenant, from_branch, to_branch, subject, reason, moved_by, moved_as, rows)
       values ($1, $2, $3, 'canary-subject', 'canary', 'owner', 'reception', '{"public.patient": 1, "public.visit": 2}')`,
      [clinic.clinics[0], clinic.branches[1], clinic.branches[0]],
    )
    const ran = await clinic.cli("matrix", "crossings", "--json", "--tenant", clinic.clinics[0] ?? "")
    const found: Crossings = JSON.parse(ran.stdout)
    const of = (title: string): string[] =>
      (found.sections.find((one) => one.title === title)?.crossings ?? []).map(
        (c) => `${c.what} · ${c.who} · ${c.limits}`,
      )
    expect([ran.code, found.nothingElse.reasons]).toEqual([0, []])
    expect(of("Referrals")).toEqual([
      "one person of one branch, as consultant: at most read patient; read visit · made and withdrawn by doctor; opened by doctor of the other branch · at most 720 hours; bases: second_opinion",
    ])
    expect(of("Moves to another branch")).toEqual([
      "a row of patient and all that hangs on it · reception · branches of the context, all or nothing",
      "all of a branch, which is closed · reception · branches of the context, all or nothing",
    ])
    const [north, south] = clinic.branches
    expect(of("Referrals that are open")).toEqual([
      expect.stringMatching(
        `^asha · as doctor: second_opinion, from the branch ${north} to ${south} · public.visit, until [^ ]+, opened by ravi$`,
      ),
    ])
    expect(of("Persons and branches that were moved in the last 90 days")).toEqual([
      expect.stringMatching(`^one person · owner as reception · from the branch ${south} to ${north}, [^ ]+, 3 rows$`),
    ])
    for (const value of ["canary", ...clinic.patients]) expect(ran.stdout).not.toContain(value)
  })

  it("are named by why, with what they show and what they do not", async () => {
    const id = await referred(["public.visit"], "1 hour", "meena")
    const shown = await why("consultant", "visit", "--actor", "meena")
    expect([shown.effect, shown.of("referral")]).toMatchObject([
      "allow",
      { holds: true, text: expect.stringContaining(`opened by this actor: referral ${id} of public.visit, until `) },
    ])
    const left = await why("consultant", "patient", "--actor", "meena")
    expect([left.effect, left.of("referral")]).toMatchObject([
      "deny",
      { holds: false, text: expect.stringContaining("does not name the table") },
    ])
    const other = await why("consultant", "visit", "--actor", "nobody")
    expect([other.effect, other.of("referral")]).toMatchObject(["deny", { holds: false }])
    expect((await why("doctor", "visit")).of("referral")).toMatchObject({
      holds: null,
      text: expect.stringMatching(`referral ${id} .*what it shows is another context, as consultant$`),
    })
    expect((await why("reception", "patient")).of("referral")).toBeUndefined()
  })

  it("are no leaks to the generated tests", async () => {
    await referred(["public.visit"], "1 hour", randomUUID())
    const ran = await clinic.cli("matrix", "tests", "--json")
    expect(ran).toMatchObject({ code: 0, stderr: "" })
    expect(ran.stdout).toContain("consultant")
  })
})
