import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { beforeAll, describe, expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import { emptyFolder, type Ran } from "#tests/cli/run-cli.ts"
import { assignedPolicy, useAssigned } from "#tests/fixture/assigned.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const keeper = { purposes: ["care"], mfa: "PT15M", can: { patient: { read: true } } }
const rights = { roles: { ...Object(assignedPolicy().roles), keeper } }
const clinic = useAssigned(database, rights)
let folder = ""

beforeAll(async () => {
  folder = await emptyFolder()
  const document = { ...assignedPolicy(rights), deployment: clinic.host.policy.deployment }
  await writeFile(join(folder, "wardkeep.policy.json"), JSON.stringify(document))
  await clinic.grant("asha", "reception", 0)
})

const env = () => ({
  WARDKEEP_APP_URL: database.appUrl(clinic.host.logins.app),
  WARDKEEP_ISSUER_URL: database.url(clinic.host.logins.issuer),
  WARDKEEP_KEY_ID: clinic.key.id,
  WARDKEEP_SIGNING_KEY: clinic.key.secret.toString("base64"),
})
const args = (...more: string[]): string[] => {
  const { branch, clinic: tenant } = clinic.places[0]
  const asked = [
    "--as",
    "reception",
    "--actor",
    "asha",
    "--branch",
    branch,
    "--tenant",
    tenant,
    "--reason",
    "ticket 4711",
  ]
  return ["psql", ...asked, ...more]
}
const type = (statements: readonly string[], ...more: string[]): Promise<Ran> =>
  callCli(folder, args(...more), env(), new PassThrough().end(statements.join("\n")))

describe("wardkeep psql", () => {
  it("answers as the role in the branch, over several lines, and is on record and over afterwards", async () => {
    const ran = await type([
      "select count(*) as n",
      "from patient;",
      "select id from visit where false;",
      "\\q",
      "select 1;",
    ])
    expect(ran).toMatchObject({ code: 0, stdout: "n\n2\n(1 row)\nid\n(0 rows)\n" })
    expect(ran.stderr).toMatch(
      /^Session [0-9a-f-]{36} of asha is over, because the input ended: 2 statements, 0 refused\.\n$/,
    )
    const [, id = ""] = /Session (\S+)/.exec(ran.stderr) ?? []
    expect(
      await clinic.admin(
        "select actor, label, end_reason, ended_at is not null as over from wardkeep.session where id = $1",
        [id],
      ),
    ).toEqual([
      {
        actor: "asha",
        label: "wardkeep psql: ticket 4711",
        end_reason: "wardkeep psql: 2 statements, 0 refused; the input ended",
        over: true,
      },
    ])
    expect(await clinic.admin("select from wardkeep.token where session_id = $1", [id])).toEqual([])
    const [line] = await clinic.admin<{ detail: object }>(
      "select detail from wardkeep.activity where kind = 'session_issued' and detail ->> 'session' = $1",
      [id],
    )
    expect(line?.detail).toMatchObject({
      label: "wardkeep psql: ticket 4711",
      roles: [{ tenant: clinic.places[0].clinic, role: "reception" }],
    })
  })

  it("takes a role that asks for a second factor when it is told that one was checked, and says so in the record", async () => {
    await clinic.grant("asha", "keeper", 0)
    const at = new Date(Date.now() - 60_000).toISOString()
    const as = (...more: string[]) => type(["select count(*) as n from patient;"], "--as", "keeper", ...more)
    const without = await as()
    expect([without.code, without.stderr]).toEqual([expect.any(Number), expect.stringMatching(/WK202.*second factor/s)])
    expect(without.code).not.toBe(0)
    const old = await as("--second-factor", new Date(Date.now() - 3_600_000).toISOString())
    expect([old.code === 0, old.stdout]).toEqual([false, ""])
    for (const wrong of ["yesterday", "2026-11-28 09:30", at.slice(0, -1)])
      expect((await as("--second-factor", wrong)).stderr).toContain("WK009")
    expect(await as("--second-factor", at)).toMatchObject({ code: 0, stdout: "n\n2\n(1 row)\n" })
    const labels = "select count(*)::int as n from wardkeep.session where label = $1"
    const said = `wardkeep psql, second factor ${at}: ticket 4711`
    expect(await clinic.admin(labels, [said])).toEqual([{ n: 1 }])
  })

  it("reaches no more than the application's login does in that context, whatever is typed", async () => {
    const { role } = await import("@wardkeep/core").then(({ roleNames }) => roleNames(clinic.host.policy))
    const attempts = [
      "set role none;",
      `set local role ${role("doctor")};`,
      "reset all;",
      "begin;",
      "commit; select 1;",
      `select set_config('role', '${role("doctor")}', true), (select count(*) from note);`,
      "select set_config('wardkeep.token', 'x', true), (select count(*) from patient);",
      "delete from patient;",
      "select * from note;",
      "select * from wardkeep.token;",
      "select wardkeep.mint('k001', null);",
      `select id from patient where branch_id = '${clinic.places[1].branch}' and 1 / (select 0) = 1;`,
      "copy patient to stdout;",
      "do $$ begin perform 1; end $$;",
    ]
    const ran = await type([...attempts, "select count(*) as n from patient;"])
    expect(ran.code).toBe(1)
    expect(ran.stdout).toBe("n\n2\n(1 row)\n")
    expect(ran.stderr).toContain(`${attempts.length + 1} statements, ${attempts.length} refused`)
    const leak = await type([`select count(*) as n from patient where branch_id = '${clinic.places[1].branch}';`])
    expect(leak.stdout).toBe("n\n0\n(1 row)\n")
  })

  it("prints nothing that steers a terminal", async () => {
    const ran = await type(["select E'a\\x1b[2Jb\\r\\u202ec' as \"x\ty\";"])
    expect(ran.stdout).toBe("x\ufffdy\na\ufffd[2Jb\ufffd\ufffdc\n(1 row)\n")
  })

  it("ends when its session is ended from outside, and when its time is over though nobody types", async () => {
    const input = new PassThrough()
    const running = callCli(folder, args(), env(), input)
    input.write("select count(*) as n from patient;\n")
    await expect.poll(async () => (await clinic.issuer.listSessions("asha")).length, { timeout: 20_000 }).toBe(1)
    const [open] = await clinic.issuer.listSessions("asha")
    await clinic.issuer.endSession(open?.id ?? "", "enough")
    input.write("select count(*) as n from patient;\nselect 1 as n;\n")
    const ran = await running
    expect([ran.code, ran.stderr]).toEqual([
      1,
      expect.stringMatching(/because the session was ended: \d statements?, \d refused/),
    ])
    expect(ran.stdout).not.toContain("n\n1\n")

    // An assignment that ends in a moment ends the session with it.
    await clinic.grant("late", "reception", 0, { validUntil: new Date(Date.now() + 3000) })
    const waiting = new PassThrough()
    const late = await callCli(folder, args("--actor", "late"), env(), waiting)
    expect(late).toMatchObject({ code: 0, stdout: "" })
    expect(late.stderr).toContain("because the time was over: 0 statements")
    waiting.end()
  })

  it.each([
    [["--actor", "nobody"], "WK202"],
    [["--as", "doctor"], "WK202"],
    [["--branch", "00000000-0000-0000-0000-000000000000"], "WK202"],
    [["--purpose", "billing"], "WK202"],
    [["--minutes", "61"], "WK009"],
    [["--reason", " "], "WK009"],
  ])("refuses %j", async (more, code) => {
    const ran = await type(["select 1;"], ...more)
    expect([ran.stdout, ran.stderr.slice(0, 5)]).toEqual(["", code])
    expect(ran.code).not.toBe(0)
  })

  it("needs the clinic where there are several, and its four variables", async () => {
    const without = args().filter((one, n, all) => one !== "--tenant" && all[n - 1] !== "--tenant")
    expect((await callCli(folder, without, env())).stderr).toContain("there are 2 clinics")
    const { WARDKEEP_KEY_ID: _, ...three } = env()
    expect((await callCli(folder, args(), three)).stderr).toContain("WARDKEEP_KEY_ID is not set")
  })
})
