import type { Detection } from "@wardkeep/core"
import { compare, type Material, type RuleHit } from "./hit.js"
import { refusalAlerts, walkAlerts } from "./runs.js"
import { hoursAlerts, overdueAlerts, validityAlerts } from "./times.js"
import { type Measure, volumeAlerts } from "./volume.js"

/** Every rule over one window. The same rows give the same hits in the same order. */
export function hitsOf(detection: Detection, material: Material): { hits: RuleHit[]; tooLittle: Measure[] } {
  const { alerts: volume, tooLittle } = volumeAlerts(detection, material)
  const hits = [
    ...volume,
    ...walkAlerts(detection, material.accesses),
    ...overdueAlerts(detection, material.overdue),
    ...validityAlerts(material.accesses),
    ...hoursAlerts(detection, material.accesses),
    ...refusalAlerts(detection, material.refusals),
  ]
  return { hits: hits.sort((a, b) => compare(orderOf(a), orderOf(b))), tooLittle }
}

function orderOf({ from, rule, actor, events }: RuleHit): string {
  return JSON.stringify([from, rule, actor, events])
}
