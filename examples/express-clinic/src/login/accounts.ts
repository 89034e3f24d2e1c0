import type pg from "pg"
import type { Assignment } from "wardkeep"

export interface Account {
  readonly id: string
  readonly email: string
  readonly passwordHash: string
  readonly totpSecret: string
}

export interface Accounts {
  byEmail(email: string): Promise<Account | undefined>
  /** False when a code of this time step, or of a later one, was accepted before (a code works once), or the account was closed. */
  spendCode(accountId: string, step: number): Promise<boolean>
  assignments(accountId: string): Promise<Assignment[]>
}

/** Credentials and assignments, read on the issuer's login: the application's own login may not see these tables. */
export function accounts(issuerPool: pg.Pool): Accounts {
  return {
    async byEmail(email) {
      const { rows } = await issuerPool.query<Account>(
        `select id, email, password_hash as "passwordHash", totp_secret as "totpSecret"
           from account where email = $1 and closed_at is null`,
        [email.toLowerCase()],
      )
      return rows[0]
    },
    async spendCode(accountId, step) {
      const { rowCount } = await issuerPool.query(
        "update account set totp_step = $2 where id = $1 and totp_step < $2 and closed_at is null",
        [accountId, step],
      )
      return rowCount === 1
    },
    async assignments(accountId) {
      const { rows } = await issuerPool.query<{
        clinic_id: string
        role: string
        branches: string[] | null
        valid_until: Date | null
      }>(
        `select clinic_id, role, branches, valid_until from assignment
          where account_id = $1 and (valid_until is null or valid_until > now()) order by role`,
        [accountId],
      )
      return rows.map(({ clinic_id, role, branches, valid_until }) => ({
        tenant: clinic_id,
        role,
        branches: branches ?? "all",
        ...(valid_until === null ? {} : { validUntil: valid_until }),
      }))
    },
  }
}
