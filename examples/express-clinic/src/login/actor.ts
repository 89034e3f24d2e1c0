const prefix = "account:"

/** How this application calls a person in Wardkeep. */
export const actorOf = (accountId: string): string => prefix + accountId

/** The account behind an actor; whoever is no account, such as the installing owner, keeps their name. */
export const accountOf = (actor: string): string => (actor.startsWith(prefix) ? actor.slice(prefix.length) : actor)
