export * from "@wardkeep/adapters/next"
