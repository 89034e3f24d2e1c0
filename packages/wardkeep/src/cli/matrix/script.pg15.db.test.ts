import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { withLogin } from "#tests/fixture/clinic.ts"
import { useMatrixClinic } from "#tests/fixture/matrix-clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const clinic = useMatrixClinic(database)
// The embedded 18 comes without a psql of its own.
const psql = join(process.env.WARDKEEP_PG15_BIN ?? "/usr/lib/postgresql/15/bin", "psql")

async function run(): Promise<{ stdout: string; stderr: string; code: number }> {
  const { migrator, app } = clinic.host.logins
  const urls = [`migrator=${withLogin(database.ownerUrl, migrator)}`, `app=${withLogin(database.ownerUrl, app)}`]
  const args = [
    "-X",
    "-q",
    withLogin(database.ownerUrl, migrator),
    "-v",
    urls[0] ?? "",
    "-v",
    urls[1] ?? "",
    "-f",
    "matrix.sql",
  ]
  return await promisify(execFile)(psql, args, { cwd: clinic.folder }).then(
    ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
    ({ stdout, stderr, code }: { stdout: string; stderr: string; code: number }) => ({ stdout, stderr, code }),
  )
}

it("the script tries the same attempts in psql, holds no value but keys, and fails when the matrix does not hold", async () => {
  const written = await clinic.cli("matrix", "tests", "--emit", "sql", "--out", "matrix.sql")
  expect(written).toMatchObject({ code: 0, stdout: "", stderr: "" })
  const right = await run()
  expect(right).toMatchObject({ code: 0, stderr: "" })
  expect(right.stdout.split("\n").filter((line) => line.startsWith("FAILED"))).toEqual([])
  expect(right.stdout).toContain("PASSED reception · read public.patient · sibling branch: refused")
  expect(right.stdout).toMatch(/\n\d{3} attempts: 0 did not pass, \d+ could not be tried\n$/)
  expect(await clinic.admin("select 1 from wardkeep.token")).toEqual([])
  const shown = await clinic.cli("matrix", "tests", "--emit", "sql")
  expect(shown.stdout).not.toMatch(/canary|fever|cough/)
  await clinic.admin("drop policy wk_fence on visit")
  const wrong = await run()
  expect(wrong.stdout).toContain("FAILED doctor · read public.visit · sibling branch: refused")
  expect(wrong.code).toBe(3)
})

it("goes on to its end over keys of any text and errors of any kind, which it does not pass", async () => {
  await clinic.admin(
    `alter table drug alter id type text; update drug set id = E'$wk$ \\' :app \n' || id;
     create function odd() returns trigger language plpgsql as $$ begin
       if new.reason = 'cough' then raise exception 'odd' using errcode = 'HV000'; end if;
       raise unique_violation; end $$;
     create trigger odd before insert or update on visit for each row execute function odd();
     insert into wardkeep.narrowing (tenant, role, what, reason, narrowed_by) values ($1, 'specialist', 'role', 'test', 'o')`.replaceAll(
      "$1",
      `'${clinic.clinics[0]}'`,
    ),
  )
  await clinic.host.apply()
  const { code, stderr } = await clinic.cli("matrix", "tests", "--emit", "sql", "--out", "matrix.sql")
  expect([code, stderr]).toEqual([0, ""])
  const ran = await run()
  expect(ran).toMatchObject({ code: 0, stderr: "" })
  const lines = ran.stdout.split("\n")
  expect(lines.filter((line) => line.startsWith("FAILED"))).toEqual([])
  for (const line of [
    "PASSED doctor · read public.drug · reference data: allowed",
    "INCONCLUSIVE doctor · create public.visit · own branch: allowed",
    "INCONCLUSIVE specialist · read public.patient · own branch: allowed",
  ])
    expect(lines).toContain(line)
  expect(await clinic.admin("select 1 from wardkeep.token")).toEqual([])
  const { stdout } = await clinic.cli("matrix", "tests", "--all")
  expect(stdout).toMatch(/INCONCLUSIVE doctor · create public.visit · own branch: allowed \(.*trigger/)
})
