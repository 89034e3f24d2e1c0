import { spawnSync } from "node:child_process"
import { createHash, createPublicKey, generateKeyPairSync } from "node:crypto"
import { readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { parsePolicy } from "@wardkeep/core"
import { backfill } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import { emptyFolder, hostTables, newDeployment, type Ran, runCli, startCli, wardkeepBin } from "#tests/cli/run-cli.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { startObjectStore } from "#tests/harness/src/object-store.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { startWitness } from "#tests/harness/src/witness.ts"

const database = useDatabase()
const deployment = newDeployment()
const clinic = "00000000-0000-0000-0000-0000000000aa"
const branch = "00000000-0000-0000-0000-0000000000ab"
const patient = "00000000-0000-0000-0000-0000000000ac"
const document = {
  tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
  rest: "unmanaged",
  tables: { patient: { scope: "branch", subject: "id" } },
  purposes: { care: { basis: "s7a" } },
  roles: { reception: { purposes: ["care"], can: { patient: "manage" } } },
}
const today = new Date()
const oldMonth = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - 15)).toISOString().slice(0, 7)
let folder = ""
let env: Record<string, string> = {}
let migratorUrl = ""

const cli = (...args: string[]): Promise<Ran> => callCli(folder, args, env)
/** A process of its own, where the exit code is one that others wait for. */
const started = (...args: string[]): Promise<Ran> => runCli(folder, args, env)
const about = ["--tenant", clinic, "--reason", "complaint 4"]

/** As JSON: TypeScript takes longer to read, and is read by the other commands' tests. */
async function writePolicy(into: string, named: string): Promise<void> {
  await writeFile(join(into, "wardkeep.policy.json"), JSON.stringify({ deployment: named, ...document }))
}

/** Writes as the migrator's login in the recorded context of one clinic. */
async function write(text: string): Promise<void> {
  const policy = parsePolicy({ deployment, ...document })
  const asked = { policy, reason: "test", tenants: [clinic] }
  await connected(migratorUrl, (client) => backfill({ client, ...asked }, (q) => q.query(text)))
}

beforeAll(async () => {
  folder = await emptyFolder()
  await writePolicy(folder, deployment)
  env = { WARDKEEP_ADMIN_URL: database.ownerUrl }
  await connected(database.ownerUrl, async (client) => {
    await client.query(hostTables)
    await client.query("insert into clinic values ($1, 'A')", [clinic])
    await client.query("insert into branch values ($1, $2, 'B')", [branch, clinic])
  })
  const migrated = await cli("migrate", "--audit", "--generate-passwords", "--json")
  const { generatedPasswords } = JSON.parse(migrated.stdout)
  const user = `wk_${deployment}_migrator`
  migratorUrl = database.url({ user, password: generatedPasswords[user] })
  env = { WARDKEEP_MIGRATOR_URL: migratorUrl }
  await connected(database.ownerUrl, async (client: pg.Client) => {
    for (const table of ["clinic", "branch", "patient"])
      await client.query(`alter table ${table} owner to wk_${deployment}_owner`)
  })
  expect(await cli("apply", "--yes")).toMatchObject({ code: 0 })
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  await writeFile(join(folder, "seal.pem"), privateKey.export({ type: "pkcs8", format: "pem" }))
  await writeFile(join(folder, "seal.pub"), publicKey.export({ type: "spki", format: "pem" }))
  await write(`insert into patient (branch_id, id, full_name) values ('${branch}', '${patient}', 'Ravi')`)
  await write(`update patient set full_name = 'Ravi K' where id = '${patient}'`)
  // Before the first batch: an event that is older than the batch before its own is one of a wrong clock.
  await connected(database.adminUrl, (client) =>
    client.query(
      "insert into wardkeep_audit.event (at, tenant, actor, role, purpose, verb, relation) values ($1, 'old clinic', 'asha', 'doctor', 'care', 'view', 'public.patient')",
      [`${oldMonth}-10T00:00:00Z`],
    ),
  )
})

describe("the audit log on the command line", () => {
  it("stays in the plan once it is installed, and nothing is left to do", async () => {
    expect(JSON.parse((await cli("plan", "--json")).stdout).steps).toEqual([])
    await connected(database.adminUrl, (client) => client.query("alter table patient disable trigger wk_audit_update"))
    expect((await cli("plan")).stdout).toContain("wk_audit_update")
    expect((await cli("doctor")).stdout).toContain("wk_audit_update")
    expect((await cli("apply", "--yes")).code).toBe(0)
  })

  it("seals with a key only, and the checkpoint goes where an anchor is kept", async () => {
    const without = await cli("audit", "seal")
    expect(without).toMatchObject({ code: 2, stdout: "" })
    expect(without.stderr).toContain("WK402")
    const notOne = await cli("audit", "seal", "--key", "seal.pub")
    expect(notOne.code).toBe(2)
    const sealed = await cli("audit", "seal", "--key", "seal.pem", "--out", "anchor.txt")
    expect(sealed).toMatchObject({ code: 0, stderr: "" })
    expect(sealed.stdout).toMatch(/^sealed \d+ events/)
    expect(await readFile(join(folder, "anchor.txt"), "utf8")).toMatch(new RegExp(`^wardkeep/${deployment}/`))
  })

  it("verifies the database, and says self-attested only where no anchor was compared", async () => {
    const alone = await cli("audit", "verify", "--key", "seal.pub")
    expect(alone).toMatchObject({ code: 0, stderr: "" })
    expect(alone.stdout).toMatch(/^OK \d+ logs/)
    expect(alone.stdout).toContain("self-attested only")
    const anchored = await cli("audit", "verify", "--key", "seal.pub", "--anchor", "anchor.txt")
    expect(anchored.code).toBe(0)
    expect(anchored.stdout).not.toContain("self-attested")
    expect((await cli("audit", "verify")).stderr).toContain("WK402")
  })

  it("answers who changed what without values, with them as JSON, and records that it was asked", async () => {
    const person = await cli("audit", "timeline", "--subject", patient, ...about)
    expect(person.code).toBe(0)
    const changed = await cli("audit", "who-changed", "public.patient", patient, ...about, "--json")
    expect(JSON.parse(changed.stdout).rows).toMatchObject([
      { verb: "update", detail: { full_name: ["Ravi", "Ravi K"] } },
      { verb: "create" },
    ])
    const actor = `backfill:wk_${deployment}_migrator`
    const by = await cli("audit", "timeline", "--actor", actor, ...about)
    expect(by.stdout).toContain("update public.patient")
    expect(by.stdout).toContain("(full_name)")
    expect(by.stdout).not.toContain("Ravi")
    expect(by.stdout).toContain("Not recorded here: who looked at a row")
    const saw = await cli("audit", "who-saw", "--subject", patient, ...about)
    expect(saw).toMatchObject({ code: 0, stderr: "" })
    expect(saw.stdout).toMatch(/^0 lines\..*\nNot recorded here: who looked at a row/)
    const nobody = await cli("audit", "touched", "nobody", ...about)
    expect(nobody).toMatchObject({ code: 0, stderr: "" })
    expect(nobody.stdout).toMatch(/^0 lines\. The log of this clinic begins/)
    const { rows } = await connected(database.adminUrl, (client) =>
      client.query("select count(*)::int as n from wardkeep_audit.event where relation = 'wardkeep_audit.event'"),
    )
    expect(rows[0].n).toBe(5)
    for (const bad of [
      ["--from", "x"],
      ["--limit", "0"],
    ])
      expect(await cli("audit", "touched", "nobody", ...about, ...bad)).toMatchObject({ code: 2, stdout: "" })
    expect(await cli("audit", "touched", "nobody", "--tenant", clinic)).toMatchObject({ code: 2 })
  })

  it("tells what left, what was refused and how far somebody reached, as lines, CSV, JSON and FHIR", async () => {
    const actor = `backfill:wk_${deployment}_migrator`
    const diff = await cli("audit", "diff", "public.patient", patient, ...about)
    expect(diff.stdout).toMatch(new RegExp(`^branch_id {2}changed once, last by ${actor}`))
    expect(diff.stdout).not.toContain("Ravi")
    const reach = await cli("audit", "blast-radius", "--actor", actor, ...about)
    expect(reach.stdout).toMatch(new RegExp(`^${patient} {2}2 events \\(create, update\\) in public.patient`))
    expect(reach.stdout).toContain("about 1 person; 0 bytes left; 0 refusals.")
    for (const name of ["exports", "denied"]) {
      const none = await cli("audit", name, ...about)
      expect(none).toMatchObject({ code: 0, stderr: "" })
      expect(none.stdout).toMatch(/^0 lines\. The log of this clinic begins/)
    }
    const own = await cli("audit", "access-report", "--subject", patient, "--guardian", "mother", ...about)
    expect(own.stdout).toContain("Who looked at a record without changing it is not recorded here.")
    const sheet = await cli("audit", "timeline", "--subject", patient, "--csv", ...about)
    expect(sheet.stdout).toMatch(/^at,actor,role,purpose,/)
    expect(sheet.stderr).toContain("Not recorded here")
    const fhir = await cli("audit", "timeline", "--subject", patient, "--fhir", "clinic.example", ...about)
    expect(JSON.parse(fhir.stdout).entry.at(-1).resource).toMatchObject({ resourceType: "AuditEvent", action: "C" })
    const following = startCli(folder, ["audit", "tail", "--json", ...about], env)
    const begun = async (): Promise<number> => {
      const { rows } = await connected(database.adminUrl, (client) =>
        client.query(`select count(*)::int as n from wardkeep_audit.event where detail like '%"tail"%'`),
      )
      return rows[0].n
    }
    await expect.poll(begun, { timeout: 20_000 }).toBe(1)
    following.kill("SIGTERM")
    expect(await following.ended).toMatchObject({ code: 0, stderr: "" })
  })

  it("verifies a bundle with neither database nor policy file, and refuses one that is cut", async () => {
    await cli("audit", "seal", "--key", "seal.pem", "--out", "anchor.txt")
    const made = await cli("audit", "bundle", ...about, "--out", "case.wkbundle", "--json")
    expect(made.code).toBe(0)
    expect(await cli("audit", "bundle", ...about, "--out", "no/such/case.wkbundle")).toMatchObject({ code: 2 })
    const elsewhere = await emptyFolder()
    for (const name of ["case.wkbundle", "seal.pub", "anchor.txt"])
      await writeFile(join(elsewhere, name), await readFile(join(folder, name)))
    const verifying = (args: string[]): [string, string[]] => [
      elsewhere,
      ["audit", "verify", ...args, "--key", "seal.pub"],
    ]
    const stranger = (...args: string[]): Promise<Ran> => callCli(...verifying(args))
    const strangersProcess = (...args: string[]): Promise<Ran> => runCli(...verifying(args))
    const fine = await strangersProcess("case.wkbundle", "--anchor", "anchor.txt")
    expect(fine).toMatchObject({ code: 0, stderr: "" })
    expect(fine.stdout).toContain("OK 2 logs")
    const text = await readFile(join(folder, "case.wkbundle"), "utf8")
    await writeFile(join(elsewhere, "cut.wkbundle"), text.slice(0, text.length / 2))
    const cut = await strangersProcess("cut.wkbundle")
    expect(cut).toMatchObject({ code: 4, stdout: "" })
    expect(cut.stderr).toContain("WK405 the bundle is truncated after line")
    expect((await stranger("missing.wkbundle")).code).toBe(2)
    const anchor = await readFile(join(folder, "anchor.txt"), "utf8")
    await writeFile(join(elsewhere, "two.txt"), `${anchor}${anchor}`)
    const two = await stranger("case.wkbundle", "--anchor", "anchor.txt", "two.txt")
    expect(two).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("two.txt is not a checkpoint") })
    await writeFile(join(elsewhere, "anchor.txt"), anchor.replace(/^(.*)\n\d+\n/, "$1\n1\n"))
    expect((await stranger("case.wkbundle", "--anchor", "anchor.txt")).stdout).toContain("self-attested only")
  })

  it("writes the log as tiles and an event as a proof, and verifies both with neither database nor policy file", async () => {
    expect((await cli("audit", "tiles", "--out", "tiles")).stdout).toMatch(
      /^written tiles: wardkeep\/.* leaves, \d+ new files\n$/,
    )
    expect(JSON.parse((await cli("audit", "tiles", "--out", "tiles", "--json")).stdout)).toMatchObject({
      added: 0,
      withheld: 0,
    })
    expect(await cli("audit", "tiles", "--tenant", clinic, "--out", "clinic-tiles")).toMatchObject({
      code: 0,
      stderr: "",
    })
    const wrong = await cli("audit", "tiles", "--tenant", clinic, "--out", "tiles")
    expect(wrong).toMatchObject({ stdout: "", stderr: expect.stringContaining("WK454 the tiles are of wardkeep/") })
    const { rows } = JSON.parse((await cli("audit", "timeline", "--subject", patient, ...about, "--json")).stdout)
    const { id } = rows.find(({ verb }: { verb: string }) => verb === "update")
    const prove = ["audit", "proof", "--event", id, "--reason", "complaint 4", "--out", "event.tlog-proof"]
    expect((await cli(...prove)).stdout).toMatch(/^written event.tlog-proof: leaf \d+ of \d+ in wardkeep\//)
    expect(await cli(...prove)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("event.tlog-proof exists already"),
    })
    const none = await cli("audit", "proof", "--event", "0", "--reason", "x", "--out", "none.tlog-proof")
    expect(none).toMatchObject({ stdout: "", stderr: expect.stringContaining("WK455 event 0 is not there") })
    const verify = (what: string, ...more: string[]): Promise<Ran> =>
      callCli(folder, ["audit", "verify", what, "--key", "seal.pub", ...more])
    const tiles = await verify("tiles", "--anchor", "anchor.txt")
    expect(tiles).toMatchObject({ code: 0, stderr: "" })
    expect(tiles.stdout).toMatch(/^OK 1 log/)
    expect(tiles.stdout).not.toContain("self-attested")
    expect((await verify("clinic-tiles")).stdout).toContain("self-attested only")
    const proof = await verify("event.tlog-proof")
    expect(proof).toMatchObject({ code: 0, stderr: "" })
    expect(proof.stdout).toMatch(new RegExp(`leaf \\d+: event ${id}, update public.patient at 2\\d{3}-.*\nOK 2 logs`))
    const text = await readFile(join(folder, "event.tlog-proof"), "utf8")
    await writeFile(join(folder, "cut.tlog-proof"), text.slice(0, -100))
    expect(await verify("cut.tlog-proof")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("WK405 the proof is truncated"),
    })
    await rm(join(folder, "tiles", "tile", "0"), { recursive: true })
    expect(await verify("tiles")).toMatchObject({ code: 1, stdout: expect.stringContaining("DELETED") })
  })

  it("hands the checkpoint to a store and a witness, verifies against both, and waits for neither", async () => {
    const store = await startObjectStore()
    const witness = await startWitness("wardkeep/", createPublicKey(await readFile(join(folder, "seal.pub"), "utf8")))
    const before = env
    env = {
      ...env,
      AWS_ACCESS_KEY_ID: store.accessKeyId,
      AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
      AWS_REGION: store.region,
      AWS_ENDPOINT_URL_S3: store.endpoint,
    }
    try {
      await writeFile(join(folder, "witness.txt"), `# who runs it\n${witness.vkey} ${witness.address}\n`)
      const to = ["--anchor", `s3://${store.bucket}/main`, "--witness", "witness.txt"]
      const seal = ["audit", "seal", "--key", "seal.pem", "--out", "witnessed.txt", ...to]
      // A witness that never saw the log cosigns what it is shown, and one that no line names is none.
      await cli("audit", "seal", "--key", "seal.pem")
      await writeFile(join(folder, "nobody.txt"), "# nobody yet\n")
      for (const file of ["witness.txt", "nobody.txt"]) {
        const first = await cli("audit", "verify", "--key", "seal.pub", "--witness", file)
        expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining("self-attested only") })
      }
      expect((await cli("audit", "verify", "--key", "seal.pub", "--witness", "witness.txt")).stdout).not.toContain(
        "self-attested",
      )
      const sealed = await cli(...seal)
      expect(sealed).toMatchObject({ code: 0, stderr: "" })
      expect(sealed.stdout).toMatch(/kept \d+ leaves by s3:/)
      const verify = ["audit", "verify", "--key", "seal.pub"]
      expect((await cli(...verify, "--lost", `s3://${store.bucket}/main`)).stderr).toContain("cannot be read")
      const both = await cli(...verify, ...to)
      expect(both).toMatchObject({ code: 0, stderr: "" })
      expect(both.stdout).toContain(`s3://${store.bucket}/main: 1 checkpoint\n`)
      expect(both.stdout).not.toContain("self-attested")
      const offline = ["--anchor", "witnessed.txt", "--witness", "witness.txt"]
      expect((await cli("audit", "verify", "case.wkbundle", "--key", "seal.pub", ...offline)).stdout).toMatch(
        /cosigned by witness.example\/w1 at 2\d{3}-/,
      )
      expect(JSON.parse((await cli(...verify, "--json")).stdout)).toMatchObject({
        selfAttestedOnly: true,
        witnessed: [],
      })
      const empty = await cli(...verify, "--anchor", `s3://${store.bucket}/none`)
      expect(empty.stdout).toContain("self-attested only")
      for (const known of witness.known.values()) known.size += 5
      const rolled = await cli(...verify, "--witness", "witness.txt")
      expect(rolled.code).toBe(1)
      expect(rolled.stdout).toContain("ROLLED_BACK")
      store.fault = "unavailable"
      witness.fault = "unavailable"
      const alone = await cli(...seal)
      expect(alone.code).toBe(1)
      expect(alone.stdout).toMatch(/^sealed/)
      expect(alone.stderr).toMatch(/WK448 s3:.*answers 503/)
      expect(alone.stderr).toMatch(/WK448 witness.*answers 502/)
      expect(await cli(...verify, "--witness", "witness.txt")).toMatchObject({
        stdout: "",
        stderr: expect.stringContaining("WK448"),
      })
      expect((await cli(...seal, "--anchor", "file.txt")).stderr).toContain("WK453")
    } finally {
      env = before
      await Promise.all([store.stop(), witness.stop()])
    }
  })

  it("writes the page that verifies a bundle, with its hash, without database or policy file", async () => {
    const elsewhere = await emptyFolder()
    const made = await callCli(elsewhere, ["audit", "verifier", "--out", "verify.html", "--json"])
    expect(made).toMatchObject({ code: 0, stderr: "" })
    const page = await readFile(join(elsewhere, "verify.html"))
    expect(page.toString("utf8")).toMatch(/Content-Security-Policy" content="default-src 'none'; script-src 'sha256-/)
    expect(JSON.parse(made.stdout)).toMatchObject({ sha256: createHash("sha256").update(page).digest("hex") })
    expect((await callCli(elsewhere, ["audit", "verifier", "--out", "no/such/verify.html"])).code).toBe(2)
  })

  it("finds what a superuser changed, and exits with 1", async () => {
    await connected(database.adminUrl, (client) =>
      client.query("update wardkeep_audit.event set actor = 'somebody' where verb = 'update'"),
    )
    const found = await started("audit", "verify", "--key", "seal.pub", "--anchor", "anchor.txt")
    expect(found.code).toBe(1)
    expect(found.stdout).toContain("NOT OK")
    expect(found.stdout).toContain("EDITED")
    await connected(database.adminUrl, (client) =>
      client.query(
        `update wardkeep_audit.event set actor = 'backfill:wk_${deployment}_migrator' where verb = 'update'`,
      ),
    )
  })

  it("erases nobody without a confirmation, and seals until it is told to end", async () => {
    const erase = ["audit", "erase", "--tenant", clinic, "--subject", patient, "--reason", "request 18"]
    expect(await cli(...erase)).toMatchObject({ code: 2, stdout: "" })
    // Something waits, so that what is polled below is the work of this process.
    await write(`update patient set full_name = 'Ravi L' where id = '${patient}'`)
    const sealing = startCli(folder, ["audit", "seal", "--key", "seal.pem", "--every", "0.1", "--json"], env)
    const sealed = async (): Promise<number> => {
      const { rows } = await connected(database.adminUrl, (client) =>
        client.query(
          "select count(*)::int as n from wardkeep_audit.event e where not exists (select from wardkeep_audit.leaf l where l.event = e.id)",
        ),
      )
      return rows[0].n
    }
    await expect.poll(sealed, { timeout: 20_000 }).toBe(0)
    sealing.kill("SIGTERM")
    expect(await sealing.ended).toMatchObject({ code: 0, stderr: "" })
    expect(await cli(...erase, "--yes")).toMatchObject({ code: 0, stderr: "" })
    expect((await cli("audit", "verify", "--key", "seal.pub", "--anchor", "anchor.txt")).code).toBe(0)
  })

  it("holds, releases and drops a month, keeps it in a file, and says what the law asks for", async () => {
    const month = oldMonth
    await cli("audit", "seal", "--key", "seal.pem", "--out", "anchor.txt")
    const drop = ["audit", "drop-month", month, "--key", "seal.pem", "--reason", "retention is over"]
    expect(await cli(...drop)).toMatchObject({ code: 2, stdout: "" })
    const young = await cli("audit", "drop-month", today.toISOString().slice(0, 7), "--reason", "x", "--yes")
    expect(young.code).not.toBe(0)
    expect(young.stderr).toContain("WK441")
    const held = await cli(
      "audit",
      "hold",
      "--tenant",
      "old clinic",
      "--authority",
      "court",
      "--reason",
      "case 4",
      "--json",
    )
    const { id } = JSON.parse(held.stdout)
    expect((await cli("audit", "holds")).stdout).toMatch(
      new RegExp(`^${id}  everybody of old clinic: court, case 4 .*\\n1 open`),
    )
    expect((await cli(...drop, "--yes")).stderr).toContain(`WK440 a legal hold keeps this month: ${id}`)
    expect(await cli("audit", "release-hold", id, "--reason", "closed")).toMatchObject({ code: 0, stderr: "" })
    await writeFile(join(folder, "kept.wkbundle"), "of another month")
    const over = await cli(...drop, "--keep", "kept.wkbundle", "--yes")
    expect(over).toMatchObject({ code: 2, stdout: "" })
    expect(over.stderr).toContain("WK009 kept.wkbundle exists already")
    expect(await readFile(join(folder, "kept.wkbundle"), "utf8")).toBe("of another month")
    const gone = await cli(...drop, "--keep", "old.wkbundle", "--yes")
    expect(gone).toMatchObject({ code: 0, stderr: "" })
    expect(gone.stdout).toMatch(
      new RegExp(`^dropped ${month}: 1 event\\n {2}kept in old.wkbundle, SHA-256 [0-9a-f]{64}`),
    )
    expect(gone.stdout).toContain("rule 6(1)(e): P1Y from the log entry")
    const kept = await cli("audit", "verify", "old.wkbundle", "--key", "seal.pub", "--anchor", "anchor.txt")
    expect(kept).toMatchObject({ code: 0, stderr: "" })
    const whole = await cli("audit", "verify", "--key", "seal.pub", "--anchor", "anchor.txt")
    expect(whole).toMatchObject({ code: 0, stderr: "" })
    expect(whole.stdout).toMatch(new RegExp(`DROPPED .*/old%20clinic: 1 events of ${month} were dropped`))
    expect(whole.stdout).not.toContain("DELETED")
  })

  it("says so where the disk is full: the log is whole, and no half file stays", async () => {
    const sealed = await cli("audit", "seal", "--key", "seal.pem", "--out", "/dev/full")
    expect(sealed).toMatchObject({ code: 2, stdout: "" })
    expect(sealed.stderr).toContain("WK009 sealed, but /dev/full cannot be written")
    // A file may have two blocks and no more; what is written beyond them fails as on a full disk.
    const limited = `ulimit -f 2; exec "$0" "$@"`
    const out = join(folder, "full.wkbundle")
    const command = [wardkeepBin, "audit", "bundle", ...about, "--out", out]
    const ran = spawnSync("sh", ["-c", limited, process.execPath, ...command], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? "", ...env },
    })
    expect(ran.status).toBe(2)
    expect(ran.stderr.toString()).toContain("cannot be written")
    expect((await readdir(folder)).filter((name) => name.startsWith("full."))).toEqual([])
    expect((await cli("audit", "verify", "--key", "seal.pub")).code).toBe(0)
  })

  it("gives the sealing over to another key, and refuses the old one", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519")
    await writeFile(join(folder, "next.pem"), privateKey.export({ type: "pkcs8", format: "pem" }))
    await writeFile(join(folder, "next.pub"), publicKey.export({ type: "spki", format: "pem" }))
    const rotate = ["audit", "rotate-key", "--key", "seal.pem", "--next", "next.pem", "--reason", "yearly"]
    const turned = await cli(...rotate, "--last", "last.txt")
    expect(turned).toMatchObject({ code: 0, stderr: "" })
    expect((await cli("audit", "seal", "--key", "seal.pem")).stderr).toContain("WK445")
    expect((await cli("audit", "seal", "--key", "next.pem")).code).toBe(0)
    const last = ["--retired", "last.txt", "--anchor", "last.txt"]
    const both = await cli("audit", "verify", "--key", "seal.pub", "next.pub", ...last)
    expect(both).toMatchObject({ code: 0, stderr: "" })
    const one = await cli("audit", "verify", "--key", "seal.pub")
    expect(one.code).toBe(1)
    expect(one.stdout).toContain("KEY_UNKNOWN")
  })

  it("goes on under another name, says first what it found, and writes over no checkpoint that is not behind it", async () => {
    const seal = ["audit", "seal", "--key", "next.pem", "--out", "newest.txt"]
    expect(await cli(...seal)).toMatchObject({ code: 0, stderr: "" })
    const newest = await readFile(join(folder, "newest.txt"), "utf8")
    const [name = "", size = ""] = newest.split("\n")
    await writeFile(join(folder, "newest.txt"), newest.replace(/\n\d+\n/, `\n${Number(size) + 3}\n`))
    const older = await cli(...seal)
    expect(older).toMatchObject({ code: 4, stdout: "" })
    expect(older.stderr).toContain(`WK447 ${Number(size) + 3} leaves of this log were signed, ${size} are here`)
    await writeFile(join(folder, "newest.txt"), newest)
    const rebase = [
      "audit",
      "rebase",
      "--key",
      "next.pem",
      "--anchor",
      "newest.txt",
      "--reason",
      "copied to another host",
    ]
    const found = await cli(...rebase)
    expect(found).toMatchObject({ code: 2, stderr: expect.stringContaining("WK009 nobody confirmed") })
    expect(found.stdout).toContain(`${name}: ${size} leaves are here`)
    expect(found.stdout).toContain("nothing that it knows was lost")
    const done = await cli(...rebase, "--yes")
    expect(done).toMatchObject({ code: 0, stderr: "" })
    expect(done.stdout).toMatch(new RegExp(`rebased: \\d+ events? sealed, signed as wardkeep/${deployment}/`))
    expect((await cli(...seal)).stderr).toContain(`WK447 the file holds a checkpoint of ${name}`)
    expect(await readFile(join(folder, "newest.txt"), "utf8")).toBe(newest)
    const verify = ["audit", "verify", "--key", "seal.pub", "next.pub", "--anchor", "newest.txt"]
    const whole = await cli(...verify)
    expect(whole).toMatchObject({ code: 0, stderr: "" })
    expect(whole.stdout).toMatch(
      new RegExp(`REBASED wardkeep/.*${size} leaves were kept of ${name}, no more were known`),
    )
    expect((await cli("audit", "rebase", "--key", "seal.pem", "--reason", "x", "--yes")).stderr).toContain("WK445")
    expect((await cli("audit", "touched", "asha", ...about)).stdout).toContain("nothing more was known to be signed")
  })

  it("says where there is none", async () => {
    const bare = await database.cluster.database()
    try {
      await connected(bare.adminUrl, (client) => client.query(hostTables))
      const other = await emptyFolder()
      await writePolicy(other, newDeployment())
      const at = { WARDKEEP_ADMIN_URL: bare.adminUrl }
      await callCli(other, ["migrate"], at)
      const asked = await callCli(other, ["audit", "touched", "nobody", ...about], at)
      expect(asked.code).toBe(2)
      expect(asked.stderr).toContain("wardkeep migrate --audit")
    } finally {
      await bare.drop()
    }
  })
})
