// Package flow decides to which connection a segment belongs, and for how long a connection is tracked: the flow table of a
// partition ([Tracker]), SYNs and SYN-ACKs that are held until it is clear what they begin, eviction, and the merging of
// the partitions' conversations into one order ([Merger]).
//
// Non-goals: what a segment or a state is, and whether the numbers of a segment are of a connection (package reuse). It has no clock, starts no
// goroutine and reads no input.
package flow
