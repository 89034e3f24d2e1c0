export * from "@wardkeep/adapters/express"
