// Package ladder draws a conversation segment by segment: as a ladder for a terminal, and as a sequence diagram in
// Mermaid's language. Both are made of the same rungs (rung.go), which fold what is ordinary, and of the same labels.
//
// It draws as the segments come and holds no more than those that may still fold. It reads no captures, and what a
// segment is has been decided by the analyzer.
//
// Not its job: to decide what a segment is.
package ladder
