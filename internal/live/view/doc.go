// Package view shows on a terminal what a live analysis sees: a table of conversations with the newest anomalies
// beneath, and the ladder of one conversation as it grows.
//
// It observes a live.Loop. What runs on the loop's goroutine is small (sampler, ring): every reading is copied to a
// ring, and a few times a second what a screen needs is copied to a snapshot. How long that took decides when it
// comes again, so that it never takes more than a twentieth of the loop's time. All else, from sorting to drawing,
// happens elsewhere, and reads snapshots only.
//
// Whatever came from outside (the names of interfaces and files, an expression and what is wrong with it) is freed of
// control characters where it is painted (paint.go).
//
// Not its job: to analyze, or to keep what has passed.
package view
