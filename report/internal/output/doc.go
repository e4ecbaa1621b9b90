// Package output is how values are spelled in what programs read: numbers, times, addresses, JSON strings, Community
// IDs; and the buffer in which all formats are written. Nothing in it allocates for each value.
//
// Not its job: what the values mean, and which fields a record has.
package output
