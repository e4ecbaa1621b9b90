// Package conn holds what is known of a TCP connection while it is tracked, and is the only code that writes it: both directions
// of a [Conn] ([Half]), its facts (a [Fact] is a segment that says something about a state: a SYN, FIN or RST, or what first
// answers one) and its incidents (an [Incident] adds up what can happen to any segment). It also defines what is handed out of
// that, a [Conversation], and the words that all of the analysis shares: [Time], [Side], [Outcome], [Sent].
//
// Hot structs hold no pointers, so that a million of them cost the garbage collector nothing; facts and incidents are in pools.
//
// Non-goals: what a segment is (package segment), which states follow from the facts (package state), and to which
// connection a segment belongs (package flow).
package conn
