// Package findings says what is wrong in a capture: with whom, since when, what it cost, where it lies, and which command shows it.
//
// A [Collector] takes judged conversations one by one. A table of kinds ([kinds]) says which of them are affected by what, and what
// that cost; for each kind the collector counts the affected by server, client, network and so on, in bounded memory. At the end the
// value that tells the affected from the others best is their common factor, and the kinds are ranked by what they cost.
//
// Every condition and every cost of the table is also an expression over the fields of a conversation record, so that a finding names
// the command that selects exactly its conversations, and every number can be added up from their records.
//
// Not its job: any knowledge of TCP, which the anomalies have, or of terminals.
package findings
