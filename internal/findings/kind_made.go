package findings

import (
	"slices"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
)

// What follows makes kinds: of a side, for each of the two, and of anomalies that no other kind tells of.

// receiver is a side that does not read what it is sent: its window closes, or has no room for another segment for long.
func receiver(side analyzer.Side, lies Place) kind {
	name := side.String()
	return kind{
		id: "slow-" + name + "-reader", when: one(warnsOf(side, "zero-window"), both(lasts(spent(timing.Window), held), lasts(limitedByWindow(side.Peer()), held))),
		waited: spent(timing.Window), lies: lies,
		covers: []string{"limited-by-" + name, "window-shrunk"},
		is:     [2]string{"stalled because the " + name + " did not read", "stalled because the " + name + " did not read"},
		why:    "the application at the " + name + " is slow, or blocked",
		next:   "look at the application at the " + name + ", not at the network",
	}
}

// doubledOnPath is frames that were captured more than once, and arrived so: a server answers the SYN twice, or a receiver reports bytes that came twice and
// were sent again less often.
var doubledOnPath = kind{
	id: "doubled-on-path", when: both(has("capture-duplicates"), one(synTwice, cameTwice(analyzer.Client), cameTwice(analyzer.Server))), lies: OnNetwork,
	covers: []string{"duplicates", "slow-opening", "opened-again"}, shows: "syn-ack-retransmit",
	is:   [2]string{"had its packets doubled by the network", "had their packets doubled by the network"},
	why:  "a loop, a bond or a bridge that sends packets on two ways, or redundancy (PRP, HSRP, a mirror port that leads back) whose copies nothing removes: receivers answer the copies, too",
	next: "compare the MAC addresses and TTLs of the copies: where do the two ways part?",
}

// contradicted is a SYN to which two answers came, and anew one that another had been sent before, which nothing answered.
var contradicted = kind{
	id: "contradicted-answer", when: hasOf(analyzer.Server, "syn-changed"), waited: lateOpening, fails: true, lies: ServerOrWay,
	covers: []string{"slow-answer", "refused-at-first", "slow-opening", "opened-again", "rst-not-accepted"},
	is:     [2]string{"got SYN-ACKs that contradict each other", "got SYN-ACKs that contradict each other"},
	why:    "two hosts answer for one address, which was given twice or which two load balancers or firewalls have; or one answer is of another connection, or forged; or SYN cookies were switched on in between",
	next:   "compare TTL, options and MAC addresses of the two: tcptrace timeline, arping -D",
}

var anew = kind{
	id: "opened-anew", when: hasOf(analyzer.Client, "syn-changed"), lies: AtClient,
	is:   [2]string{"was tried before, from the same port, without an answer", "were tried before, from the same port, without an answer"},
	why:  "the client gave up and connected again, or a NAT gave its port to another",
	next: "what was tried before is a conversation of its own: why was that not answered?",
}

// limited is a transfer of a side that the window of its peer holds up.
func limited(sender analyzer.Side, lies Place) kind {
	receiver := sender.Peer().String()
	return kind{
		id: "limited-by-" + receiver, when: one(lasts(limitedByWindow(sender), held), both(lasts(limitedByWindow(sender), held/4), takesHalf(limitedByWindow(sender)))), waited: limitedByWindow(sender), lies: lies,
		is:   [2]string{"was as slow as the " + receiver + "'s window", "were as slow as the " + receiver + "'s window"},
		why:  "its receive buffer is small for the round trip",
		next: "tcp_rmem, SO_RCVBUF and window scaling at the " + receiver,
	}
}

// shortBuffer is a side whose buffer limits what it sends.
func shortBuffer(sender analyzer.Side, lies Place) kind {
	name := sender.String()
	limits := sent(sender, "limited_send_buffer_s", func(s *analyzer.Sent) time.Duration { return s.Limits[timing.SendBuffer] })
	return kind{
		id: "limited-by-" + name + "-buffer", when: both(lasts(limits, held), takesHalf(limits)), waited: limits, lies: lies,
		is:   [2]string{"was as slow as what the " + name + " keeps in flight", "were as slow as what the " + name + " keeps in flight"},
		why:  "its send buffer, or its limit of the congestion window, is small for the round trip: it never sends more at once, though the window has room",
		next: "tcp_wmem, SO_SNDBUF and cwnd clamps at the " + name + "; ss -ti shows both",
	}
}

// doubling is a side that sends segments twice.
func doubling(sender analyzer.Side, lies Place) kind {
	name := sender.String()
	return kind{
		id: "sent-twice-by-" + name, when: twice(sender), again: true, lies: lies, covers: []string{"loss"},
		is:   [2]string{"has a " + name + " that sends segments twice, at once", "have " + name + "s that send segments twice, at once"},
		why:  "a proxy, driver or virtual switch copies what it sends: nothing called for the second, which comes sooner than any timer fires",
		next: "do the second have IP IDs of their own (tcptrace timeline)? Then they were sent, else copied on the way; capture in front of what sits before the " + name,
	}
}

// nagle is a side whose small segments wait for delayed ACKs.
func nagle(side analyzer.Side, lies Place) kind {
	name := side.String()
	return kind{
		id: "nagle-" + name, when: warnsOf(side, "nagle-delay"), lies: lies,
		waited: sent(side, "held_back_s", func(s *analyzer.Sent) time.Duration { return s.HeldBackTime }),
		is:     [2]string{"waited for delayed ACKs before the " + name + " sent what was left", "waited for delayed ACKs before the " + name + " sent what was left"},
		why:    "the application at the " + name + " writes a message in small pieces, without TCP_NODELAY: Nagle's algorithm holds the last until all before are acknowledged",
		next:   "set TCP_NODELAY at the " + name + ", or write each message at once",
	}
}

// alerted is a handshake of TLS that a side ended.
func alerted(side analyzer.Side, lies Place, why, next string) kind {
	name := side.String()
	return kind{
		id: "tls-rejected-by-" + name, when: warnsOf(side, "tls-alert"), covers: append([]string{"write-after-close", "slow-server"}, closes...), fails: true, lies: lies,
		is:  [2]string{"was rejected by its " + name + " in the handshake of TLS", "were rejected by their " + name + "s in the handshake of TLS"},
		why: why, next: next,
	}
}

// reordered is a side whose segments others overtook.
func reordered(sender analyzer.Side, lies Place) kind {
	name := sender.String()
	return kind{
		id: "reordered-" + name, when: both(hasOf(sender, "reordering"), overtaken(sender)), again: true, lies: lies,
		is:   [2]string{"has segments of the " + name + " that overtook each other", "have segments of the " + name + " that overtook each other"},
		why:  "several paths or queues on the way (link aggregation or ECMP by packet, Wi-Fi): a sender takes what comes late for lost, sends it again and slows down",
		next: "where does the path of the " + name + "'s packets fork? balance by connection there, not by packet",
	}
}

// bloatedBy is a transfer of a side that fills a queue on its way.
func bloatedBy(sender analyzer.Side, lies Place) kind {
	receiver := sender.Peer().String()
	return kind{
		id: "long-queue-to-" + receiver, when: bloated(sender), waited: queued(sender), lies: lies,
		is:   [2]string{"filled a long queue on the way to its " + receiver, "filled long queues on the way to their " + receiver + "s"},
		why:  "the slowest link on the way has a queue longer than its rate calls for (bufferbloat): the more is in flight, the longer round trips take, for all that pass it",
		next: "ping across that link with and without such a transfer; manage its queue (fq_codel, CAKE) or shape to its rate",
	}
}

// overflowing is a transfer of a side that fills a queue on its way until that drops segments.
func overflowing(sender analyzer.Side, lies Place) kind {
	k := bloatedBy(sender, lies)
	k.id, k.when, k.again, k.covers = "full-queue-to-"+sender.Peer().String(), overflows(sender), true, []string{"loss", k.id}
	k.is = [2]string{strings.Replace(k.is[0], "a long queue", "the queue", 1) + " until it dropped", strings.Replace(k.is[1], "long queues", "the queues", 1) + " until they dropped"}
	k.why += "; what it drops is how senders learn that it is full"
	return k
}

// leak is an application that does not close.
func leak(side analyzer.Side, lies Place) kind {
	name := side.String()
	return kind{
		id: name + "-leaks", when: warnsOf(side, "close-wait-lingering"), covers: []string{"unfinished-close", "reset-by-client", "reset-by-server", name + "-closes-late"}, holds: "leaked socket", lies: lies,
		speaks: []string{"fin-wait-2-timeout"},
		is:     [2]string{"is left in CLOSE_WAIT by the " + name, "are left in CLOSE_WAIT by the " + name},
		why:    "the application at the " + name + " does not close what its peer has closed",
		next:   "ss -tnp state close-wait at the " + name,
	}
}

// late is an application that does not close a connection until its peer, which had closed, does not wait for that any more.
func late(side analyzer.Side, lies Place) kind {
	name, peer := side.String(), side.Peer().String()
	return kind{
		id: name + "-closes-late", when: hasOf(side.Peer(), "fin-wait-2-timeout"), covers: []string{"unfinished-close", "reset-by-client", "reset-by-server"}, lies: lies,
		is: [2]string{"was left open by its " + name + " until its " + peer + ", which had closed, gave up waiting",
			"were left open by their " + name + "s until their " + peer + "s, which had closed, gave up waiting"},
		why:  "the application at the " + name + " closes late what its peer has closed, as a pool does that nobody looks after; or it had more to send",
		next: "when does that application read the end of its connections? If it had more to send: shutdown() at the " + peer + ", which reads on",
	}
}

// quiet are warnings without a cost that somebody would notice, and frequent where nothing is wrong.
var quiet = []string{"rst-after-fin", "time-wait-assassination"}

// withOthers adds a kind for each anomaly that none of the table tells of, if it is a warning or an error.
func withOthers(table []kind) []kind {
	told := slices.Clone(quiet)
	for i := range table {
		told = append(told, table[i].speaks...)
	}
	for _, section := range analyzer.Catalogue() {
		for _, k := range section.Kinds {
			if k.Severity == analyzer.SeverityNote || slices.Contains(told, k.ID) || slices.ContainsFunc(table, func(t kind) bool { return slices.Contains(t.when.enough, k.ID) }) {
				continue
			}
			table = append(table, kind{
				id: k.ID, when: has(k.ID), lies: NotKnown,
				is:  [2]string{"is marked " + k.ID + ": " + k.Summary, "are marked " + k.ID + ": " + k.Summary},
				why: sentence(k.Causes), next: sentence(k.Next) + " (tcptrace anomalies " + k.ID + ")",
			})
		}
	}
	return table
}

// sentence is a text of the catalogue within another one.
func sentence(text string) string {
	text = strings.TrimSuffix(text, ".")
	if len(text) > 1 && (text[1] >= 'a' && text[1] <= 'z' || text[1] == ' ') { // no abbreviation
		text = strings.ToLower(text[:1]) + text[1:]
	}
	return text
}
