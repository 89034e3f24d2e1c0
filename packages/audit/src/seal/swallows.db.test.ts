import { generateKeyPairSync } from "node:crypto"
import { asOwner } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { trustedKeys, verifyDatabase } from "../verify/index.js"
import { signerFrom } from "./note.js"
import { openSealer } from "./sealer.js"

const database = useDatabase()
const { privateKey, publicKey } = generateKeyPairSync("ed25519")
const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
let clinic: Clinic
let doctor: Grant

const admin = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => connected(database.adminUrl, work)
const owned = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(withLogin(database.ownerUrl, clinic.logins.migrator), (client) =>
    asOwner(client, clinic.policy, () => work(client)),
  )
const written = (text: string): Promise<pg.QueryResult> =>
  connected(withLogin(database.ownerUrl, clinic.logins.app), (client) =>
    inContext(client, doctor, () => client.query(text)),
  )
const seal = (): Promise<unknown> =>
  owned(async (client) => {
    const sealer = await openSealer({ client, deployment: clinic.policy.deployment, signer, heartbeat: 0 })
    await sealer.seal()
    await sealer.close()
  })
/** Of each fault its name and message. */
const verdicts = async (): Promise<string[]> =>
  (await admin((client) => verifyDatabase({ client, keys }))).verdicts
    .filter(({ name }) => name !== "UNSEALED")
    .map(({ name, message }) => `${name} ${message}`)
const events = async (): Promise<number> =>
  (await admin((client) => client.query("select count(*)::int as n from wardkeep_audit.event"))).rows[0].n
const patients = async (): Promise<{ id: string; phone: string }[]> =>
  (await written("select id, phone from patient")).rows

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
  const [first] = clinic.branches
  const grant = { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] }
  doctor = (await issueBySql(database.ownerUrl, clinic, [grant]))[0] as Grant
})

interface Attack {
  readonly what: string
  readonly by: "owner" | "superuser"
  readonly sql: string
  readonly undo: string
  /** What the verifier calls it. */
  readonly named: string[]
  /** What became of a write of five rows. */
  readonly write: "refused" | "recorded" | "aside" | "lost"
}

const trigger = (body: string, when = "before"): string =>
  `create function public.quiet() returns trigger language plpgsql security definer as $$ begin ${body} end $$;
   create trigger quiet ${when} insert on wardkeep_audit.event for each row execute function public.quiet()`
const noTrigger = "drop trigger quiet on wardkeep_audit.event; drop function public.quiet()"
const onTrigger = ["trigger quiet on wardkeep_audit.event"]
const rule = (what: string): string => `create rule quiet as on insert to wardkeep_audit.event ${what}`
const noRule = "drop rule quiet on wardkeep_audit.event"
const onRule = ["rule quiet on wardkeep_audit.event"]
const other = "wardkeep_audit.event_other"

const attacks: Attack[] = [
  {
    what: "a rule that takes every event",
    by: "owner",
    sql: rule("do instead nothing"),
    undo: noRule,
    named: onRule,
    write: "refused",
  },
  {
    what: "a rule that takes those of one actor",
    by: "owner",
    sql: rule("where new.actor = 'asha' do instead nothing"),
    undo: noRule,
    named: onRule,
    write: "refused",
  },
  {
    what: "a rule that takes one of a statement",
    by: "owner",
    sql: rule("where new.record = '$PATIENT' do instead nothing"),
    undo: noRule,
    named: onRule,
    write: "refused",
  },
  {
    what: "a rule that takes them elsewhere",
    by: "owner",
    sql: `create table public.shadow (like wardkeep_audit.event); ${rule("do instead insert into public.shadow values (new.*)")}`,
    undo: `${noRule}; drop table public.shadow`,
    named: onRule,
    write: "lost",
  },
  {
    what: "a trigger that takes every event",
    by: "owner",
    sql: trigger("return null;"),
    undo: noTrigger,
    named: onTrigger,
    write: "refused",
  },
  {
    what: "a trigger that names another actor",
    by: "owner",
    sql: trigger("new.actor := 'bela'; return new;"),
    undo: noTrigger,
    named: onTrigger,
    write: "recorded",
  },
  {
    what: "a trigger that deletes them again",
    by: "owner",
    sql: trigger("delete from wardkeep_audit.event where id = new.id; return null;", "after"),
    undo: noTrigger,
    named: onTrigger,
    write: "lost",
  },
  {
    what: "a trigger on the months alone",
    by: "owner",
    sql: `create function public.quiet() returns trigger language plpgsql as $$ begin return null; end $$;
      create trigger quiet before insert on ${other} for each row execute function public.quiet();
      alter table ${other} disable trigger quiet`,
    undo: `drop trigger quiet on ${other}; drop function public.quiet()`,
    named: [`trigger quiet on ${other}`],
    write: "recorded",
  },
  {
    what: "a rule on what is sealed",
    by: "owner",
    sql: "create rule quiet as on insert to wardkeep_audit.leaf where false do instead nothing",
    undo: "drop rule quiet on wardkeep_audit.leaf",
    named: ["rule quiet on wardkeep_audit.leaf"],
    write: "recorded",
  },
  {
    what: "triggers that the catalog denies",
    by: "superuser",
    sql: "update pg_class set relhastriggers = false where oid = 'public.patient'::regclass",
    undo: "update pg_class set relhastriggers = true where oid = 'public.patient'::regclass",
    named: ["hidden triggers of public.patient"],
    write: "lost",
  },
  {
    what: "triggers that are not ALWAYS",
    by: "owner",
    sql: "alter table public.visit enable trigger wk_audit_update",
    undo: "alter table public.visit enable always trigger wk_audit_update",
    named: ["public.visit wk_audit_update"],
    write: "recorded",
  },
  {
    what: "a month that is detached",
    by: "owner",
    sql: `alter table wardkeep_audit.event detach partition ${other}`,
    undo: `alter table wardkeep_audit.event attach partition ${other} default`,
    named: [`detached partition ${other}`],
    write: "recorded",
  },
  {
    what: "a month that a crash would empty",
    by: "owner",
    sql: `alter table ${other} set unlogged`,
    undo: `alter table ${other} set logged`,
    named: [`kind of ${other}`],
    write: "recorded",
  },
  {
    what: "row-level security against its owner",
    by: "owner",
    sql: `alter table ${other} force row level security`,
    undo: `alter table ${other} no force row level security`,
    named: [`row-level security of ${other}`],
    write: "recorded",
  },
  {
    what: "a policy on the log",
    by: "owner",
    sql: "create policy quiet on wardkeep_audit.event using (true)",
    undo: "drop policy quiet on wardkeep_audit.event",
    named: ["row-level security of wardkeep_audit.event"],
    write: "recorded",
  },
  {
    what: "another time than now",
    by: "owner",
    sql: "alter table wardkeep_audit.event alter column at set default '2026-01-01 00:00:00+00'",
    undo: "alter table wardkeep_audit.event alter column at set default clock_timestamp()",
    named: ["default of wardkeep_audit.event.at"],
    write: "recorded",
  },
  {
    what: "a clock that the owner made, and a default where there is none",
    by: "owner",
    sql: `create function public.clock_timestamp() returns timestamptz language sql as $$select timestamptz '2026-01-01 00:00:00+00'$$;
      alter table wardkeep_audit.event alter column at set default public.clock_timestamp(), alter column request set default 'as asked'`,
    undo: `alter table wardkeep_audit.event alter column at set default pg_catalog.clock_timestamp(), alter column request drop default;
      drop function public.clock_timestamp()`,
    named: ["default of wardkeep_audit.event.at", "default of wardkeep_audit.event.request"],
    write: "recorded",
  },
  {
    what: "a rule on a table that is recorded",
    by: "owner",
    sql: `create table public.shadow (id uuid, phone text); grant insert on public.shadow to public;
      create rule aside as on update to public.patient do instead insert into public.shadow values (new.id, new.phone)`,
    undo: "drop rule aside on public.patient; drop table public.shadow",
    named: ["rule aside on public.patient"],
    write: "aside",
  },
]

describe("GAP_OF_CAPTURE names, at once and in the batch that is sealed meanwhile,", () => {
  it.each(attacks)("$what", async ({ what, by, sql, undo, named, write }) => {
    await written("update patient set phone = 'before'")
    const [one] = await patients()
    const run = (text: string) =>
      (by === "owner" ? owned : admin)((client) => client.query(text.replaceAll("$PATIENT", one?.id ?? "")))
    await seal()
    const told = await verdicts()
    const before = await events()
    await run(sql)
    try {
      const now = named.map((name) => `GAP_OF_CAPTURE capture is switched off or got round now: ${name}`)
      expect((await verdicts()).slice(told.length)).toEqual(now)

      const wrote = written(`update patient set phone = '${what}'`)
      if (write === "refused") await expect(wrote).rejects.toMatchObject({ code: "WK461" })
      else await wrote
      const phones = new Set((await patients()).map(({ phone }) => phone))
      expect([...phones]).toEqual([write === "refused" || write === "aside" ? "before" : what])
      expect((await events()) - before).toBe(write === "recorded" ? 5 : 0)

      await seal()
      const sealed = (await verdicts()).slice(told.length)
      expect(sealed).toEqual([
        expect.stringContaining(`switched off or got round: ${named.join(", ")}, between`),
        ...now,
      ])
    } finally {
      await run(undo)
    }
    expect((await verdicts()).filter((said) => said.includes("got round now"))).toEqual([])
  })

  it("nothing where nothing is there", async () => {
    await seal()
    const told = await verdicts()
    await seal()
    expect(await verdicts()).toEqual(told)
  })
})
