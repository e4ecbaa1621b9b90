package anomaly

import "tcptrace/analyzer/internal/conn"

var closingKinds = []*AnomalyKind{
	{
		ID: "missing-final-ack", Severity: SeverityWarning, Varies: true,
		Summary: "a FIN was never acknowledged",
		RFC:     "RFC 9293 3.6, 3.8.3",
		Meaning: "An endpoint sent its FIN and is left waiting for the ACK, in FIN_WAIT_1, CLOSING or LAST_ACK, or gave up there. It repeats the FIN until it gives up " +
			"(Linux: tcp_orphan_retries, about 8 attempts); its bytes may or may not have arrived.",
		Causes:  "The peer or the path vanished during the close; a firewall that removes the connection at the first FIN; the capture ended too early.",
		Next:    "Was the FIN sent again? If so the peer is unreachable or deaf. If not, see how long the capture goes on.",
		Missing: true, needs: triggerClosing | triggerRST, detect: detectMissingFinalACK, detail: detailMissingFinalACK,
	},
	{
		ID: "fin-retransmit", Severity: SeverityWarning,
		Summary: "a FIN was sent again",
		RFC:     "RFC 6298 5, RFC 9293 3.6",
		Meaning: "The sender got no ACK of its FIN in time. The detail says in which state it was.",
		Causes:  "The FIN or its ACK was lost; the peer is gone; a firewall that drops what follows the first FIN.",
		Next:    "Did an ACK of it pass the tap before? Then that was lost between the tap and the sender, else the FIN behind the tap.",
		needs:   triggerFINAgain, detect: detectFINAgain, detail: detailFINAgain,
	},
	{
		ID: "fin-retransmit-in-time-wait", Severity: SeverityWarning,
		Summary: "a FIN arrived again at an endpoint in TIME_WAIT",
		RFC:     "RFC 9293 3.10.7.4 (eighth, TIME-WAIT STATE)",
		Meaning: "The final ACK was lost or late, so the passive closer repeated its FIN from LAST_ACK. The endpoint in TIME_WAIT acknowledged again and its 2 MSL started " +
			"again. This is what TIME_WAIT is for.",
		Causes: "The last ACK was lost, or took longer than the retransmission timer.",
		Next:   "Nothing, if it is rare. Often: there is loss on the way to the passive closer.",
		needs:  triggerFINAgain, detect: detectFINInTimeWait, detail: detailFINInTimeWait,
	},
	{
		ID: "simultaneous-close", Severity: SeverityNote,
		Summary: "FINs crossed: both sides closed at the same moment",
		RFC:     "RFC 9293 3.6, figure 13",
		Meaning: "Neither side had the other's FIN when it sent its own. Both went FIN_WAIT_1, CLOSING, TIME_WAIT, so both keep the pair of sockets for 2 MSL.",
		Causes:  "Both applications end at the same event: an idle timeout of equal length, the end of a protocol that needs no last word.",
		Next:    "Nothing. If sockets in TIME_WAIT are short, let only one side close.",
		needs:   triggerBothFIN, detect: detectSimultaneousClose, detail: detailSimultaneousClose,
	},
	{
		ID: "half-close", Severity: SeverityNote,
		Summary: "data flowed on after one side's FIN",
		RFC:     "RFC 9293 3.6 (case 2), RFC 1122 4.2.2.13",
		Meaning: "One side said that it will send no more, and went on receiving. That is allowed and useful: the first waits in FIN_WAIT_2, the other is in CLOSE_WAIT.",
		Causes:  "shutdown(SHUT_WR) after a request; a proxy that passes the end of one direction on; a sender that still had bytes queued.",
		Next:    "Nothing. Some firewalls give half-closed connections a short timeout.",
		needs:   trigger(conn.IncidentUnsolicited), detect: detectHalfClose, detail: detailHalfClose,
	},
	{
		ID: "close-wait-lingering", Severity: SeverityWarning, Varies: true,
		Summary: "an endpoint stayed in CLOSE_WAIT: its application has not closed",
		RFC:     "RFC 9293 3.6",
		Meaning: "The peer closed, the kernel acknowledged that, and the application did nothing: it neither sends nor closes. No timer ends CLOSE_WAIT; the " +
			"peer waits in FIN_WAIT_2 (an orphaned socket for tcp_fin_timeout, 60 s on Linux).",
		Causes: "A program that does not read the end of the stream: a leaked socket, a blocked thread, a connection pool that does not test its idle connections.",
		Next:   "On that endpoint: ss -tnp state close-wait shows the process. Look for missing close() on an error path.",
		needs:  triggerCloseWait, detect: detectCloseWait, detail: detailCloseWait,
	},
	{
		ID: "fin-wait-2-timeout", Severity: SeverityWarning,
		Summary: "the active closer stopped waiting for the peer's FIN",
		RFC:     "RFC 9293 3.6; no RFC asks for the timeout",
		Meaning: "The endpoint had closed and waited in FIN_WAIT_2. When the peer at last sent something, its connection was gone: an RST came back.",
		Causes:  "The peer's application kept its side open for longer than the closer's tcp_fin_timeout (60 s on Linux, less where it was lowered).",
		Next:    "The peer is at fault if it lingered in CLOSE_WAIT (close-wait-lingering). If it still had data to send, the closer should use shutdown() and read on.",
		needs:   triggerRST, detect: detectFinWait2, detail: detailFinWait2,
	},
	{
		ID: "abortive-close", Severity: SeverityWarning,
		Summary: "an RST ended an open connection without a FIN",
		RFC:     "RFC 9293 3.10.5, RFC 1122 4.2.2.13",
		Meaning: "One side threw the connection away. Bytes in flight or not yet read are lost; the peer's reads fail with ECONNRESET.",
		Causes: "close() while received bytes were not read, or with SO_LINGER 0; a process or host that died and came back; a firewall or load balancer whose idle " +
			"timeout passed; keep-alive or user timeout.",
		Next:  "What had the connection last done, and how long was it idle? The detail says whether the sender still knew the connection.",
		needs: triggerRST, detect: detectAbortive, detail: detailAbortive,
	},
	{
		ID: "rst-after-fin", Severity: SeverityWarning,
		Summary: "an RST followed or answered a FIN",
		RFC:     "RFC 1122 4.2.2.13, RFC 2525 2.16",
		Meaning: "The close began in good order and ended by an RST. What was still on its way may be lost, though often nothing was.",
		Causes: "The side that got the FIN closed with bytes unread, or with SO_LINGER 0; a client or load balancer that saves itself TIME_WAIT; a firewall that " +
			"cleans up.",
		Next:  "Did all data arrive (compare the acknowledged bytes)? If so it is only untidy.",
		needs: triggerRST, detect: detectResetAfterFIN, detail: detailResetAfterFIN,
	},
	{
		ID: "write-after-close", Severity: SeverityError,
		Summary: "data sent to an endpoint that had closed was answered by an RST",
		RFC:     "RFC 1122 4.2.2.13, RFC 9293 3.6",
		Meaning: "The endpoint had closed its socket entirely, not only its sending side. It cannot take data any more and says so by an RST. The writer's next write " +
			"fails with EPIPE (SIGPIPE), or its read with ECONNRESET; its bytes are lost.",
		Causes: "A client that leaves in the middle of an answer; a pooled connection that the server had closed when the next request was sent; a protocol whose " +
			"sides disagree about who ends it.",
		Next:  "Who should have known? A writer that had seen the FIN long before should have closed or tried another connection.",
		needs: triggerRST, detect: detectWriteAfterClose, detail: detailWriteAfterClose,
	},
	{
		ID: "data-after-fin", Severity: SeverityError,
		Summary: "a sender sent bytes beyond its own FIN",
		RFC:     "RFC 9293 3.6",
		Meaning: "After a FIN there is nothing more to send. The receiver ignores or resets it.",
		Causes:  "Forged segments; a middlebox that joins two connections; a broken stack.",
		Next:    "Compare TTL and IP ID of the FIN and of the data: which of them is the endpoint's?",
		needs:   trigger(conn.IncidentPastFIN), detect: detectDataAfterFIN, detail: detailDataAfterFIN,
	},
	{
		ID: "time-wait-reuse", Severity: SeverityNote,
		Summary: "the pair of sockets was used again while one side was in TIME_WAIT, legally",
		RFC:     "RFC 1122 4.2.2.13, RFC 6191",
		Meaning: "A SYN came less than 2 MSL after the old connection had ended. Its sequence number is larger, or its timestamp later, than all of the old one: nothing " +
			"can be confused, and TIME_WAIT may be cut short.",
		Causes: "A client that opens many connections to one server (tcp_tw_reuse); a fixed source port; a NAT with few ports.",
		Next:   "Nothing. If ports run short, keep connections open for longer.",
		needs:  trigger(conn.IncidentSucceeds), detect: detectTimeWaitReuse, detail: detailTimeWaitReuse,
	},
	{
		ID: "time-wait-refused", Severity: SeverityWarning,
		Summary: "a SYN to a pair of sockets in TIME_WAIT was answered by an old ACK",
		RFC:     "RFC 9293 3.10.7.4, RFC 6191",
		Meaning: "The new SYN could have been an old one: neither its number nor its timestamp was larger. The endpoint in TIME_WAIT acknowledged the old connection again, " +
			"the client reset that, and could only connect at its next SYN, a second later, if that RST ended TIME_WAIT; where it does not (RFC 1337), every SYN meets the same until 2 MSL are over.",
		Causes: "A client or NAT that takes ports again quickly with random sequence numbers and without timestamps.",
		Next:   "Timestamps on both sides make it legal. Let the side with many connections not be the one that closes first.",
		needs:  trigger(conn.IncidentOldAnswer), detect: detectTimeWaitRefused, detail: detailTimeWaitRefused,
	},
	{
		ID: "time-wait-assassination", Severity: SeverityError,
		Summary: "an RST ended TIME_WAIT",
		RFC:     "RFC 1337",
		Meaning: "An old segment was answered from TIME_WAIT, the other side did not know the connection any more and sent an RST, and that removed the state that keeps old " +
			"duplicates out of the next connection.",
		Causes: "Old duplicates; a passive closer that resets after its FIN; Linux takes such an RST unless net.ipv4.tcp_rfc1337 is set.",
		Next:   "Harmless unless the same ports are used again within a minute.",
		needs:  triggerRST, detect: detectAssassination, detail: detailAssassination,
	},
	{
		ID: "port-reused", Severity: SeverityNote,
		Summary: "the same pair of sockets carries a new connection",
		RFC:     "RFC 9293 3.4.3, RFC 6056",
		Meaning: "An earlier conversation in this capture had the same addresses and ports. They are two connections. " +
			"Reuse is not noticed when the earlier one had been over for more than 2 MSL.",
		Causes: "A fixed source port; many connections to one server through few ports; a NAT.",
		Next:   "Nothing, unless it follows at once on the old one: see time-wait-reuse and time-wait-refused.",
		needs:  trigger(conn.IncidentSucceeds), detect: detectPortReused, detail: detailPortReused,
	},
}
