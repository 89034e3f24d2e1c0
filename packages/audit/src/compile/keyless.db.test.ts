import { apply, asOwner, install } from "@wardkeep/postgres/migrate"
import { beforeAll, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { document, installHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "./audit.js"

const database = useDatabase()
const clinic = "00000000-0000-0000-0000-0000000000aa"
const schema = `create table clinic (id uuid primary key, name text);
create table branch (id uuid primary key, clinic_id uuid not null references clinic, unique (clinic_id, id));
create table word (clinic_id uuid not null, branch_id uuid not null, word text, other text);
insert into clinic values ('${clinic}', 'A');
insert into branch values ('00000000-0000-0000-0000-0000000000ab', '${clinic}');`
const policyDocument = document({
  tables: { word: { scope: "branch" } },
  roles: { doctor: { purposes: ["care"], can: { word: "manage" } } },
})
let host: Awaited<ReturnType<typeof installHost>>

beforeAll(async () => {
  host = await installHost(database.ownerUrl, schema, policyDocument)
  const { policy } = host
  await connected(database.ownerUrl, (admin) => install({ admin, policy, extensions: [audit] }))
  await host.asOwner((client) => apply({ client, policy, extensions: [audit] }))
})

/** What the log tells of an update of these rows, oldest values first; the transaction is undone. */
async function told(rows: string, update: string): Promise<string[]> {
  const token = await host.asOwner(async (client) => {
    const opened = await client.query<{ token: string }>("select wardkeep.open_backfill($1, 'test') as token", [clinic])
    return opened.rows[0]?.token
  })
  return await connected(withLogin(database.ownerUrl, host.logins.migrator), (client) =>
    asOwner(client, host.policy, async () => {
      await client.query("set row_security = on")
      await client.query("begin")
      try {
        await client.query("select set_config('wardkeep.token', $1, true)", [token])
        await client.query(`insert into word (word) values ${rows}`)
        await client.query(update)
        const events = await client.query<{ word: string }>(
          "select detail::json ->> 'word' as word from wardkeep_audit.event where verb = 'update' and relation = 'public.word'",
        )
        return events.rows.map(({ word }) => word.replaceAll(" ", "")).sort()
      } finally {
        await client.query("rollback")
      }
    }),
  )
}

it.each([
  ["one that became like another", "('a'), ('b')", "update word set word = 'b'", ['["a",null]', '[null,"b"]']],
  [
    "several that became alike",
    "('a'), ('b')",
    "update word set word = 'c'",
    ['["a",null]', '["b",null]', '[null,"c"]', '[null,"c"]'],
  ],
  [
    "equal ones of which one changes",
    "('a'), ('a')",
    "update word set word = 'b' where ctid = (select min(ctid) from word)",
    ['["a",null]', '[null,"b"]'],
  ],
  [
    "equal ones that all change",
    "('a'), ('a')",
    "update word set word = 'b'",
    ['["a",null]', '["a",null]', '[null,"b"]', '[null,"b"]'],
  ],
  ["ones that change places", "('a'), ('b')", "update word set word = case word when 'a' then 'b' else 'a' end", []],
  ["equal ones that stay", "('a'), ('a')", "update word set word = 'a'", []],
])("each changed row of a table without a key is told: %s", async (_, rows, update, wanted) => {
  expect(await told(rows, update)).toEqual(wanted)
})
