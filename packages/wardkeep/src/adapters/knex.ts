export * from "@wardkeep/adapters/knex"
