import type { ProbeCheck } from "../run/check.js"
import { probe as loginEscapesPolicies } from "./WKC001-login-escapes-policies/probe.js"
import { probe as readOtherTenant } from "./WKC020-read-other-tenant/probe.js"
import { probe as insertForOtherTenant } from "./WKC022-insert-for-other-tenant/probe.js"
import { probe as updateOtherTenant } from "./WKC023-update-other-tenant/probe.js"
import { probe as deleteOtherTenant } from "./WKC024-delete-other-tenant/probe.js"
import { probe as moveRowToOtherTenant } from "./WKC025-move-row-to-other-tenant/probe.js"
import { probe as contextMissing } from "./WKC030-context-missing/probe.js"
import { probe as contextMalformed } from "./WKC031-context-malformed/probe.js"
import { probe as contextForgedBySql } from "./WKC033-context-forged-by-sql/probe.js"
import { probe as viewShowsOtherTenant } from "./WKC040-view-shows-other-tenant/probe.js"
import { probe as functionReachesOtherTenant } from "./WKC041-function-reaches-other-tenant/probe.js"
import { probe as copiesOutsidePolicies } from "./WKC042-copies-outside-policies/probe.js"
import { probe as crossTenantReference } from "./WKC050-cross-tenant-reference/probe.js"
import { probe as rowsCrossTenantsToday } from "./WKC051-rows-cross-tenants-today/probe.js"
import { probe as keyRevealsOtherTenant } from "./WKC060-key-reveals-other-tenant/probe.js"

/** Every check that attacks, in the order in which they run. */
export const probes: readonly ProbeCheck[] = [
  loginEscapesPolicies,
  readOtherTenant,
  insertForOtherTenant,
  updateOtherTenant,
  deleteOtherTenant,
  moveRowToOtherTenant,
  contextMissing,
  contextMalformed,
  contextForgedBySql,
  viewShowsOtherTenant,
  functionReachesOtherTenant,
  copiesOutsidePolicies,
  crossTenantReference,
  rowsCrossTenantsToday,
  keyRevealsOtherTenant,
]
