// Package expect is the language in which one says what a capture must look like: it reads
// expectations, compares the records of a capture with them, and writes them.
//
// An expectation is a YAML document. Its fields are those of the conversation record; what it names must hold,
// what it does not name is free:
//
//	conversations:
//	  - stream: 0                                   # or client and server: {ip: ..., port: ...}
//	    outcome: closed
//	    client: [SYN_SENT, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT]
//	    endpoints:
//	      server:
//	        trajectory: [LISTEN, SYN_RCVD, {state: ESTABLISHED, frame: 3, evidence: acknowledged}]
//	        sent: {packets: 10..20, payload_bytes: ">=1000"}
//	    duration_s: 0.02 +- 10%
//	    anomalies: []                               # exactly these; or anomalies_include, anomalies_exclude
//	complete: true                                  # there are no other conversations
//	summary: {packets: 11}
//	assert: ['all(conversations, .outcome == "closed")']
//	deny: [error]
//	budget: {syn-retransmit: 1}
//
// A trajectory is all states of an endpoint, in order. Only FIN_WAIT_2 between FIN_WAIT_1 and TIME_WAIT may be named
// or not, if nothing proves that the endpoint stayed in it.
//
// What a record leaves out is 0, false or nothing, and an expectation may say so: null. Only a round-trip time
// that is left out was not measured, and is in no range.
//
// Which fields there are, of which type, is read from the types of package report, so that a new field of a record can
// be named in an expectation at once. A name that does not exist is a [Problem], never a check that cannot fail.
//
// Not its job: to find or read captures (package check).
package expect
