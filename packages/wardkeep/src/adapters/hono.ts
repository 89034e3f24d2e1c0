export * from "@wardkeep/adapters/hono"
