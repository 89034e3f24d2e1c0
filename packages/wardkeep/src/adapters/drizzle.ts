export * from "@wardkeep/adapters/drizzle"
