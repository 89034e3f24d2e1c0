import { quoteLiteral } from "@wardkeep/core"
import type { Managed } from "@wardkeep/postgres/migrate"

/** A function of the schema wardkeep_audit that answers with a part of the policy, for Wardkeep's own functions alone. */
export function dataFunction(name: string, why: string, data: unknown): Managed {
  const target = `wardkeep_audit.${name}()`
  return {
    id: `function wardkeep_audit.${name}`,
    phase: "support",
    why,
    create: `create or replace function ${target} returns jsonb language sql immutable parallel safe return ${quoteLiteral(JSON.stringify(data))}::jsonb;
revoke execute on function ${target} from public`,
    drop: "select 1",
    commentOn: `function ${target}`,
  }
}
