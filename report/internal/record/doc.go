// Package record is the records of docs/records.md, docs/segments.md and docs/live.md: as Go data, and as JSON.
//
// [Statistics] is the table of what a conversation record says of each side: a statistic is a line of it. The Go data of
// a side, what fills it and its encoder are generated from the table (go generate), since a call for each of a hundred
// statistics would take as long as all else of a record. The other encoders are written by hand for the same reason;
// tests hold them against encoding/json of the same record. [Terms] are the words of the segment record.
//
// Not its job: choosing conversations, and output for people.
package record
