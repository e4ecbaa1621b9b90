// Package fsm is the TCP connection state machine of one endpoint, as data: a
// table of states and events that can be held against figure 5 of RFC 9293.
//
// # Goal
//
// To say, for a state and an event, which state follows, or that RFC 9293 does
// not allow that event there. The second answer matters as much as the first:
// to an observer it means that the endpoint was not in the state it was
// believed to be in.
//
// # Non-goals
//
// There are no sequence numbers, windows, timers, clock, I/O or memory of the
// past here. Events are already-decided facts: RecvFIN says that a FIN was
// received in order, RecvRST that its receiver accepted it. Whether a segment was
// acceptable (RFC 9293 3.10.7.4, RFC 5961), whether it arrived at all, and
// how stacks stray from the RFCs is for the caller to judge.
//
// # Reading the table
//
// Three things that figure 5 leaves to its notes or to prose:
//
//   - A segment that does two things is two events, in the order in which RFC 9293
//     3.10.7.4 processes them: SYN, ACK, data, FIN. But a FIN that is also the first to acknowledge
//     our own is one event, RecvFINAndAck: it leads from FIN_WAIT_1 to TIME_WAIT
//     without FIN_WAIT_2 (note 2).
//   - An RST in SYN_RCVD leads to LISTEN if the open was passive, else to CLOSED
//     (note 1). That depends on the past, which a table does not have. The
//     caller has it, and chooses between two events: ReturnToListen and RecvRST. The
//     former is also what follows when a passive opener drops a
//     half-open connection for another reason (an in-window SYN, RFC 9293
//     3.10.7.4; no more SYN-ACKs to send). A second SYN_RCVD state would say the same, but would
//     no longer be RFC 9293's.
//   - An arrow of figure 5 can bear what is received and what is sent in answer. An
//     observer may have seen only one of the two, so SendSYNACK makes
//     the same move as the RecvSYN that it answers.
//
// No arrow leads from or to Unknown: what to believe of an endpoint first seen in
// mid-connection is the caller's decision.
//
// # Sources
//
//   - RFC 9293 3.3.2 (states, figure 5), 3.5 (handshake, simultaneous open, resets), 3.6 (closing), 3.10 (event processing).
//   - RFC 1122 4.2.2.13: closing; a SYN may reopen a connection from TIME_WAIT.
//   - RFC 6191: timestamps make that safe also if the new ISN is not larger.
//   - RFC 1337: an RST should not end TIME_WAIT. RFC 9293 lets it, most stacks do,
//     and so does the table; for an endpoint that ignores it there is no event.
//   - RFC 5961: which RST and SYN are not accepted but challenged, and hence no event.
//
// Figure 5's note 3 has the sender of an RST go to TIME_WAIT; RFC 9293 3.10.5 has an
// ABORT go to CLOSED. The table follows the latter, as stacks do.
package fsm
