import { generateKeyPairSync } from "node:crypto"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { useMatrixClinic } from "#tests/fixture/matrix-clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { type Review, review } from "../../commands/matrix/review/review.js"

const database = useDatabase()
const clinic = useMatrixClinic(database, { assignments: "required" })
const now = new Date("2026-06-30T12:00:00Z")

const reviewed = (over: { tenant?: string; now?: Date; unusedDays?: number } = {}): Promise<Review> =>
  review({
    policy: clinic.host.policy,
    connection: { databaseUrl: database.url(clinic.host.logins.migrator), env: {} },
    now,
    ...over,
  })

beforeAll(async () => {
  const [a, b] = clinic.clinics
  await clinic.admin(
    `insert into wardkeep.assignment (actor, tenant, role, branch, valid_from, valid_until, reason, granted_by, granted_as, granted_at) values
      ('asha', $1, 'doctor', $3, '2026-01-01Z', null, 'hired', 'chief', 'owner', '2026-01-01Z'),
      ('ravi', $1, 'reception', null, '2026-01-01Z', '2026-07-05Z', 'cover', 'asha', 'doctor', '2026-01-01Z'),
      ('divya', $1, 'reception', null, '2026-06-01Z', null, 'new', 'gone', 'doctor', '2026-06-01Z'),
      ('meena', $2, 'nurse', null, '2026-01-01Z', null, '=cmd', 'chief', 'owner', '2026-01-01Z'),
      ('late', $1, 'doctor', $3, '2026-07-01Z', null, 'later', 'chief', 'owner', '2026-07-01Z')`,
    [a, b, clinic.branches[0]],
  )
  await clinic.admin(
    `insert into wardkeep.session (kind, actor, label, created_at, valid_until, ended_at) values
      ('person', 'asha', 'firefox', '2026-06-29T08:00Z', '2026-06-29T16:00Z', null),
      ('person', 'asha', 'phone', '2026-06-29T09:00Z', '2026-06-29T16:00Z', null),
      ('person', 'ravi', 'desk', '2026-02-01T08:00Z', '2026-02-01T16:00Z', null),
      ('person', 'meena', 'desk', '2026-06-20T06:00Z', '2026-06-20T07:00Z', null),
      ('person', 'meena', 'desk', '2026-06-20T11:00Z', '2026-06-20T12:00Z', null),
      ('person', 'meena', 'desk', '2026-06-20T16:00Z', '2026-06-20T17:00Z', null),
      ('person', 'meena', 'desk', '2026-06-20T21:00Z', '2026-06-20T22:00Z', null),
      ('person', 'meena', 'desk', '2026-06-21T02:00Z', '2026-06-21T03:00Z', null)`,
  )
  // As issue_session records it, with the roles of the session; asha signed in on the phone as a nurse.
  await clinic.admin(
    `insert into wardkeep.activity (at, kind, actor, detail)
     select s.created_at, 'session_issued', s.actor, jsonb_build_object('roles', jsonb_build_array(jsonb_build_object('tenant', a.tenant, 'role',
       case s.label when 'phone' then 'nurse' else a.role end))) from wardkeep.session s join wardkeep.assignment a using (actor)`,
  )
})

describe("wardkeep matrix review", () => {
  it("says who holds what, by whom, until when, and since when nobody used it", async () => {
    const { assignments, people } = await reviewed()
    const told = Object.fromEntries(
      assignments.map(({ actor, role, unused, notes, lastSession }) => [actor, [role, unused, lastSession, notes]]),
    )
    expect(told).toEqual({
      asha: ["doctor", false, "2026-06-29T08:00:00Z", []],
      divya: ["reception", null, null, ["whoever granted it holds nothing any more"]],
      ravi: ["reception", true, "2026-02-01T08:00:00Z", ["no session for more than 90 days", "ends within 14 days"]],
      meena: ["nurse", false, "2026-06-21T02:00:00Z", ["the policy file has no such role any more"]],
    })
    expect(assignments.find(({ actor }) => actor === "asha")).toMatchObject({
      scope: `branch ${clinic.branches[0]}`,
      grantedBy: "chief",
      validUntil: null,
    })
    expect(people.map(({ actor }) => actor)).toEqual(["asha", "meena", "ravi"])
  })

  it("follows the clock that it is given, and one clinic", async () => {
    const later = await reviewed({ now: new Date("2026-10-01T00:00:00Z"), tenant: clinic.clinics[0] ?? "" })
    expect(later.assignments.map(({ actor, unused }) => [actor, unused])).toEqual([
      ["asha", true],
      ["divya", true],
      ["late", true],
    ])
    expect((await reviewed({ unusedDays: 200 })).assignments.find(({ actor }) => actor === "ravi")?.unused).toBe(false)
    expect(
      (await reviewed({ now: new Date("2026-05-01T00:00:00Z") })).assignments.map(({ actor }) => actor).sort(),
    ).toEqual(["asha", "meena", "ravi"])
  })

  it("tells signs of a shared login and sessions that outlived their assignment, and no others", async () => {
    const { sharedLogins, leftOpen } = await reviewed()
    expect(sharedLogins).toEqual([
      {
        actor: "asha",
        seen: "1 pairs of sessions with different labels were open at the same time in the last 30 days",
      },
      { actor: "meena", seen: expect.stringMatching(/^1 times sessions began more than 16/) },
    ])
    expect(leftOpen).toEqual([])
    await clinic.admin(
      `insert into wardkeep.token (digest, session_id, tenant, branches, db_role, role, purpose, actor, valid_from, valid_until)
       select sha256('x'), s.id, $1, array[$2], 'x', 'doctor', 'care', 'ravi', '2026-01-01Z', '2026-07-01Z' from wardkeep.session s where s.actor = 'ravi'`,
      [clinic.clinics[0], clinic.branches[0]],
    )
    expect((await reviewed()).leftOpen).toEqual([{ actor: "ravi", seen: "1 open as doctor, and nothing is assigned" }])
    await clinic.admin("delete from wardkeep.token")
  })

  it("is signed by whoever answers for it, and checked with their key alone", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519")
    const other = generateKeyPairSync("ed25519").publicKey
    const file = (name: string): string => join(clinic.folder, name)
    await writeFile(file("asha.pem"), privateKey.export({ type: "pkcs8", format: "pem" }))
    await writeFile(file("asha.pub"), publicKey.export({ type: "spki", format: "pem" }))
    await writeFile(file("other.pub"), other.export({ type: "spki", format: "pem" }))
    const say = ["--by", "Dr. Asha Rao", "--statement", "nothing to take away"]
    const signed = await clinic.cli(
      "matrix",
      "review",
      "--sign",
      "asha.pem",
      ...say,
      "--out",
      "review.json",
      "--csv",
      "r.csv",
    )
    expect(signed).toMatchObject({ code: 0, stderr: "" })
    expect(signed.stdout).toContain("asha as doctor in")
    expect(await readFile(file("r.csv"), "utf8")).toContain(",'=cmd,")
    const check = (key: string) => clinic.cli("matrix", "review", "--check", "review.json", "--key", key)
    const valid = await check("asha.pub")
    expect([valid.code, valid.stdout]).toEqual([
      0,
      expect.stringMatching(/^valid, by key [0-9a-f]{16}: Dr\. Asha Rao on the review of/),
    ])
    expect((await check("other.pub")).stderr).toContain("WK771")
    const text = await readFile(file("review.json"), "utf8")
    for (const [from, to] of [
      ['"asha"', '"ravi"'],
      ["nothing to take away", "everything was taken away"],
      ["Dr. Asha Rao", "Dr. Ravi Rao"],
    ] as const) {
      await writeFile(file("review.json"), text.replace(from, to))
      expect((await check("asha.pub")).stderr, from).toContain("WK771")
    }
    const keyId = /"keyId": "([0-9a-f]{16})"/.exec(text)?.[1] ?? ""
    for (const [from, to, code] of [
      [keyId, "0123456789abcdef", "WK771"],
      ['"algorithm": "Ed25519"', '"algorithm": "none"', "WK773"],
      ['"attestation": {', '"approvedBy": "the board", "attestation": {', "WK773"],
      ['"attestation": {', '"attestation": { "role": "director",', "WK773"],
      ['"algorithm"', '"signedAt": "2020-01-01", "algorithm"', "WK773"],
    ] as const) {
      expect(text).toContain(from)
      await writeFile(file("review.json"), text.replace(from, to))
      expect((await check("asha.pub")).stderr, to).toContain(code)
    }
    for (const empty of ["{}", "null", "[]", '{"review": null, "attestation": {}, "signature": null}']) {
      await writeFile(file("review.json"), empty)
      expect((await check("asha.pub")).stderr).toContain("WK773")
    }
  })

  it("signs what was reviewed and decided earlier, and nothing that somebody changed or left out meanwhile", async () => {
    const file = (name: string): string => join(clinic.folder, name)
    const made = await clinic.cli("matrix", "review", "--out", "earlier.json", "--csv", "earlier.csv")
    expect(made).toMatchObject({ code: 0, stderr: "" })
    const sheet = await readFile(file("earlier.csv"), "utf8")
    const [head = "", ...lines] = sheet.trimEnd().split("\r\n")
    const decided = lines.map((line) => line.replace(/,,$/, line.includes(",divya,") ? ",revoke,left" : ",keep,"))
    const sign = async (rows: readonly string[], ...more: string[]) => {
      await writeFile(file("decided.csv"), [head, ...rows].join("\n"))
      const say = ["--sign", "asha.pem", "--by", "Dr. Asha Rao", "--statement", "divya left", "--out", "signed.json"]
      return await clinic.cli(
        "matrix",
        "review",
        "--from",
        "earlier.json",
        "--decisions",
        "decided.csv",
        ...say,
        ...more,
      )
    }
    // What happened since is not in what was reviewed.
    await clinic.admin("delete from wardkeep.session where actor = 'meena'")
    expect(await sign([...decided].reverse())).toMatchObject({ code: 0, stderr: "" })
    const check = await clinic.cli("matrix", "review", "--check", "signed.json", "--key", "asha.pub")
    expect([check.code, check.stdout]).toEqual([
      0,
      expect.stringMatching(/decided about \d assignments, 1 of them to be revoked\n {2}→ divya as reception in/),
    ])
    const signed = await readFile(file("signed.json"), "utf8")
    await writeFile(file("signed.json"), signed.replace('"decision": "revoke"', '"decision": "keep"'))
    const forged = await clinic.cli("matrix", "review", "--check", "signed.json", "--key", "asha.pub")
    expect(forged.stderr).toContain("WK771")

    const [first = "", ...others] = decided
    const attempts: [readonly string[], RegExp][] = [
      [others, /1 of the reviewed assignments are missing/],
      [lines, /line 2: the decision is keep or revoke/],
      [[first, ...decided], /line 3: no assignment of this review, or one that stands there twice/],
      [[first.replace(/doctor|nurse|reception/, "owner"), ...others], /line 2: "role" is not what was reviewed/],
      [[`${first},more`, ...others], /line 2: 17 cells/],
    ]
    for (const [rows, fault] of attempts) {
      const ran = await sign(rows)
      expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(/^WK009/)])
      expect(ran.stderr).toMatch(fault)
    }
    // Neither a signed review nor a sheet is a review that waits for a signature.
    for (const name of ["signed.json", "decided.csv"]) {
      const ran = await clinic.cli("matrix", "review", "--from", name)
      expect(ran.stderr.slice(0, 5), name).toBe("WK773")
    }
  })

  it.each([
    [["--decisions", "r.csv"], "WK009"],
    [["--from", "earlier.json", "--tenant", "a"], "WK009"],
    [["--sign", "asha.pem"], "WK009"],
    [["--sign", "asha.pem", "--out", "x.json"], "WK009"],
    [["--sign", "asha.pub", "--by", "a", "--statement", "b", "--out", "x.json"], "WK772"],
    [["--check", "r.csv"], "WK009"],
    [["--tenant", "nobody"], "WK009"],
    [["--unused-days", "0"], "WK009"],
  ])("refuses %j", async (args, code) => {
    const ran = await clinic.cli("matrix", "review", ...args)
    expect([ran.code, ran.stderr.slice(0, 5)]).toEqual([2, code])
  })
})
