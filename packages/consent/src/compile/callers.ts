import { type ConsentRule, type Policy, roleNames } from "@wardkeep/core"
import { type Callable, databaseRole, restrictedThrough } from "@wardkeep/postgres/migrate"

const recording = [
  "serve_notice(text,jsonb)",
  "represent(text,jsonb)",
  "end_representation(text,uuid,text)",
  "emergency(text,text)",
  "decide(text,jsonb)",
  "end_due()",
  "history(text)",
  "prove(text,uuid)",
  "notices()",
  "unreached(uuid,text,text,text,integer)",
  "deliver(uuid,text,jsonb)",
  "campaign(uuid,text)",
  "open_request(text,jsonb)",
  "identify_request(uuid,jsonb)",
  "requests(text)",
]

const deciding = [
  "decide_request(uuid,jsonb)",
  "answer_request(uuid,text)",
  "identify_request(uuid,jsonb)",
  "requests(text)",
  "place_hold(text,jsonb)",
  "release_hold(text,uuid,text)",
  "disclose(text,jsonb)",
]

/** Which role calls which function; each checks the verified context itself. */
export function callers(policy: Policy, rule: ConsentRule): Callable[] {
  const names = roleNames(policy)
  const given = [
    ...rule.recordedBy.flatMap((role) => recording.map((f) => [role, f] as const)),
    ...rule.noticesBy.flatMap((role) => ["publish_notice(jsonb)", "notices()"].map((f) => [role, f] as const)),
    ...rule.rightsBy.flatMap((role) => deciding.map((f) => [role, f] as const)),
  ]
  const once = new Map(given.map((pair) => [pair.join(" "), pair]))
  // A policy calls what the role that it is for may call.
  const asking = policy.actors
    .filter(({ can }) => [...can.keys()].some((table) => restrictedThrough(policy, table)))
    .map((actor) => ({ role: databaseRole(policy, actor), function: "wardkeep_consent.restricted_parents(text)" }))
  const calling = [...once.values()].map(([role, f]) => ({
    role: names.role(role),
    function: `wardkeep_consent.${f}`,
  }))
  return [...calling, ...asking]
}
