export * from "@wardkeep/adapters/better-auth"
