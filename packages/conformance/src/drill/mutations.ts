import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import type { Catalog } from "../catalog/catalog.js"
import { labelOf, quoted, type Relation } from "../catalog/relation.js"
import type { Rights } from "../probe/rights.js"
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
  /** What they were granted on a relation already, so that taking a grant away again mends it. */
  granted(relation: Relation): Pick<Rights, "select" | "truncate">
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
    ...keyWithoutTenant(relation),
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

/** A key of the whole system where there was one per tenant; refused where tenants use the same values. */
function keyWithoutTenant(relation: Relation): Mutation[] {
  const { tenancy } = relation
  if (tenancy.by !== "column") return []
  const tenant = tenancy.column.name
  const key = relation.keys.find(
    ({ kind, columns }) => (kind === "p" || kind === "u") && columns.includes(tenant) && columns.length > 1,
  )
  if (key === undefined) return []
  const rest = key.columns.filter((name) => name !== tenant).map(quoteIdent)
  return [
    {
      kind: "key without tenant",
      relation,
      what: `a unique key over ${rest.join(", ")} of all tenants was added`,
      apply: [`alter table ${quoted(relation)} add constraint wardkeep_drill unique (${rest.join(", ")})`],
      undo: [`alter table ${quoted(relation)} drop constraint wardkeep_drill`],
      always: true,
    },
  ]
}

/** Ways around the table: a partition, a view and a function that policies do not stop. */
function aroundPolicies(relation: Relation, { catalog, appRoles, granted }: Protected): Mutation[] {
  const to = appRoles.map(quoteIdent).join(", ")
  if (to === "") return []
  const view = `${quoteIdent(relation.schema)}.wardkeep_drill_view`
  const routine = `${quoteIdent(relation.schema)}.wardkeep_drill_rows()`
  const children = catalog.relations.filter(
    (child) => child.parent === relation.oid && child.isPartition && !child.rls && granted(child).select.length === 0,
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
  const truncate: Mutation = {
    kind: "truncate granted",
    relation,
    what: "TRUNCATE was granted, which no policy filters",
    apply: [`grant truncate on ${quoted(relation)} to ${to}`],
    undo: [`revoke truncate on ${quoted(relation)} from ${to}`],
    always: false,
  }
  return [
    ...grants,
    ...(granted(relation).truncate ? [] : [truncate]),
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
