drop policy legacy on visit;
