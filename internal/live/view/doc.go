// Package view shows a live analysis on a terminal: a table of conversations with the newest anomalies
// below it, and the ladder of one conversation as it grows.
//
// It observes a live.Loop. Little of it runs on the loop's goroutine (sampler, ring): every reading is copied to a
// ring, and a few times a second the data for one screen is copied to a snapshot. The next snapshot is scheduled by how long
// the last one took, so that snapshots never take more than a twentieth of the loop's time. Everything else, from sorting to
// drawing, happens in other goroutines, which only read snapshots.
//
// Text from outside (names of interfaces and files, expressions and errors in them) is stripped of
// control characters where it is painted (paint.go).
//
// Not its job: analyzing, or keeping a history.
package view
