/**
 * The policy file's vocabulary alone: nothing of it touches a database, so a policy file imports this.
 *
 * @module
 */
export {
  type Actor,
  type CellInput,
  definePolicy,
  type Permission,
  type Policy,
  type PolicyInput,
  parsePolicy,
  type RoleInput,
  type RoleNames,
  roleNames,
  type TableInput,
  type TableRule,
} from "@wardkeep/core"
