export * from "@wardkeep/postgres/migrate"
