import type { ProbeCheck } from "../run/check.js"
import { probe as loginEscapesPolicies } from "./WKC001-login-escapes-policies/probe.js"
import { probe as loginMayBecomeOwner } from "./WKC002-login-may-become-owner/probe.js"
import { probe as loginReadsTheServer } from "./WKC003-login-reads-the-server/probe.js"
import { probe as readOtherTenant } from "./WKC020-read-other-tenant/probe.js"
import { probe as readByOtherStatements } from "./WKC021-read-by-other-statements/probe.js"
import { probe as insertForOtherTenant } from "./WKC022-insert-for-other-tenant/probe.js"
import { probe as updateOtherTenant } from "./WKC023-update-other-tenant/probe.js"
import { probe as deleteOtherTenant } from "./WKC024-delete-other-tenant/probe.js"
import { probe as moveRowToOtherTenant } from "./WKC025-move-row-to-other-tenant/probe.js"
import { probe as upsertReachesOtherTenant } from "./WKC026-upsert-reaches-other-tenant/probe.js"
import { probe as truncate } from "./WKC027-truncate/probe.js"
import { probe as triggerOnOtherTenant } from "./WKC028-trigger-on-other-tenant/probe.js"
import { probe as referencesOracle } from "./WKC029-references-oracle/probe.js"
import { probe as contextMissing } from "./WKC030-context-missing/probe.js"
import { probe as contextMalformed } from "./WKC031-context-malformed/probe.js"
import { probe as contextForgedBySql } from "./WKC033-context-forged-by-sql/probe.js"
import { probe as planSurvivesContext } from "./WKC034-plan-survives-context/probe.js"
import { probe as viewShowsOtherTenant } from "./WKC040-view-shows-other-tenant/probe.js"
import { probe as functionReachesOtherTenant } from "./WKC041-function-reaches-other-tenant/probe.js"
import { probe as copiesOutsidePolicies } from "./WKC042-copies-outside-policies/probe.js"
import { probe as stateLeftOnConnection } from "./WKC043-state-left-on-connection/probe.js"
import { probe as viewFilterLeaks } from "./WKC044-view-filter-leaks/probe.js"
import { probe as triggerAnswersWithOtherTenant } from "./WKC047-trigger-answers-with-other-tenant/probe.js"
import { probe as leftInTheSession } from "./WKC048-left-in-the-session/probe.js"
import { probe as triggerWritesOtherTenant } from "./WKC049-trigger-writes-other-tenant/probe.js"
import { probe as crossTenantReference } from "./WKC050-cross-tenant-reference/probe.js"
import { probe as rowsCrossTenantsToday } from "./WKC051-rows-cross-tenants-today/probe.js"
import { probe as keyRevealsOtherTenant } from "./WKC060-key-reveals-other-tenant/probe.js"
import { probe as policyFunctionShadowed } from "./WKC070-policy-function-shadowed/probe.js"
import { probe as policyTableWritable } from "./WKC071-policy-table-writable/probe.js"
import { probe as explainAndTiming } from "./WKC095-explain-and-timing/probe.js"
import { probe as contextOutlivesTransaction } from "./WKC096-context-outlives-transaction/probe.js"
import { probe as poolerHandsOnSessions } from "./WKC097-pooler-hands-on-sessions/probe.js"
import { probe as tenantsAtOnce } from "./WKC098-tenants-at-once/probe.js"
import { probe as publishedHolesTried } from "./WKC100-published-holes-tried/probe.js"
import { probe as wayIn } from "./WKC101-way-in/probe.js"
import { probe as policyWorksPerRow } from "./WKC104-policy-works-per-row/probe.js"
import { probe as sharedRowDeleted } from "./WKC105-shared-row-deleted/probe.js"
import { probe as resetOpens } from "./WKC106-reset-opens/probe.js"
import { probe as sessionsOfOthers } from "./WKC107-sessions-of-others/probe.js"
import { probe as numbersCountEverybody } from "./WKC108-numbers-count-everybody/probe.js"
import { probe as orderNamesOtherTenant } from "./WKC109-order-names-other-tenant/probe.js"
import { probe as answerOpensOtherTenant } from "./WKC110-answer-opens-other-tenant/probe.js"
import { probe as passIsANumber } from "./WKC111-pass-is-a-number/probe.js"
import { probe as callAnswersForAnother } from "./WKC112-call-answers-for-another/probe.js"
import { probe as viewChecksAfterTheKey } from "./WKC113-view-checks-after-the-key/probe.js"

/** Every check that attacks, in the order in which they run. */
export const probes: readonly ProbeCheck[] = [
  loginEscapesPolicies,
  loginMayBecomeOwner,
  loginReadsTheServer,
  readOtherTenant,
  readByOtherStatements,
  insertForOtherTenant,
  updateOtherTenant,
  deleteOtherTenant,
  moveRowToOtherTenant,
  upsertReachesOtherTenant,
  truncate,
  triggerOnOtherTenant,
  referencesOracle,
  contextMissing,
  contextMalformed,
  contextForgedBySql,
  planSurvivesContext,
  viewShowsOtherTenant,
  functionReachesOtherTenant,
  callAnswersForAnother,
  orderNamesOtherTenant,
  answerOpensOtherTenant,
  copiesOutsidePolicies,
  stateLeftOnConnection,
  viewFilterLeaks,
  triggerAnswersWithOtherTenant,
  leftInTheSession,
  triggerWritesOtherTenant,
  crossTenantReference,
  rowsCrossTenantsToday,
  keyRevealsOtherTenant,
  viewChecksAfterTheKey,
  numbersCountEverybody,
  passIsANumber,
  sharedRowDeleted,
  policyFunctionShadowed,
  policyTableWritable,
  explainAndTiming,
  policyWorksPerRow,
  contextOutlivesTransaction,
  resetOpens,
  sessionsOfOthers,
  poolerHandsOnSessions,
  tenantsAtOnce,
  publishedHolesTried,
  wayIn,
]
