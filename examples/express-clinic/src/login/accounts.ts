import type pg from "pg"

export interface Account {
  readonly id: string
  readonly email: string
  readonly passwordHash: string
  readonly totpSecret: string
}

export interface Accounts {
  byEmail(email: string): Promise<Account | undefined>
  /** Whose accounts these are, for lists that name actors. Ids that are no account are left out. */
  emailsOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** False when a code of this time step, or of a later one, was accepted before (a code works once), or the account was closed. */
  spendCode(accountId: string, step: number): Promise<boolean>
}

/** Credentials, read on the issuer's login: the application's own login may not see them. */
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
    async emailsOf(ids) {
      const { rows } = await issuerPool.query<Pick<Account, "id" | "email">>(
        "select id::text as id, email from account where id::text = any ($1)",
        [ids],
      )
      return new Map(rows.map(({ id, email }) => [id, email]))
    },
    async spendCode(accountId, step) {
      const { rowCount } = await issuerPool.query(
        "update account set totp_step = $2 where id = $1 and totp_step < $2 and closed_at is null",
        [accountId, step],
      )
      return rowCount === 1
    },
  }
}
