"""The four steps of GMValuator and what goes beyond it: arrays in, arrays out."""
