/**
 * Everything that changes a database: install, plan, apply, drift, and the two entrances of the owner. Kept apart from
 * the client, because it reads the package's SQL files at run time and web servers do not need it.
 *
 * @module
 */
export { databaseRole, matrixRoles, vendorRoles } from "../compile/actors.js"
export { type ApplyOptions, type ApplyResult, apply, type EmitOptions, emit } from "../compile/apply.js"
export { restrictedThrough, wallColumns, wallForOwner } from "../compile/consent-wall.js"
export { currentStrategy, type Strategy } from "../compile/current-strategy.js"
export { drift } from "../compile/drift.js"
export type { Callable, Extension, ExtensionInput } from "../compile/extension.js"
export { meetsSecurityFloor, requireSupportedVersion, securityFloorText } from "../compile/floor.js"
export { sqlName } from "../compile/names.js"
export { type Plan, type PlanOptions, plan } from "../compile/plan.js"
export type { Remembering } from "../compile/remember.js"
export { roleFindings } from "../compile/role-findings.js"
export type { ScopedTable } from "../compile/scope.js"
export { list, type Managed, managedSteps, qualified, type Step } from "../compile/step.js"
export { ownKey, referred } from "../compile/through.js"
export { inTransaction } from "../database/in-transaction.js"
export type { Queryable } from "../database/queryable.js"
export { databaseFindings, secureDatabase } from "../install/database-acl.js"
export { type InstallOptions, type InstallResult, install } from "../install/install.js"
export type { LoginPasswords } from "../install/roles.js"
export { useStrategy } from "../install/strategy.js"
export { type BackfillOptions, type BackfillResult, backfill, inTenant } from "../maintenance/backfill.js"
export { type BranchGroupOptions, setBranchGroup } from "../maintenance/branch-group.js"
export { type ExportOptions, exportTenants } from "../maintenance/export.js"
export type { ExportedTable, ExportManifest } from "../maintenance/export-manifest.js"
export { type ForgetSessionsOptions, forgetSessions } from "../maintenance/forget-sessions.js"
export { grantAsOwner, type OwnerGrantOptions } from "../maintenance/grant-as-owner.js"
export { type LoadOptions, type LoadResult, load } from "../maintenance/load.js"
export { type MaintenanceOptions, maintenance } from "../maintenance/maintenance.js"
export { asOwner } from "../maintenance/owner.js"
export { type RestoreOptions, type RestoreResult, restoreTenants } from "../maintenance/restore.js"
export {
  type AddedTenant,
  type AddTenantOptions,
  type AddTenantsOptions,
  addTenant,
  addTenants,
  type NewTenant,
} from "../maintenance/tenancy.js"
export { type MigrationRun, runMigrations } from "./run-migrations.js"
export { sqlDirectory } from "./sql-directory.js"
