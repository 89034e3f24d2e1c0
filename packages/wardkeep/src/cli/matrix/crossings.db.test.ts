import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { apply } from "@wardkeep/postgres/migrate"
import { describe, expect, it } from "vitest"
import { useMatrixClinic } from "#tests/fixture/matrix-clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Crossings } from "../../commands/matrix/crossings/crossings.js"

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
  services: {
    reminders: { purposes: ["care"], can: { visit: "read" } },
    statistics: { purposes: ["care"], can: { visit: "read" } },
  },
  aggregates: {
    service: "statistics",
    agreedBy: ["reception"],
    figures: {
      visits: {
        table: "visit",
        measure: "rows",
        month: "at",
        by: { column: "reason", values: ["fever"] },
        minimum: { persons: 5, clinics: 3 },
        largest: { clinic: 50, person: 20 },
        roundTo: 5,
      },
    },
  },
  lookups: { staff_by_email: { table: "staff", by: "email", returns: ["id", "clinic_id"] } },
})

async function listed(
  ...args: string[]
): Promise<Crossings & { code: number | null; of: (title: string) => string[] }> {
  const ran = await clinic.cli("matrix", "crossings", "--json", ...args)
  expect(ran.stderr).toBe("")
  const found: Crossings = JSON.parse(ran.stdout)
  const of = (title: string): string[] =>
    (found.sections.find((section) => section.title === title)?.crossings ?? []).map(
      ({ what, who, limits }) => `${what} · ${who} · ${limits}`,
    )
  return { ...found, code: ran.code, of }
}

describe("wardkeep matrix crossings", () => {
  it("lists what the policy file declares, and says that nothing else crosses where the compiler can show it", async () => {
    const { code, of, nothingElse, outside } = await listed()
    expect([code, nothingElse.holds, nothingElse.reasons]).toEqual([0, true, []])
    expect(of("Tables that every clinic shares")).toEqual(["drug · doctor: read · the whole installation"])
    expect(of("Tables that all branches of a clinic share")).toContain("branch · reception: read · one clinic")
    expect(of("Look-ups before anybody has signed in")).toEqual([
      "staff_by_email: staff by email · the application and its sign-in · returns id, clinic_id",
    ])
    expect(of("Emergencies")).toEqual([
      "one patient of one branch, as portal: read patient; read visit · declared by doctor; reviewed by reception · at most 60 minutes; reasons: unconscious",
    ])
    expect(of("Services")).toEqual(["reminders · for care · read visit", "statistics · for care · read visit"])
    expect(of("Figures over clinics")).toEqual([
      "visits: rows of visit by the month of at and reason (fever, other) · agreed to and withdrawn by reception; read by the vendor's login · at least 5 persons and 3 clinics; at most 50 % of one clinic and 20 % of one person; rounded to 5",
    ])
    expect(of("Reports over the branches of a clinic")).toContain(
      "reads patient · reception · the branches it is assigned, of one clinic",
    )
    expect(outside.join("\n")).toMatch(/Logins that no policy stops .*\n/)
  })

  it("lists what the database holds now, of one clinic and of all", async () => {
    const [a, b] = clinic.clinics
    const [north, south, third] = clinic.branches
    await clinic.admin(
      `insert into wardkeep.assignment (actor, tenant, role, branch, valid_from, valid_until, reason, granted_by, granted_as) values
        ('asha', $1, 'doctor', $3, now(), null, 'test', 'o', 'owner'), ('asha', $1, 'doctor', $4, now(), '2099-01-01Z', 'test', 'o', 'owner'),
        ('ravi', $1, 'reception', $3, now(), null, 'test', 'o', 'owner'), ('ravi', $2, 'reception', $5, now(), null, 'test', 'o', 'owner'),
        ('owner', $1, 'doctor', null, now(), null, 'test', 'o', 'owner')`,
      [a, b, north, south, third],
    )
    await clinic.admin("insert into wardkeep.branch_group values ($1, 'city', $2)", [a, [north, south]])
    await clinic.admin(
      `insert into wardkeep.break_glass (tenant, branch, subject, reason, explanation, declared_by, declared_as, session_id, valid_until)
       values ($1, $2, 'canary-subject', 'unconscious', 'canary', 'asha', 'doctor', gen_random_uuid(), now() - interval '1 hour')`,
      [a, south],
    )
    await clinic.admin(
      `insert into wardkeep.aggregate_agreement (tenant, aggregate, definition, agreed_by, agreed_as, agreed_at)
       select t, 'visits', r.aggregates -> 'figures' -> 'visits', 'ravi', 'reception', '2026-01-02Z' from wardkeep.policy_rule r, unnest($1::text[]) t`,
      [[a, b]],
    )
    const { of } = await listed("--tenant", a ?? "")
    expect(of("Clinics that are counted in figures over clinics")).toEqual([
      `visits · ravi as reception in ${a} · since 2026-01-02, in 0 releases`,
    ])
    expect(of("Groups of branches")).toEqual([`city · ${a} · 2 branches: ${north}, ${south}`])
    expect(of("People assigned to several branches")).toEqual([
      `asha · doctor in ${a} · branches ${[north, south].sort().join(", ")}, until 2099-01-01T00:00Z`,
      `owner · doctor in ${a} · every branch, without an end`,
    ])
    expect(of("People assigned in several clinics")[0]).toMatch(/^ravi · reception in /)
    expect(of("Emergencies that are open or wait for a review")).toEqual([
      `asha · as doctor: unconscious, in the branch ${south} · over, waits for its review`,
    ])
    expect((await listed("--tenant", b ?? "")).of("People assigned to several branches")).toEqual([])
  })

  it("writes one HTML file in which nothing is markup, and no value of a row", async () => {
    const ran = await clinic.cli("matrix", "crossings", "--html", "crossings.html", "--title", "<b>Asha & Co</b>")
    expect(ran).toMatchObject({ code: 0, stderr: "" })
    const html = await readFile(join(clinic.folder, "crossings.html"), "utf8")
    expect(html).toContain("<h1>&lt;b&gt;Asha &amp; Co&lt;/b&gt;</h1>")
    expect(html).not.toMatch(/<script|<b>|https?:|src=/)
    for (const text of [html, ran.stdout]) expect(text).not.toContain("canary")
  })

  it("does not say it where the compiler itself found what crosses", async () => {
    await clinic.admin(
      `alter table care_team add their_clinic uuid, add their_branch uuid, add their_patient uuid,
         add constraint sent_by foreign key (their_clinic, their_branch, their_patient) references patient (clinic_id, branch_id, id);
       create view everybody as select full_name from patient; grant select on everybody to public`,
    )
    await clinic.host.apply()
    const { code, nothingElse } = await listed()
    expect([code, nothingElse.holds]).toEqual([1, false])
    expect([...nothingElse.reasons].sort()).toEqual([
      expect.stringMatching(
        /^public\.care_team sent_by: their_clinic, their_branch, their_patient need not be the row's own/,
      ),
      expect.stringMatching(/^(view )?public\.everybody: /),
    ])
    await clinic.admin(
      "drop view everybody; alter table care_team drop their_clinic, drop their_branch, drop their_patient",
    )
    const { policy, asOwner } = clinic.host
    await asOwner((client) => apply({ client, policy, accept: ["foreign key public.care_team sent_by"] }))
    expect((await listed()).nothingElse.reasons).toEqual([])
  })

  it("does not say it of a database that is not what the policy file says", async () => {
    await clinic.admin("create table stray (id int); alter policy wk_fence on visit using (true)")
    const { code, nothingElse } = await listed()
    expect([code, nothingElse.holds]).toEqual([1, false])
    expect(nothingElse.reasons.join("\n")).toMatch(/wk_fence/)
    await clinic.admin("drop table stray")
    await clinic.host.apply()
    expect((await listed()).nothingElse.holds).toBe(true)
    expect(await clinic.cli("matrix", "crossings", "--tenant", "nobody")).toMatchObject({ code: 2 })
  })
})
