// Package segment says what a segment is: its kind, why it was sent again, what it acknowledges, what it offers, and what of
// that is remarkable ([reading.Reading]). A [Reader] reads one segment against the [SenderStats] of its direction, which also count.
//
// Non-goals: states (package state), and which segments belong together (package flow). What it finds that lasts becomes an
// incident of the connection; what is wrong with that is for package anomaly to say.
package segment
