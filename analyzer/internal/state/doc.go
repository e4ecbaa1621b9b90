// Package state infers from the facts of a connection which states of RFC 9293 each endpoint went through and what proves it
// ([Course]), how the connection closed ([Close]), which outcome that is, when TIME_WAIT ends, and how an endpoint stood
// at any time ([Lifetime]). It is a function of the facts: what a new fact contradicts was never said.
//
// Non-goals: judging whether that is good (package anomaly), and reading segments (package segment).
package state
