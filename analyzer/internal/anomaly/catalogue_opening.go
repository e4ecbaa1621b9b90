package anomaly

import "tcptrace/analyzer/internal/conn"

var openingKinds = []*AnomalyKind{
	{
		ID: "rst-in-handshake", Severity: SeverityError,
		Summary: "an RST ended the connection before it was established",
		RFC:     "RFC 9293 3.5.2, 3.10.7.3",
		Meaning: "One side reset the connection before both had reached ESTABLISHED. The detail says which kind: the server refused; the server took it back after " +
			"its SYN-ACK; the client gave up while it connected, or only wanted to know whether the port is open.",
		Causes: "Nobody listens; a firewall or a load balancer that rejects; a client with a short connect timeout; a port scan; a connection pool that races " +
			"IPv4 against IPv6 and drops the slower one.",
		Next:  "See who sent the RST and how long after the SYN. From the server: is the service up, is there a rule that rejects? From the client: its connect timeout.",
		needs: triggerRST, detect: detectResetInHandshake, detail: detailResetInHandshake,
	},
	{
		ID: "connection-refused", Severity: SeverityError,
		Summary: "an RST answered the SYN",
		RFC:     "RFC 9293 3.10.7.1, 3.10.7.3",
		Meaning: "The server's host was reached and said that it does not accept connections on this port. connect() fails with ECONNREFUSED.",
		Causes:  "The service does not run, listens on another address or port, or its backlog overflowed where tcp_abort_on_overflow is set; a firewall that rejects with an RST.",
		Next:    "On the server: ss -ltn, and the firewall's rules. If the RST has another TTL than the server's other packets, a device on the way sent it.",
		needs:   triggerRST, detect: detectRefused, detail: detailRefused,
	},
	{
		ID: "port-scan", Severity: SeverityWarning,
		Summary: "a segment that begins no connection, such as port scans send",
		RFC:     "RFC 9293 3.10.7.1, 3.10.7.2",
		Meaning: "A segment without SYN, ACK and RST (FIN, NULL and Xmas scans) came to a pair of sockets without a connection. A host where nobody listens on the port answers it by an RST; " +
			"one where somebody does drops it. The outcome is refused or unanswered. Scans by SYNs are rst-in-handshake, connection-refused or no-answer.",
		Causes: "A port scanner (nmap -sF, -sN, -sX), often since firewalls without state look at SYNs only; a broken stack.",
		Next:   "Which ports and hosts does the same sender try? An RST does not prove that the port is closed: some stacks, such as Windows, answer so in any case.",
		needs:  triggerProbe, detect: detectScan, detail: detailScan,
	},
	{
		ID: "unasked-syn-ack", Severity: SeverityWarning,
		Summary: "a SYN-ACK, of which the SYN was not captured, was answered by an RST",
		RFC:     "RFC 9293 3.10.7.1, 3.5.1",
		Meaning: "The host that got the SYN-ACK has no such connection. Whether it ever sent the SYN the capture does not tell: somebody may have sent it in its name, " +
			"or it was a half-open scan or a connect() that was given up, of which the SYN was not captured.",
		Causes: "Backscatter of a SYN flood or scan with forged addresses; a capture that begins too late or sees one way only in part; an old duplicate of a SYN.",
		Next:   "Many from one server to hosts that never talk to it: somebody sends that server SYNs in their names. Does any capture hold the SYN?",
		needs:  triggerRST, detect: detectUnasked, detail: detailUnasked,
	},
	{
		ID: "no-answer", Severity: SeverityError,
		Summary: "a SYN and its retries got no answer that the client takes",
		RFC:     "RFC 9293 3.8.3",
		Meaning: "Nothing came back, no SYN-ACK and no RST, or nothing that acknowledges the SYN. The client waits until its last retry has timed out (Linux: six retries, 127 s in all, tcp_syn_retries) " +
			"and then connect() fails with ETIMEDOUT.",
		Causes:  "A firewall that drops; a host that is down or whose address is wrong; a listen queue that is full (Linux drops the SYN); no way back.",
		Next:    "Capture at the server: does the SYN arrive, does it answer? If it arrives and nothing leaves: nstat TcpExtListenDrops, rp_filter, the firewall.",
		Missing: true, needs: triggerOpening | triggerRST, detect: detectNoAnswer, detail: detailNoAnswer,
	},
	{
		ID: "syn-retransmit", Severity: SeverityWarning,
		Summary: "a SYN was sent again",
		RFC:     "RFC 6298 2, 5.7",
		Meaning: "The client got no answer in time and sent its SYN again. The first retry comes after 1 s, each later one after twice as long, so that " +
			"opening the connection took at least that much longer.",
		Causes: "The SYN or the SYN-ACK was lost; a listen queue that overflowed; a firewall that drops; a refused connection that is tried again (Windows does).",
		Next:   "If a SYN-ACK stands between the SYNs it was lost on its way to the client, else the SYN was lost behind the tap or ignored by the server (nstat TcpExtListenOverflows).",
		needs:  triggerSYNAgain | triggerRST, detect: detectSYNAgain, detail: detailSYNAgain,
	},
	{
		ID: "syn-ack-retransmit", Severity: SeverityWarning,
		Summary: "a SYN-ACK was sent again",
		RFC:     "RFC 6298 5.7",
		Meaning: "The server did not get the ACK that completes the handshake, or did not take it, and sent its SYN-ACK again (Linux: at most five times, tcp_synack_retries). " +
			"The detail says whether the client had acknowledged the first one.",
		Causes: "The SYN-ACK was lost (then the client sends its SYN again, too); the handshake ACK was lost; the server's accept queue is full, so that it ignores the ACK; " +
			"TCP_DEFER_ACCEPT; a SYN with a forged address, whose owner stays silent.",
		Next:  "If the client had acknowledged: ss -ltn on the server (Recv-Q against Send-Q), nstat TcpExtListenOverflows. If not: capture at the client.",
		needs: triggerSYNACKAgain, detect: detectSYNACKAgain, detail: detailSYNACKAgain,
	},
	{
		ID: "accept-queue-overflow", Severity: SeverityWarning,
		Summary: "the server goes on repeating its SYN-ACK although it was acknowledged",
		RFC:     "RFC 9293 3.10.7.4",
		Meaning: "ACK after ACK of the SYN-ACK passed, and the server repeats it by its timer: it has the ACK, and does not take it. The client believes that the connection is open.",
		Causes:  "The accept queue is full, since the application does not call accept() as fast as connections come (Linux drops the ACK then); or, if the client sends nothing, the server waits for data (TCP_DEFER_ACCEPT).",
		Next:    "nstat TcpExtListenOverflows; ss -ltn shows the queue (Recv-Q) and its limit (Send-Q). Raise listen()'s backlog and net.core.somaxconn, or look at why the application does not accept.",
		needs:   triggerSYNACKAgain, detect: detectAcceptQueue, detail: detailAcceptQueue,
	},
	{
		ID: "slow-handshake", Severity: SeverityWarning, Varies: true,
		Summary: "the handshake took much longer than the connection's round trip",
		RFC:     "RFC 9293 3.5, RFC 6298 5.7",
		Meaning: "Client and server needed a retry to open the connection, or the SYN was answered much later than what came behind it: by four round trips and 100 ms at least. A note; a warning from a second on.",
		Causes:  "A SYN or SYN-ACK that was lost; a server, or a proxy before it, that is busy or asks somebody else before it answers; a listen queue that is full.",
		Next:    "The text says whether it was the network or the server, as far as the tap can tell. nstat TcpExtListenDrops and TcpExtListenOverflows at the server.",
		needs:   triggerSYNAgain | triggerSYNACKAgain | triggerSlowOpening, detect: detectSlowHandshake, detail: detailSlowHandshake,
	},
	{
		ID: "syn-options-changed", Severity: SeverityNote,
		Summary: "a SYN was sent again with other options",
		RFC:     "RFC 9293 3.7.1, RFC 7323 2.5",
		Meaning: "Of two SYNs (or SYN-ACKs) with the same number the second offers another MSS or window scale, or leaves out what the first had. Which one counts is not certain.",
		Causes:  "A stack that tries without options when the first SYN had no answer; a middlebox that changes some of them.",
		Next:    "Capture at the sender: are they different there, too? If not, somebody between changes them.",
		needs:   trigger(conn.IncidentSYNOptions), detect: detectSYNOptions, detail: detailSYNOptions,
	},
	{
		ID: "handshake-incomplete", Severity: SeverityWarning,
		Summary: "a SYN-ACK was never acknowledged",
		RFC:     "RFC 9293 3.5, RFC 4987",
		Meaning: "The server is left in SYN_RCVD until it gives up (Linux: 63 s after the SYN, tcp_synack_retries). Each such connection takes a place in its SYN queue.",
		Causes:  "The SYN had a forged address (a SYN flood); the client is gone or behind a firewall that drops the SYN-ACK; a scanner that never answers.",
		Next:    "Many from many addresses: a SYN flood; are SYN cookies on? Few from one: does the SYN-ACK reach that client?",
		Missing: true, needs: triggerOpening, detect: detectIncomplete, detail: detailIncomplete,
	},
	{
		ID: "simultaneous-open", Severity: SeverityNote,
		Summary: "SYNs crossed: both sides opened the connection",
		RFC:     "RFC 9293 3.5, figure 7",
		Meaning: "Both endpoints called connect() to each other at the same moment. Both went SYN_SENT, SYN_RCVD, ESTABLISHED; neither was a server.",
		Causes:  "Hole punching through NATs; a host that connects to itself, on its own ephemeral port; protocols between equals (BGP).",
		Next:    "Nothing, if it was meant. Firewalls that know only client and server may drop such a connection.",
		needs:   triggerBothSYN, detect: detectSimultaneousOpen, detail: detailSimultaneousOpen,
	},
	{
		ID: "split-handshake", Severity: SeverityWarning,
		Summary: "the SYN was answered by an ACK and a SYN apart, or by a SYN alone",
		RFC:     "RFC 9293 3.5",
		Meaning: "The server did not combine SYN and ACK. TCP allows it, hardly any stack does it, and devices on the way may then take the server for the client.",
		Causes:  "A server that tries to get past an intrusion detection system (the split-handshake attack); very unusual stacks.",
		Next:    "Find out what runs on the server. Check that firewalls and sensors still know which side opened the connection.",
		needs:   triggerSplit, detect: detectSplit, detail: detailSplit,
	},
	{
		ID: "syn-changed", Severity: SeverityWarning,
		Summary: "a SYN or SYN-ACK was sent again with another ISN",
		RFC:     "RFC 9293 3.4.1, 3.10.7.4",
		Meaning: "A repeated SYN must have the sequence number of the first one. With another it is a new attempt, or another sender; who keeps the first number " +
			"will not accept what follows.",
		Causes: "A client that closed its socket and connected again from the same port; a NAT, firewall or load balancer that answers in the server's place, or two " +
			"that both answer; SYN cookies switched on between two SYN-ACKs; a forged SYN-ACK.",
		Next:  "Compare TTL and options of the two. If they differ, two machines answered.",
		needs: triggerForeign | trigger(conn.IncidentSucceeds), detect: detectSYNChanged, detail: detailSYNChanged,
	},
	{
		ID: "half-open-discovered", Severity: SeverityWarning,
		Summary: "a SYN hit a connection that the other side still held",
		RFC:     "RFC 9293 3.5.1, figure 9; RFC 5961 4.2",
		Meaning: "One endpoint had forgotten the connection, the other had not. To the new SYN it answered with an ACK of the old connection, the first then reset that. " +
			"Only the next SYN, a second later, opened the new one.",
		Causes: "A restart or crash of one side; a NAT or firewall that forgot the connection; a client that died without a FIN and takes the same port again.",
		Next:   "How long was the old connection idle? Keep-alives or a TCP_USER_TIMEOUT at the side that still held it would have ended it earlier.",
		needs:  trigger(conn.IncidentChallenge) | triggerRST, detect: detectHalfOpen, detail: detailHalfOpen,
	},
	{
		ID: "syn-data", Severity: SeverityNote,
		Summary: "a SYN carried data",
		RFC:     "RFC 7413",
		Meaning: "The client sent bytes before the handshake was complete. The detail says whether the server took them at once, in part, or not at all; in the latter cases they are sent again.",
		Causes:  "TCP Fast Open with a cookie from an earlier connection; without a cookie also port scanners and old T/TCP.",
		Next:    "If they are always ignored: is Fast Open on at the server (net.ipv4.tcp_fastopen), does a device on the way strip the option?",
		needs:   triggerSYNData, detect: detectSYNData, detail: detailSYNData,
	},
}
