import { type Policy, quoteLiteral } from "@wardkeep/core"
import { catalogBlock } from "./catalog-block.js"
import { pictureSql } from "./drift.js"
import { policyHash } from "./policy-hash.js"

/** Differences that a plan answers for, with what they are now; null for what is no longer there. */
export type Settled = Readonly<Record<string, string | null>>

export interface Outcome {
  readonly settled: Settled
  /** What no step corrects: it stays as it was remembered, also where a step changes a part of it. */
  readonly open: readonly { readonly fact: string }[]
}

/** What a plan runs before its first step and after its last one, by `apply` and as SQL. */
export interface Remembering {
  readonly before: string
  readonly after: string
}

const picture = (policy: Policy): string =>
  `(select jsonb_object_agg(fact, coalesce(value, '')) from (${pictureSql(policy)}) facts)`

/**
 * The state that drift compares with, after a plan: what the plan looked at and found right (`settled`), and what its steps
 * changed, which is what differs between two pictures taken around them. Everything else keeps what was remembered of it, so
 * that nobody's change is forgiven unseen.
 *
 * Where nothing was ever saved there is nothing to keep, and the whole picture is saved: but only where it began as the one
 * that the plan was made from (`seen`, its MD5 there). The SQL of a plan may run elsewhere and later; what nobody looked at is
 * no state to compare with, and `policy-not-applied` stays until an apply.
 */
export function rememberSql(policy: Policy, { settled, open }: Outcome, seen: string | undefined): Remembering {
  const hash = quoteLiteral(policyHash(policy))
  const kept = `array[${open.map(({ fact }) => quoteLiteral(fact)).join(", ")}]::text[]`
  const first =
    seen === undefined
      ? ""
      : `
  if md5(first_picture::text) = ${quoteLiteral(seen)} then
    insert into wardkeep.policy_state (policy_hash, manifest) values (${hash}, last_picture) on conflict (only_row) do nothing;
  end if;`
  return {
    before: catalogBlock("", `  perform set_config('wardkeep.picture', ${picture(policy)}::text, true);`),
    after: catalogBlock(
      `  first_picture jsonb := current_setting('wardkeep.picture')::jsonb;
  last_picture jsonb;
  remembered jsonb := ${quoteLiteral(JSON.stringify(settled))};`,
      `  last_picture := ${picture(policy)};
  remembered := (remembered || (
    select coalesce(jsonb_object_agg(key, l.value), '{}') from jsonb_each(first_picture) f full join jsonb_each(last_picture) l using (key)
     where f.value is distinct from l.value)) - ${kept};${first}
  update wardkeep.policy_state s set policy_hash = ${hash}, manifest = jsonb_strip_nulls(s.manifest || remembered), applied_at = now()
   where s.manifest is distinct from jsonb_strip_nulls(s.manifest || remembered) or s.policy_hash <> ${hash}
      or first_picture is distinct from last_picture;
  perform set_config('wardkeep.picture', '', true);`,
    ),
  }
}
