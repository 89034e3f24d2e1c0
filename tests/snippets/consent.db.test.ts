import { randomUUID } from "node:crypto"
import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { runCli } from "../cli/run-cli.ts"
import { connected } from "../fixture/clinic.ts"
import { useDatabase } from "../harness/src/use-database.ts"
import { runnableSnippets } from "./extract.ts"
import { compile, readDocument, run, workshop } from "./workshop.ts"

const guide = "docs/guides/consent.md"
const database = useDatabase()
const clinic = { id: randomUUID(), annaNagar: randomUUID() }
const deployment = `g${randomUUID().slice(0, 8)}`
let folder = ""

const schema = `
  create table clinic (id uuid primary key);
  create table branch (id uuid primary key, clinic_id uuid not null references clinic);
  create table patient (clinic_id uuid not null, branch_id uuid not null, id uuid not null default gen_random_uuid(),
    full_name text not null, born_on date, primary key (clinic_id, branch_id, id));
  create table visit (clinic_id uuid not null, branch_id uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null,
    primary key (clinic_id, branch_id, id));
  insert into clinic values ('${clinic.id}');
  insert into branch values ('${clinic.annaNagar}', '${clinic.id}');
  insert into patient (clinic_id, branch_id, full_name, born_on) values
    ('${clinic.id}', '${clinic.annaNagar}', 'Meera Nair', '1985-03-01'), ('${clinic.id}', '${clinic.annaNagar}', 'Arjun Rao', '1990-07-01');
  insert into visit (clinic_id, branch_id, patient_id) select clinic_id, branch_id, id from patient;
  alter table clinic owner to wk_${deployment}_owner; alter table branch owner to wk_${deployment}_owner;
  alter table patient owner to wk_${deployment}_owner; alter table visit owner to wk_${deployment}_owner;`

beforeAll(async () => {
  folder = await workshop()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test("the guide's policy file is applied by its commands, and its program does what it says", {
  timeout: 240_000,
}, async () => {
  const [policy, program, ...more] = runnableSnippets(guide, await readDocument(guide))
  expect(more).toEqual([])
  // Roles belong to the whole cluster, so this run cannot be called `main`.
  const named = policy?.text.replace("definePolicy({\n", `definePolicy({\n  deployment: "${deployment}",\n`) ?? ""
  await writeFile(join(folder, "wardkeep.policy.ts"), `${named}\n`)
  await writeFile(join(folder, "snippet.ts"), `${program?.text}\n`)
  const env: Record<string, string> = { WARDKEEP_ADMIN_URL: database.ownerUrl }
  const cli = async (...args: string[]): Promise<string> => {
    const ran = await runCli(folder, args, env)
    expect(ran, args.join(" ")).toMatchObject({ code: 0, stderr: "" })
    return ran.stdout
  }
  const { generatedPasswords } = JSON.parse(
    await cli("migrate", "--audit", "--consent", "--generate-passwords", "--json"),
  )
  const login = (name: string) => {
    const user = `wk_${deployment}_${name}`
    return database.url({ user, password: generatedPasswords[user] })
  }
  await connected(database.ownerUrl, (client) => client.query(schema))
  env.WARDKEEP_MIGRATOR_URL = login("migrator")
  await cli("apply", "--yes")
  const { generatedSecret } = JSON.parse(await cli("key", "add", "k001", "--json"))
  expect(await compile(folder, ["snippet.ts", "wardkeep.policy.ts"])).toEqual({ code: 0, output: "" })
  const { code, output } = await run(folder, ["snippet.js"], {
    DATABASE_URL: login("app"),
    ISSUER_URL: login("issuer"),
    SIGNING_KEY: generatedSecret,
    CLINIC: clinic.id,
    ANNA_NAGAR: clinic.annaNagar,
  })
  expect(code, output).toBe(0)
  expect(output).toContain("what: 'withdraw'")
  expect(output).toContain("before []\ngranted [ 'Meera Nair' ]\nwithdrawn []\n")
  expect(output).toContain("[ 'served', 'granted', 'withdrawn' ]\ngranted\n")
})
