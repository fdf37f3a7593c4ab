"""The door: exports in, every row loaded, superseded or set aside.

`discover` finds drops and files, `text` brings bytes to UTF-8, `records` finds records, `textfiles`, `ndjsonfile` and
`parquetfile` make relations of them, `check` types and judges, `personal` knows raw numbers, `take` moves one file,
`pieces` reads a large one at several places at once, `numbers` lets line numbers count what was set aside, `store`
keeps, `known` tells what need not be read again, `loading` is the order of it all.

Where the contract leaves room: cells are not trimmed (blanks around a number are a bad type, an id of blanks is an
id); a line without any character is no record; an amount with a third decimal other than 0 is a bad type; `5.0` is
the integer 5; a comma behind the last value of a JSON object is no fault; a timestamp is ISO 8601 in its extended
form, at least to the minute or a date alone (midnight), and digits beyond the microsecond are cut off; a run of digits
that looks like a personal number is masked in the raw text of rows that are set aside.
"""
