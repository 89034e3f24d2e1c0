import { WardkeepError } from "../errors/wardkeep-error.js"
import type { Policy } from "./policy.js"

/** The PostgreSQL role names of a deployment. Roles belong to the whole cluster, so every name carries the deployment. */
export interface RoleNames {
  readonly owner: string
  readonly migrator: string
  readonly issuer: string
  readonly app: string
  /** Reads what was published over clinics, and nothing else. Only where the policy file has `aggregates`. */
  readonly vendor: string
  role(name: string): string
  service(name: string): string
}

/**
 * @throws WK001 a name PostgreSQL would truncate
 * @example roleNames({ deployment: "demo" }).role("doctor") // wk_demo_r_doctor
 */
export function roleNames(policy: Pick<Policy, "deployment">): RoleNames {
  const prefix = `wk_${policy.deployment}_`
  return {
    owner: `${prefix}owner`,
    migrator: `${prefix}migrator`,
    issuer: `${prefix}issuer`,
    app: `${prefix}app`,
    vendor: `${prefix}vendor`,
    role: (name) => checked(`${prefix}r_${name}`),
    service: (name) => checked(`${prefix}s_${name}`),
  }
}

function checked(name: string): string {
  if (name.length > 63)
    throw new WardkeepError("WK001", { message: "a role name is too long for PostgreSQL (63 bytes)" })
  return name
}
