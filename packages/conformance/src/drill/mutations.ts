import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import type { Catalog } from "../catalog/catalog.js"
import { labelOf, quoted, type Relation } from "../catalog/relation.js"
import type { Target } from "../target/schema.js"
import { createPolicy, dropPolicy, type Helper, type Policy } from "./policies.js"

/** One protection of the target's own, broken; and what mends it. */
export interface Mutation {
  readonly kind: string
  readonly relation: Relation
  /** What was broken, in words. */
  readonly what: string
  readonly apply: readonly string[]
  readonly undo: readonly string[]
  /** Has to be noticed although nobody can reach anything through it yet. */
  readonly always: boolean
  /** Where the broken protection shows, when it is not the table itself. */
  readonly shows?: string
}

export interface Protected {
  readonly catalog: Catalog
  readonly target: Target
  readonly policies: readonly Policy[]
  readonly helpers: readonly Helper[]
  /** Roles in whose name the application's statements run. */
  readonly appRoles: readonly string[]
}

/** Every way in which somebody breaks this table by one statement, for the protections that it has. */
export function mutationsOf(relation: Relation, known: Protected): Mutation[] {
  const own = known.policies.filter((policy) => policy.relation === relation.oid)
  const base = { relation, always: false }
  return [
    ...switches(relation),
    ...own.flatMap((policy) => ofPolicy(relation, policy, known.target)),
    {
      ...base,
      kind: "permissive policy for everybody",
      what: "a permissive policy that is always true was added",
      apply: [`create policy wardkeep_drill on ${quoted(relation)} using (true) with check (true)`],
      undo: [`drop policy wardkeep_drill on ${quoted(relation)}`],
    },
    ...volatility(relation, own, known.helpers),
    ...aroundPolicies(relation, known),
  ]
}

function switches(relation: Relation): Mutation[] {
  const table = `alter table ${quoted(relation)}`
  const off: Mutation = {
    kind: "row security off",
    relation,
    what: "row security was disabled",
    apply: [`${table} disable row level security`],
    undo: [`${table} enable row level security`],
    always: false,
  }
  const unforced: Mutation = {
    kind: "not forced",
    relation,
    what: "FORCE was taken away",
    apply: [`${table} no force row level security`],
    undo: [`${table} force row level security`],
    always: true,
  }
  return relation.forced ? [off, unforced] : [off]
}

function ofPolicy(relation: Relation, policy: Policy, target: Target): Mutation[] {
  const changed = (kind: string, what: string, other: Partial<Policy>): Mutation => ({
    kind,
    relation,
    what: `policy ${policy.name} ${what}`,
    apply: [dropPolicy(policy), createPolicy({ ...policy, ...other })],
    undo: [dropPolicy(policy), createPolicy(policy)],
    always: false,
  })
  const writes = policy.command !== "select" && policy.command !== "delete"
  const settings = [...new Set(target.tenants.flatMap(({ connect }) => Object.keys(connect.settings)))]
  const [setting] = settings.filter((name) => policy.using?.includes(name))
  const isTrue = (text: string | null): boolean => text === null || text === "true"
  return [
    ...(policy.command === "insert" || isTrue(policy.using)
      ? []
      : [changed("using widened", "lets every row through its USING", { using: "true" })]),
    ...(writes && !(isTrue(policy.check) && isTrue(policy.using))
      ? [changed("check widened", "checks nothing on writing", { check: "true" })]
      : []),
    ...(policy.permissive
      ? []
      : [
          {
            ...changed("restrictive policy dropped", "was dropped", {}),
            apply: [dropPolicy(policy)],
            undo: [createPolicy(policy)],
          },
        ]),
    ...(setting === undefined
      ? []
      : [
          changed("open without context", "lets every row through while no context is set", {
            using: `(${policy.using}) or coalesce(current_setting(${quoteLiteral(setting)}, true), '') = ''`,
          }),
        ]),
  ]
}

const volatilities = { i: "immutable", s: "stable", v: "volatile" } as const

function volatility(relation: Relation, own: readonly Policy[], helpers: readonly Helper[]): Mutation[] {
  const used = helpers.filter(({ policy, volatility: now }) => now !== "i" && own.some(({ oid }) => oid === policy))
  const signatures = new Map(used.map((one) => [one.signature, one]))
  return [...signatures.values()].map(({ signature, volatility: now }) => ({
    kind: "immutable helper",
    relation,
    what: `the policy's function ${signature} was declared IMMUTABLE`,
    apply: [`alter function ${signature} immutable`],
    undo: [`alter function ${signature} ${volatilities[now]}`],
    always: true,
  }))
}

/** Ways around the table: a partition, a view and a function that policies do not stop. */
function aroundPolicies(relation: Relation, { catalog, appRoles }: Protected): Mutation[] {
  const to = appRoles.map(quoteIdent).join(", ")
  if (to === "") return []
  const view = `${quoteIdent(relation.schema)}.wardkeep_drill_view`
  const routine = `${quoteIdent(relation.schema)}.wardkeep_drill_rows()`
  const children = catalog.relations.filter(
    ({ parent, isPartition, rls }) => parent === relation.oid && isPartition && !rls,
  )
  const grants: Mutation[] = [
    {
      kind: "view of the owner",
      relation,
      what: "a view that runs as its owner was made and granted",
      apply: [`create view ${view} as select * from ${quoted(relation)}`, `grant select on ${view} to ${to}`],
      undo: [`drop view ${view}`],
      always: false,
      shows: view,
    },
    {
      kind: "function of the owner",
      relation,
      what: "a SECURITY DEFINER function that returns every row was made and granted",
      apply: [
        `create function ${routine} returns setof ${quoted(relation)} language sql stable security definer as ${quoteLiteral(`select * from ${quoted(relation)}`)}`,
        `grant execute on function ${routine} to ${to}`,
      ],
      undo: [`drop function ${routine}`],
      always: false,
      shows: routine,
    },
  ]
  return [
    ...grants,
    ...children.slice(0, 1).map((child) => ({
      kind: "grant on a partition",
      relation: child,
      what: `SELECT on the partition was granted, where no policy of ${labelOf(relation)} applies`,
      apply: [`grant select on ${quoted(child)} to ${to}`],
      undo: [`revoke select on ${quoted(child)} from ${to}`],
      always: false,
    })),
  ]
}
