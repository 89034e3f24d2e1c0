import { createHmac } from "node:crypto"
import { Client } from "pg"
import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { urlFor } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { TargetInput } from "../target/schema.js"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system

const secret = "secret of the clinic, 32 letters long"
const token = (branch: string): string => {
  const payload = Buffer.from(JSON.stringify({ branch, user: "u" })).toString("base64url")
  return `${payload}.${createHmac("sha256", secret).update(payload).digest("hex")}`
}
const signed: Partial<TargetInput> = {
  tenants: ["1", "2"].map((key) => ({ name: key, key, connect: { settings: { "app.token": token(key) } } })),
}

/** HMAC by hand, as systems do that may not have pgcrypto; the secret is where `from` says. */
const verifier = (from: string, without = "null"): string => `
  create extension if not exists pgcrypto;
  create table secret (word text); insert into secret values ('${secret}');
  create function verified() returns int language plpgsql stable security definer set search_path = public, pg_temp as $$
  declare t text := coalesce(current_setting('app.token', true), ''); p text := split_part(t, '.', 1);
  begin
    if t = '' then return ${without}; end if;
    if encode(hmac(p, ${from}, 'sha256'), 'hex') is distinct from split_part(t, '.', 2) then return null; end if;
    return (convert_from(decode(rpad(translate(p, '-_', '+/'), (length(p) + 3) / 4 * 4, '='), 'base64'), 'utf8')::jsonb ->> 'branch')::int;
  end$$;
  drop policy p on patient; create policy p on patient using (branch_id = (select verified()));
  drop policy p on visit; create policy p on visit using (branch_id = (select verified()));`
const table = "(select word from public.secret)"

describe("a signed context", () => {
  test("is left alone where the secret is out of reach, and a plain one is hygiene with every way named", async () => {
    const hasRights = db.serverVersionNum >= 150_000
    if (hasRights) await run('grant set on parameter app.branch to :"app"')
    const plain = await system.verify(["WKC033"])
    if (hasRights) await run('revoke set on parameter app.branch from :"app"')
    expect(plain.verdict).not.toBe("LEAK")
    expect(plain.findings[0]?.evidence).toContain("set_config inside one SELECT, several statements in one text")
    expect(plain.findings[0]?.evidence?.includes("a function with a SET clause")).toBe(hasRights)
    await run(verifier(table))
    const { findings, verdict, checks } = await system.verify(["WKC033"], signed)
    expect([findings, verdict, checks[0]?.verdict]).toEqual([[], "NOT_FOUND", "NOT_FOUND"])
  })

  test.each([
    [
      "a secret that SQL can set",
      verifier(`coalesce(nullif(current_setting('app.key', true), ''), ${table})`),
      "app.key",
    ],
    [
      "a way back to a plain setting",
      verifier(table, "nullif(current_setting('app.branch', true), '')::int"),
      "app.branch",
    ],
    ["no verification", verifier(table).replace(/if encode.*?end if;/s, ""), "old signature"],
  ])("is a leak with %s, and its replay shows it", async (_, violate, word) => {
    await run(violate)
    const { findings, verdict } = await system.verify(["WKC033"], signed)
    expect(verdict).toBe("LEAK")
    const leak = findings.find(({ object, severity }) => object === "public.patient" && severity === "leak")
    expect(leak?.message).toContain(word)
    if (word.startsWith("app.")) expect(leak?.evidence).toContain("an option of the connection's start")
    expect(await byHand(leak?.replay ?? "")).toContain('"count":"6"')
  })
})

async function byHand(replay: string): Promise<string> {
  const client = new Client({ connectionString: urlFor(db.adminUrl, system.name, system.app) })
  await client.connect()
  try {
    return JSON.stringify([await client.query(replay)].flat().map(({ rows }) => rows))
  } finally {
    await client.end()
  }
}
