import type { ProbeCheck } from "../run/check.js"
import { probe as readOtherTenant } from "./WKC020-read-other-tenant/probe.js"

/** Every check that attacks, in the order in which they run. */
export const probes: readonly ProbeCheck[] = [readOtherTenant]
