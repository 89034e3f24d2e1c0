import { type Actor, Attacker, asSuperuser, errorText, hiddenCanary, type World } from "./world.ts"

/**
 * Statements whose answer would tell what stands in a column that the role may not read. `R` is the table, then the role's
 * own view of it. Nothing that the role is told may change when only the hidden values change.
 */
export const inferences: readonly (readonly [string, string])[] = [
  ["read", "select hiv_status from R"],
  ["all columns", "select * from R order by id"],
  ["TABLE", "table R"],
  ["filter", "select id from R where hiv_status = '123456' order by id"],
  ["filter by a pattern", "select count(*) from R where hiv_status like '12%'"],
  ["filter that a NULL passes", "select count(*) from R where hiv_status is distinct from '123456'"],
  ["cast", "select count(*) from R where hiv_status::int > 0"],
  ["cast in the list", "select hiv_status::int from R"],
  ["cast in CASE", "select case when hiv_status::int > 0 then 1 end from R"],
  ["division by zero", "select count(*) from R where 1 / (ascii(hiv_status) - 49) > 0"],
  ["regular expression", "select count(*) from R where 'x' ~ ('(' || hiv_status)"],
  ["length", "select pg_column_size(hiv_status), octet_length(hiv_status) from R"],
  ["sort", "select id from R order by hiv_status desc, id"],
  ["sort by the whole row", "select p.id from R p order by p"],
  ["group", "select count(*) from R group by hiv_status"],
  ["grouping sets", "select count(*) from R group by grouping sets ((hiv_status), ())"],
  ["HAVING", "select count(*) from R having max(hiv_status) = '123456'"],
  ["DISTINCT", "select distinct hiv_status from R"],
  ["count of distinct", "select count(distinct hiv_status) from R"],
  ["count of values", "select count(hiv_status) from R"],
  ["aggregate", "select max(hiv_status), string_agg(hiv_status, ',') from R"],
  ["FILTER", "select count(*) filter (where hiv_status = '123456') from R"],
  ["window", "select rank() over (order by hiv_status) from R order by 1"],
  ["self join", "select count(*) from R a join R b on a.hiv_status = b.hiv_status"],
  ["join with a list", "select p.id from R p join (values ('123456')) v(x) on p.hiv_status = v.x order by 1"],
  ["USING", "select count(*) from R a join R b using (hiv_status)"],
  ["NATURAL", "select count(*) from R a natural join R b"],
  [
    "anti join",
    "select count(*) from (values ('123456')) v(x) where not exists (select from R p where p.hiv_status = v.x)",
  ],
  ["IN", "select '123456' in (select hiv_status from R)"],
  ["EXCEPT", "select '123456' except select hiv_status from R"],
  ["LATERAL", "select x from R p cross join lateral (select p.hiv_status as x) l"],
  ["CTE", "with p as materialized (select * from R) select hiv_status from p"],
  ["sample", "select hiv_status from R tablesample system (100)"],
  ["whole row as text", "select p::text from R p order by 1"],
  ["whole row as JSON", "select row_to_json(p) from R p order by p.id"],
  ["whole row as jsonb", "select to_jsonb(p) -> 'hiv_status' from R p"],
  ["whole row in an aggregate", "select json_agg(p order by p.id) from R p"],
  ["whole row hashed", "select count(*) from R p where hashtext(p::text) % 2 = 0"],
  ["whole row compared", "select count(*) from R a join R b on a = b"],
  ["whole row is null", "select count(*) from R p where p is not null"],
  ["field of the whole row", "select (p).hiv_status from R p"],
  ["size of the whole row", "select pg_column_size(p) from R p order by 1"],
  ["query_to_xml", "select query_to_xml('select hiv_status from R', false, false, '')"],
  ["a parameter", "execute asked('123456')"],
  ["FOR UPDATE", "select id from R where hiv_status = '123456' order by id for update"],
  ["FOR SHARE SKIP LOCKED", "select id from R order by hiv_status, id for share skip locked"],
  ["cursor", "declare c cursor for select hiv_status from R"],
  ["COPY", "copy (select hiv_status from R) to stdout"],
  [
    "DO with a loop",
    "do $$ declare r record; begin for r in select * from R order by id loop raise notice '%', r; end loop; end $$",
  ],
  ["EXPLAIN", "explain (costs off, verbose) select id from R where hiv_status = '123456'"],
  [
    "EXPLAIN ANALYZE",
    "explain (analyze, costs off, timing off, summary off, buffers off) select id from R where hiv_status = '123456'",
  ],
  ["statistics", "select most_common_vals::text, n_distinct, avg_width from pg_stats where attname = 'hiv_status'"],
  ["UPDATE filtered", "update R set phone = 'x' where hiv_status = '123456'"],
  ["UPDATE into a shown column", "update R set full_name = hiv_status returning full_name"],
  ["UPDATE of the column", "update R set hiv_status = '123456'"],
  ["UPDATE FROM", "update R p set phone = q.hiv_status from R q where q.id = p.id returning p.phone"],
  ["UPDATE returning", "update R set phone = 'x' returning hiv_status"],
  ["UPDATE returning all", "update R set phone = 'x' returning id, *"],
  ["UPDATE returning the whole row", "update R p set phone = 'x' returning p::text"],
  ["a CHECK that fails", "update R set full_name = null"],
  ["DELETE filtered", "delete from R where hiv_status = '123456'"],
  ["INSERT SELECT", "insert into R (full_name) select hiv_status from R where hiv_status is not null"],
  ["INSERT returning", "insert into R (full_name) values ('x') returning hiv_status"],
  [
    "ON CONFLICT with a condition",
    "insert into R (id, full_name) values (ID, 'x') on conflict (clinic_id, branch_id, id) do update set phone = 'y' where R.hiv_status = '123456'",
  ],
  [
    "ON CONFLICT with a value",
    "insert into R (id, full_name) values (ID, 'x') on conflict (clinic_id, branch_id, id) do update set phone = patient.hiv_status returning phone",
  ],
  [
    "ON CONFLICT on an index of it",
    "insert into R (id, full_name, hiv_status) values (ID, 'x', '123456') on conflict (clinic_id, branch_id, id, hiv_status) do nothing",
  ],
  ["a unique refusal", "insert into R (id, full_name, hiv_status) values (ID, 'x', '123456')"],
  [
    "MERGE",
    "merge into R p using (values (1)) v(x) on p.hiv_status = '123456' when matched then update set phone = 'x'",
  ],
  [
    "MERGE with a condition",
    "merge into R p using (values (1)) v(x) on true when matched and p.hiv_status = '123456' then delete",
  ],
  ["a foreign key", "insert into public.visit (patient_id, reason) select id, 'x' from R where hiv_status = '123456'"],
]

export type Answers = ReadonlyMap<string, string>

/** Who asks, and how the hidden values are changed under them. */
export interface Asking {
  readonly adminUrl: string
  readonly appUrl: string
  /** A row of the asker's own. */
  readonly id: string
  readonly dbRole: string
  /** Whoever reads every column has no view. */
  readonly view: boolean
  /** Begins the transaction with the context in force. */
  enter(attacker: Attacker): Promise<void>
}

/** What somebody is told by each statement while the hidden column holds `value`: rows, messages and every field of an error. */
async function answers(asking: Asking, value: string): Promise<Answers> {
  await asSuperuser(asking.adminUrl, async (admin) => {
    await admin.query("update patient set hiv_status = $1", [value])
    await admin.query("analyze patient")
  })
  const told = new Map<string, string>()
  const attacker = new Attacker(asking.appUrl)
  await attacker.connect()
  try {
    await asking.enter(attacker)
    for (const [relation, name] of relations(asking))
      for (const [what, sql] of inferences) {
        attacker.seen.length = 0
        const text = (one: string): string => one.replaceAll(/\bR\b/g, relation).replaceAll("ID", `'${asking.id}'`)
        await attacker.client.query("savepoint attack")
        try {
          if (what === "a parameter") {
            const prepared = text("prepare asked(text) as select count(*) from R where hiv_status = $1")
            await attacker.client.query(prepared)
          }
          await attacker.query(text(sql))
        } catch (error) {
          attacker.seen.push(errorText(error))
        }
        await attacker.client.query("rollback to savepoint attack")
        await attacker.client.query("deallocate all")
        told.set(`${what}, ${name}`, attacker.seen.join("\n"))
      }
  } finally {
    await attacker.client.query("rollback").catch(() => undefined)
    await attacker.end()
  }
  return told
}

const relations = ({ dbRole, view }: Asking): readonly (readonly [relation: string, name: string])[] => [
  ["public.patient", "the table"],
  ...(view ? [[`${dbRole}.patient`, "the view"] as const] : []),
]

/** The answers under two states of the hidden column: a number, and no number of the same length. */
export async function askedTwice(asking: Asking): Promise<readonly [Answers, Answers]> {
  return [await answers(asking, "123456"), await answers(asking, "canary")]
}

export async function twice(world: World, actor: Actor = "reception"): Promise<readonly [Answers, Answers]> {
  const { adminUrl, appUrl, keys, grants } = world
  const dbRole = grants[actor].db_role
  const enter = (attacker: Attacker): Promise<void> => attacker.enter(world, actor)
  try {
    return await askedTwice({ adminUrl, appUrl, id: keys[0].patient, dbRole, view: actor !== "doctor", enter })
  } finally {
    await asSuperuser(adminUrl, async (admin) => {
      for (const [index, { branch }] of world.clinic.branches.entries())
        await admin.query("update patient set hiv_status = $1 where branch_id = $2", [hiddenCanary(index), branch])
      await admin.query("analyze patient")
    })
  }
}
