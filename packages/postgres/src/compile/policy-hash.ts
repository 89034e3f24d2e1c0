import { canonicalJson, type Json, type Policy } from "@wardkeep/core"
import { hashOf } from "./step.js"

/** Of the policy without its Maps, in canonical form: what `apply` remembers and keys of caches hold. */
export function policyHash(policy: Policy): string {
  const plain: Json = JSON.parse(
    JSON.stringify({
      ...policy,
      tables: [...policy.tables],
      purposes: [...policy.purposes],
      actors: policy.actors.map((actor) => ({ ...actor, can: [...actor.can] })),
    }),
  )
  return hashOf(canonicalJson(plain))
}
