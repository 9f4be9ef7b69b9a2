"""How fast and how large: here the parts on one machine, in `people` what people wait for, in
`large` very large sets and several machines."""
