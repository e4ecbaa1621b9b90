// Package reassembly keeps account of a TCP stream's bytes by position: which
// were captured, which were acknowledged or selectively acknowledged, and what
// they were.
//
// # Goal
//
// To turn 32-bit sequence numbers into 64-bit positions once, at the door
// (Unwrap), so that everything after it compares with plain <, and to
// answer in bounded memory: how many of these bytes are new (Ranges), what has the
// receiver got (Scoreboard), and what did the application read (Stream).
// Every bound says what happens when it is reached, and counts it.
//
// Ranges and Scoreboard hold no pointers, so that a table of a million
// connections costs the garbage collector nothing; what exceeds their few
// inline ranges lives in a Pool that the caller owns.
//
// # Non-goals
//
// Nothing here knows of windows, flags, timers or segments. Whether a segment
// was acceptable to its receiver (RFC 9293 3.10.7.4), was a keep-alive (whose one byte
// need not be the stream's), or belonged to another connection on the same
// sockets is decided before its bytes come here. SYN and FIN take one position each
// (RFC 9293 3.4); whoever wants them counted passes ranges that include them.
//
// Nothing here is safe for concurrent use: a connection has one owner.
package reassembly
