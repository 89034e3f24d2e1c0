/** What can be done with a table. The first four are SQL commands; the others are what an application does with rows it read. */
export const actions = ["create", "read", "update", "delete", "download", "print", "export", "share"] as const

export type Action = (typeof actions)[number]

/** Actions the database cannot see: each needs the rows it is about, so it is worth no more than `read`. */
export const handlingActions = ["download", "print", "export", "share"] as const satisfies readonly Action[]

export function isAction(value: unknown): value is Action {
  return actions.some((action) => action === value)
}

/** What a clinic may take from a role at run time: the actions that the database sees. */
export const narrowableActions = ["create", "read", "update", "delete"] as const satisfies readonly Action[]
