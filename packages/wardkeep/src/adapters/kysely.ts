export * from "@wardkeep/adapters/kysely"
