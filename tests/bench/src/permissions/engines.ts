import { createMongoAbility, type MongoAbility } from "@casl/ability"
import { compileMatrix } from "@wardkeep/permissions"
import { newEnforcer, newModelFromString, StringAdapter } from "casbin"
import { type Asked, type grants, policyOf } from "./questions.ts"

type Given = ReturnType<typeof grants>

export interface Engine {
  readonly name: string
  readonly kind: "ours" | "peer"
  /** One answer, for the agreement. */
  answer(asked: Asked): boolean | Promise<boolean>
  /** Asks the prepared questions so many times over and returns how many were allowed. */
  run(times: number): number | Promise<number>
  /** How many questions `run(1)` asks. */
  readonly questions: number
  /** How often a round repeats them: slower engines need fewer. */
  readonly times: number
}

/** What is looked up once per session and handler stands outside the loop, for every engine that knows such a thing. */
export async function engines(given: Given, asked: readonly Asked[]): Promise<Engine[]> {
  return [...ours(given, asked), casl(given, asked), ...(await casbin(given, asked.slice(0, 20)))]
}

function ours(given: Given, asked: readonly Asked[]): Engine[] {
  const matrix = compileMatrix(policyOf(given))
  const roleIds = asked.map(({ role }) => matrix.role(role))
  const cellIds = asked.map(({ table, action }) => matrix.cell(table, action))
  const compiled = (times: number): number => {
    let allowed = 0
    for (let round = 0; round < times; round++) {
      for (let i = 0; i < roleIds.length; i++) if (matrix.can(roleIds[i]!, cellIds[i]!)) allowed++
    }
    return allowed
  }
  const named = (times: number): number => {
    let allowed = 0
    for (let round = 0; round < times; round++) {
      for (let i = 0; i < asked.length; i++) {
        const { role, table, action } = asked[i]!
        if (matrix.allows(role, table, action)) allowed++
      }
    }
    return allowed
  }
  const by = { kind: "ours", questions: asked.length } as const
  return [
    {
      ...by,
      name: "wardkeep, compiled check",
      times: 2000,
      run: compiled,
      answer: ({ role, table, action }) => matrix.can(matrix.role(role), matrix.cell(table, action)),
    },
    {
      ...by,
      name: "wardkeep, by three names",
      times: 100,
      run: named,
      answer: ({ role, table, action }) => matrix.allows(role, table, action),
    },
  ]
}

function casl(given: Given, asked: readonly Asked[]): Engine {
  const abilities = new Map<string, MongoAbility>(
    [...given].map(([role, cells]) => [
      role,
      createMongoAbility(
        [...cells].flatMap(([subject, actions]) => [...actions].map((action) => ({ action, subject }))),
      ),
    ]),
  )
  const held = asked.map(({ role }) => abilities.get(role)!)
  const run = (times: number): number => {
    let allowed = 0
    for (let round = 0; round < times; round++) {
      for (let i = 0; i < asked.length; i++) {
        const { table, action } = asked[i]!
        if (held[i]!.can(action, table)) allowed++
      }
    }
    return allowed
  }
  const answer = ({ role, table, action }: Asked): boolean => abilities.get(role)!.can(action, table)
  return { name: "CASL 7.0.1, ability built before", kind: "peer", questions: asked.length, times: 100, run, answer }
}

const model = `
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act
`

async function casbin(given: Given, asked: readonly Asked[]): Promise<Engine[]> {
  const policies = [...given].flatMap(([role, cells]) =>
    [...cells].flatMap(([table, actions]) => [...actions].map((action) => `p, ${role}, ${table}, ${action}`)),
  )
  const enforcer = await newEnforcer(newModelFromString(model), new StringAdapter(policies.join("\n")))
  const sync = (times: number): number => {
    let allowed = 0
    for (let round = 0; round < times; round++) {
      for (const { role, table, action } of asked) if (enforcer.enforceSync(role, table, action)) allowed++
    }
    return allowed
  }
  const awaited = async (times: number): Promise<number> => {
    let allowed = 0
    for (let round = 0; round < times; round++) {
      for (const { role, table, action } of asked) if (await enforcer.enforce(role, table, action)) allowed++
    }
    return allowed
  }
  const by = { kind: "peer", questions: asked.length, times: 1 } as const
  return [
    {
      ...by,
      name: "casbin 5.51.1, enforceSync",
      run: sync,
      answer: ({ role, table, action }) => enforcer.enforceSync(role, table, action),
    },
    {
      ...by,
      name: "casbin 5.51.1, enforce",
      run: awaited,
      answer: ({ role, table, action }) => enforcer.enforce(role, table, action),
    },
  ]
}
