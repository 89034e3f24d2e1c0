interface Said {
  readonly status: number
  readonly code: string
}

/** A refusal of the clinic's own login. By its name: Next may hold several copies of the class. */
export function clinicErrorIn(error: unknown): Said | undefined {
  return error instanceof Error && error.name === "ClinicError" ? (error as Error & Said) : undefined
}
