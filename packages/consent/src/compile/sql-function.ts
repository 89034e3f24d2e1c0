import type { Managed } from "@wardkeep/postgres/migrate"

export function sqlFunction(name: string, args: string, why: string, body: string): Managed {
  const target = `wardkeep_consent.${name}`
  return {
    id: `function ${target}`,
    phase: "structure",
    why,
    create: `create or replace function ${target}(${args}) ${body};\nrevoke execute on function ${target} from public`,
    drop: "select 1",
    commentOn: `function ${target}`,
  }
}
