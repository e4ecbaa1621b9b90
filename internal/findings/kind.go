package findings

import (
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
)

// Place is where the reason lies.
type Place string

// The places. A finding about loss says on which side of the tap it was, if the capture shows that.
const (
	AtClient      Place = "client"
	AtServer      Place = "server"
	OnNetwork     Place = "network"
	NearClient    Place = "network between the client and the tap"
	NearServer    Place = "network between the tap and the server"
	ClientOrWay   Place = "client, or network between it and the tap"
	ServerOrWay   Place = "server, or network between the tap and it"
	NotKnown      Place = "not known"
	InCapture     Place = "capture"
	AtApplication Place = "application at the server"
)

// Places are all that there are.
var Places = []Place{AtClient, AtServer, OnNetwork, NearClient, NearServer, ClientOrWay, ServerOrWay, InCapture, AtApplication, NotKnown}

// IDs are the ids that a finding may have.
func IDs() (ids []string) {
	for i := range caveats {
		ids = append(ids, caveats[i].id)
	}
	for i := range kinds {
		ids = append(ids, kinds[i].id)
	}
	return ids
}

// Description is what a finding tells of conversations.
type Description struct {
	ID    string
	Text  string // what they did: "lost segments"
	Where string // a condition that is true of them, and of those of which another finding is told instead; "": there is none
	Lies  Place
}

// Descriptions are those of all findings about conversations, in the order in which they are looked for: what explains others comes before them.
func Descriptions() (list []Description) {
	for i := range kinds {
		d := Description{ID: kinds[i].id, Text: kinds[i].is[1], Where: kinds[i].when.expr, Lies: kinds[i].lies}
		if d.Where == never.expr { // the record of one does not say that it was part of it
			d.Where = ""
		}
		list = append(list, d)
	}
	return list
}

// kind is what may be wrong with conversations. The first in the table that holds is told of a conversation, then those that it does
// not cover.
type kind struct {
	id     string
	when   condition
	least  float64  // it is told if it affects such a share of the conversations
	whole  bool     // nothing else is told of the conversation
	mild   bool     // it is what many programs do in good order, and told only if it failed, or sets some apart
	covers []string // kinds that are what comes of it
	speaks []string // anomalies that it tells of, beside those of when; others have a kind of their own
	shows  string   // the anomaly that shows it best; "": the gravest

	fails  bool    // the failures that Failed tells of are due to it
	waited measure // how long people waited; zero: they did not
	again  bool    // bytes were sent again
	stalls bool    // it may be part of an outage
	holds  string  // what each conversation takes up: "socket left open"
	lies   Place
	all    string    // what it says of the whole capture, as these conversations show; in place of what they did
	is     [2]string // what the conversation did, what conversations did
	why    string    // what it usually comes from
	next   string    // what to do
}

// slow is what a server may think before somebody who waits for it thinks of something else (Nielsen, "Usability Engineering", 1993).
const slow = time.Second

// held is for how long a window must hold a transfer up to be worth a word; a quarter of that if it is half of the time.
const held = time.Second

// leastTimer is how long an opening takes at least in which a SYN was lost: until a timer has it sent again.
const leastTimer = 200 * time.Millisecond

// triedAgain is that a SYN or SYN-ACK was sent again.
var triedAgain = one(has("syn-retransmit"), has("syn-ack-retransmit"))

// closes are what is seen of a connection that its peer or its path has left.
var closes = []string{"retries-exhausted", "silent-peer", "loss", "reset-by-client", "reset-by-server", "unfinished-close", "refused-at-first", "slow-opening", "opened-again"}

// kinds are in the order in which they are looked for: what explains others comes before them.
var kinds = withOthers([]kind{
	{
		id: "one-sided", when: has("one-sided"), whole: true, lies: InCapture,
		is:   [2]string{"is in the capture in one direction only", "are in the capture in one direction only"},
		why:  "what the other side did is inferred: loss, round trips and failures are not to be trusted",
		next: "capture where both directions pass, such as at one of the hosts",
	}, {
		id: "capture-loss", when: has("capture-loss"), lies: InCapture, covers: []string{"loss", "opening-not-captured"},
		is:   [2]string{"has bytes that its receiver acknowledged and the capture misses", "have bytes that their receivers acknowledged and the capture misses"},
		why:  "the capturing machine or the mirror port was too slow",
		next: "capture less of each frame (-s 128) or filter earlier",
	}, doubledOnPath, {
		id: "duplicates", when: both(has("capture-duplicates"), doubled), lies: InCapture,
		is:   [2]string{"was captured more than once, frame by frame", "were captured more than once, frame by frame"},
		why:  "a mirror port that copies both ways, several interfaces, or a tunnel captured inside and outside; copies count as packets and as payload, and for nothing else",
		next: "capture at one place and in one direction, to have smaller files",
	}, {
		id: "cut-headers", when: has("truncated-header"), lies: InCapture,
		is:   [2]string{"has TCP headers that the snap length cut", "have TCP headers that the snap length cut"},
		why:  "window scale, timestamps and SACK are not known where they were cut",
		next: "capture at least 128 bytes of each frame (-s 128)",
	}, {
		id: "clock-set-back", when: clockSet, lies: InCapture, covers: []string{"disordered"},
		all:  "the clock of the capture was set back",
		is:   [2]string{"saw the clock of the capture set back", "saw the clock of the capture set back"},
		why:  "the capturing machine's clock was set while it captured, by hand or by NTP: what was captured before and after cannot be compared by time, and durations are too short or too long by as much",
		next: "let the clock be slewed, not stepped (chrony, ntpd -x), while capturing; trust frame numbers, and times on one side of that frame",
	}, {
		id: "disordered", when: one(has("capture-reordered"), has("clock-backwards")), lies: InCapture,
		is:   [2]string{"is not in the order in which it was on the wire", "are not in the order in which they were on the wire"},
		why:  "taps or queues with clocks that disagree, or a clock that was set",
		next: "capture with one clock; trust no times of these",
	}, {
		id: "mid-connection", when: condition{expr: `roles == "inferred"`, holds: func(s *subject) bool { return s.Roles == analyzer.RolesInferred }}, least: 0.5, lies: InCapture,
		is:   [2]string{"began before the capture", "began before the capture"},
		why:  "how they were opened is not known, and who is the client is a guess",
		next: "capture for longer than the connections live",
	}, {
		id: "opening-not-captured", when: halfOpened, least: 0.05, lies: InCapture,
		is:   [2]string{"has a SYN or SYN-ACK that was not captured", "have a SYN or SYN-ACK that was not captured"},
		why:  "the capturing machine was too slow, or the capture began or was filtered in the middle of the handshake",
		next: "windows and options of that side are not known: capture the whole handshake",
	}, {
		id: "cut-opening", when: both(one(outcome(analyzer.Unanswered), outcome(analyzer.HalfOpen)), unmarked), least: 0.5, lies: InCapture,
		is:   [2]string{"was being opened when the capture ended", "were being opened when the capture ended"},
		why:  "the capture is shorter than an opening takes: whether it was answered, or completed, is not known",
		next: "capture for some seconds longer",
	}, {
		id: scan, when: has("port-scan"), whole: true, fails: true, lies: AtClient,
		is:   [2]string{"only probed whether a port is open", "only probed whether ports are open"},
		why:  "a port scan, or somebody who looks for a service",
		next: "ask who runs the client",
	}, {
		id: "reset-when-answered", when: resetFor("scan", "probe"), whole: true, speaks: []string{"rst-in-handshake"}, fails: true, lies: ClientOrWay,
		is:   [2]string{"was reset by its client as soon as it was answered", "were reset by their clients as soon as they were answered"},
		why:  "the client had given up, or does not know the answer: it comes from another address (NAT) or to another SYN; or it only probes the port",
		next: "compare the SYN and the SYN-ACK: addresses, ports and numbers",
	}, {
		id: "refused", when: outcome(analyzer.Refused), whole: true, speaks: []string{"connection-refused"}, fails: true, lies: AtServer,
		is:   [2]string{"was refused", "were refused"},
		why:  "nothing listens there, or a firewall rejects",
		next: "ss -ltn at the server",
	}, {
		id: "time-wait", when: has("time-wait-refused"), whole: true, waited: spent(timing.Opening), lies: AtClient,
		is:   [2]string{"met the TIME_WAIT of the connection before on its ports", "met the TIME_WAIT of the connections before on their ports"},
		why:  "the client or a NAT before it takes ports again too soon",
		next: "timestamps at both ends, or fewer new connections",
	}, {
		id: "unreachable", when: has("icmp-unreachable"), covers: append([]string{"no-answer"}, closes...), waited: stallingTime, fails: true, stalls: true, lies: OnNetwork,
		is:   [2]string{"was told by an ICMP error that its peer cannot be reached", "were told by ICMP errors that their peers cannot be reached"},
		why:  "a firewall rejects, the host is down, or a route is missing",
		next: "the device that sent the error: tcptrace timeline names it",
	}, {
		id: "routing-loop", when: has("icmp-time-exceeded"), covers: append([]string{"no-answer"}, closes...), waited: stallingTime, fails: true, lies: OnNetwork,
		is:   [2]string{"sent packets that went through too many routers", "sent packets that went through too many routers"},
		why:  "routers that send packets to each other, or a traceroute",
		next: "traceroute to the server: a loop shows the same routers again and again",
	}, {
		id: "damaged-opening", when: both(one(has("no-answer"), has("handshake-incomplete")), has("bad-checksum")), shows: "bad-checksum", whole: true, waited: duration, fails: true, lies: OnNetwork,
		is:   [2]string{"did not open, and its segments have wrong checksums", "did not open, and their segments have wrong checksums"},
		why:  "a device or network card on the way that changes segments and does not mend their checksums",
		next: "capture closer to the sender: where do they become wrong?",
	}, {
		id: "answered-in-vain", when: both(has("no-answer"), has("rst-not-accepted")), shows: "rst-not-accepted", whole: true, waited: duration, fails: true, lies: ServerOrWay,
		is:   [2]string{"was answered only by RSTs that its client does not take", "were answered only by RSTs that their clients do not take"},
		why:  "the RSTs do not acknowledge the SYN: a device on the way changes numbers in one direction only, or answers in the server's name",
		next: "compare the SYN and the RST in front of that device and behind it",
	}, {
		id: "no-answer", when: has("no-answer"), whole: true, waited: duration, fails: true, stalls: true, lies: ServerOrWay,
		is:   [2]string{"got no answer to its SYN", "got no answer to their SYNs"},
		why:  "a firewall drops, the host is down, or its listen queue is full",
		next: "capture at the server: does the SYN arrive?",
	}, {
		id: "half-open", when: has("handshake-incomplete"), whole: true, fails: true, lies: ClientOrWay,
		is:   [2]string{"was answered and never completed by its client", "were answered and never completed by their clients"},
		why:  "a SYN flood, or the SYN-ACK does not reach the client",
		next: "capture at the client: does the SYN-ACK arrive?",
	}, {
		id: "accept-queue", when: has("accept-queue-overflow"), covers: []string{"loss", "slow-opening", "opened-again", "slow-server", "given-up-opening"}, fails: true, waited: spent(timing.Repair), lies: AtApplication,
		is:   [2]string{"waited for its server to accept it", "waited for their server to accept them"},
		why:  "the accept queue is full: the application does not call accept() fast enough",
		next: "nstat TcpExtListenOverflows and ss -ltn at the server",
	}, {
		id: "given-up-opening", when: both(has("rst-in-handshake"), resetBy(analyzer.Client)), whole: true, fails: true, lies: AtClient,
		is:   [2]string{"was reset by its client before it was open", "were reset by their clients before they were open"},
		why:  "a client with a short timeout, or one that does not know the connection: a forged SYN, an answer that came another way",
		next: "see how long after the SYN-ACK the RST came: tcptrace timeline",
	}, {
		id: "taken-back-opening", when: has("rst-in-handshake"), whole: true, fails: true, lies: AtServer,
		is:   [2]string{"was reset by its server before it was open", "were reset by their servers before they were open"},
		why:  "its accept queue is full (net.ipv4.tcp_abort_on_overflow), it stopped to listen, or a device answers in its name",
		next: "nstat TcpExtListenOverflows at the server; has the RST the TTL of the SYN-ACK?",
	}, {
		id: "injected", when: has("suspected-injection"), whole: true, fails: true, lies: OnNetwork,
		is:   [2]string{"has segments that somebody else sent in an endpoint's name", "have segments that somebody else sent in an endpoint's name"},
		why:  "a firewall, proxy or load balancer that resets in an endpoint's name, or an attack",
		next: "capture closer to the endpoint: the TTL tells how far away the sender is",
	}, {
		id: "mtu-ignored", when: warns("icmp-too-big"), covers: append([]string{"mtu", "path-mtu", "large-segments-lost"}, closes...), waited: spent(timing.Repair), again: true, fails: true, lies: OnNetwork,
		is:   [2]string{"did not heed an ICMP error that its packets are too big", "did not heed ICMP errors that their packets are too big"},
		why:  "a firewall in front of the sender drops ICMP, or a load balancer sends it to another host",
		next: "look for the ICMP error at the sender; clamp the MSS at the tunnel",
	}, {
		id: "mtu", when: has("mtu-black-hole"), covers: append([]string{"path-mtu", "large-segments-lost"}, closes...), waited: spent(timing.Repair), again: true, fails: true, lies: OnNetwork,
		is:   [2]string{"lost all its full segments, but no smaller ones", "lost all their full segments, but no smaller ones"},
		why:  "a smaller MTU on the path, and no ICMP message that says so",
		next: "ping with DF and falling sizes; clamp the MSS, or let ICMP through",
	}, {
		id: "large-segments-lost", when: both(one(has("retries-exhausted"), has("retransmission-timeout")), largeVanished),
		covers: closes, waited: spent(timing.Repair), again: true, fails: true, lies: OnNetwork,
		is:   [2]string{"got none of its data through, which was in large segments", "got none of their data through, which was in large segments"},
		why:  "a smaller MTU on the path, and no ICMP message that says so; or the path was gone just then",
		next: "ping with DF and falling sizes; if large ones pass, see when the peer last said anything",
	}, {
		id: "keep-alive", when: has("keep-alive-timeout"), covers: closes, fails: true, stalls: true, lies: OnNetwork,
		is:   [2]string{"was given up: its keep-alive probes were not answered", "were given up: their keep-alive probes were not answered"},
		why:  "the peer is gone, or a firewall or NAT forgot the idle connection and drops",
		next: "compare how long it was idle with the timeouts of the devices on the way",
	}, {
		id: "forgotten", when: one(resetFor("half-open", "unknown-on-path"), both(has("half-open-discovered"), outcome(analyzer.Reset))), covers: append([]string{"old-connection"}, closes...), fails: true, lies: OnNetwork,
		is:   [2]string{"was reset by something that did not know it any more", "were reset by something that did not know them any more"},
		why:  "a NAT, firewall or load balancer forgot idle connections, or a host restarted",
		next: "keep-alives more often than its timeout",
	}, {
		id: "old-connection", when: has("half-open-discovered"), covers: closes, fails: true, lies: OnNetwork,
		is:   [2]string{"met an old connection that its peer still held", "met old connections that their peers still held"},
		why:  "a host restarted, or a NAT, firewall or load balancer forgot an idle connection, and its port was used again",
		next: "keep-alives, or TCP_USER_TIMEOUT, where the old one was still held",
	}, {
		id: "retries-exhausted", when: has("retries-exhausted"), covers: closes, waited: spent(timing.Repair), again: true, fails: true, stalls: true, lies: OnNetwork,
		is:   [2]string{"was given up: what it sent again and again was not acknowledged", "were given up: what they sent again and again was not acknowledged"},
		why:  "the peer or the path to it is gone, or a firewall forgot the idle connection and drops",
		next: "see when the peer last said anything: tcptrace timeline",
	}, {
		id: "silent-peer", when: both(silent, none(warns("packet-loss"))), covers: []string{"loss", "unfinished-close"}, waited: spent(timing.Repair), again: true, fails: true, stalls: true, lies: NotKnown,
		is:   [2]string{"had no answer any more to what it sent again and again, when the capture ended", "had no answer any more to what they sent again and again, when the capture ended"},
		why:  "the peer is gone, or the path to it or back, or a firewall forgot the connection and drops",
		next: "see when the peer last said anything, and whether other connections to it live; capture at its side, and longer",
	},
	alerted(analyzer.Server, AtServer, "it has no version, cipher suite or certificate for what the client offers or asks for, as the alert says",
		"openssl s_client -connect SERVER:PORT -servername NAME; what it accepts, and the certificate for that name"),
	alerted(analyzer.Client, AtClient, "it does not accept the server's certificate or choice, as the alert says: an unknown CA, an expired certificate, another name",
		"openssl s_client -connect SERVER:PORT -servername NAME -showcerts; the CAs that the client trusts, and its clock"),
	{
		id: "write-after-close", when: one(has("write-after-close"), both(resetFor("after-fin", "unread-data"), undelivered)), fails: true, lies: AtClient,
		covers: append([]string{"rst-not-accepted", "data-after-fin", "client-closes-late", "server-closes-late"}, closes...), shows: "write-after-close", speaks: []string{"rst-after-fin"},
		is:   [2]string{"sent data to a side that had closed", "sent data to a side that had closed"},
		why:  "a pooled connection that the other side closed just then, or before, or a client that leaves in mid-answer",
		next: "see who closed, and who wrote on: tcptrace timeline",
	}, {
		id: "given-up-waiting", when: both(resetFor("aborted"), resetBy(analyzer.Client), lasts(awaited, slow)), speaks: []string{"abortive-close"}, covers: append([]string{"slow-server"}, closes...), waited: spent(timing.Server), fails: true, lies: AtApplication,
		is:   [2]string{"was reset by its client, which had waited for an answer in vain", "were reset by their clients, which had waited for an answer in vain"},
		why:  "the application at the server hangs, or takes longer than the client's timeout",
		next: "the server's log and what it asks in turn; then the client's timeout",
	}, {
		id: "closed-unserved", when: unservedBy(analyzer.Server), covers: []string{"unfinished-close"}, fails: true, lies: AtServer,
		is:   [2]string{"was closed by its server without an answer to its request", "were closed by their servers without an answer to their requests"},
		why:  "the process, or the worker that had the request, ended; a proxy or load balancer has nobody behind it; or the client speaks another protocol than the server",
		next: "the server's log at that moment; curl -v says: empty reply from server",
	}, {
		id: "left-unserved", when: unservedBy(analyzer.Client), covers: []string{"slow-server", "unfinished-close", "server-leaks"}, waited: spent(timing.Idle), fails: true, lies: AtApplication,
		is:   [2]string{"was closed by its client, which had waited for an answer in vain", "were closed by their clients, which had waited for an answer in vain"},
		why:  "the application at the server hangs, or takes longer than the client's timeout",
		next: "the server's log and what it asks in turn; then the client's timeout",
	}, {
		id: "reset-by-client", when: both(has("abortive-close"), resetBy(analyzer.Client)), mild: true, covers: []string{"unfinished-close", "reset-by-server"}, fails: true, lies: AtClient,
		is:   [2]string{"was aborted by an RST of its client", "were aborted by RSTs of their clients"},
		why:  "its process ended, left data unread or closed with SO_LINGER 0, or a timeout of its own",
		next: "see what it had last been sent, and how long before: tcptrace timeline",
	}, {
		id: "reset-by-server", when: has("abortive-close"), covers: []string{"unfinished-close"}, fails: true, lies: AtServer,
		is:   [2]string{"was aborted by an RST of its server", "were aborted by RSTs of their servers"},
		why:  "its process ended, left data unread or closed with SO_LINGER 0, or an idle timeout",
		next: "see what it had last been sent, and how long before: tcptrace timeline",
	}, contradicted, anew, {
		id: "slow-answer", when: both(has("slow-handshake"), none(triedAgain)), covers: []string{"slow-opening"}, waited: spent(timing.Opening), lies: ServerOrWay,
		is:   [2]string{"took long to open: the answer to its SYN came late", "took long to open: the answers to their SYNs came late"},
		why:  "the server, or a proxy or load balancer in front of it, is busy, or asks somebody else before it answers",
		next: "capture at the server: how soon does it answer there?",
	}, {
		id: "refused-at-first", when: both(refusedFirst, triedAgain, lasts(spent(timing.Opening), leastTimer)), waited: spent(timing.Opening), lies: AtServer,
		covers: []string{"slow-opening", "opened-again"},
		is:     [2]string{"was refused, and opened when it tried again", "were refused, and opened when they tried again"},
		why:    "its process started, or restarted, just then, or a firewall rejected",
		next:   "its log: since when did it listen?",
	}, {
		id: "met-old-connection", when: both(metOld, none(has("time-wait-refused")), lasts(spent(timing.Opening), leastTimer)), waited: spent(timing.Opening), lies: AtClient,
		covers: []string{"slow-opening", "opened-again"},
		is:     [2]string{"met an older connection on its ports, and opened when it tried again", "met older connections on their ports, and opened when they tried again"},
		why:    "its host or process had restarted, or a NAT had given its port to another, and the server still held the old connection",
		next:   "keep-alives, or TCP_USER_TIMEOUT, at the server",
	}, {
		id: "slow-opening", when: one(has("slow-handshake"), both(triedAgain, lasts(spent(timing.Opening), leastTimer))), waited: spent(timing.Opening), stalls: true, lies: OnNetwork,
		covers: []string{"opened-again"},
		is:     [2]string{"took long to open", "took long to open"},
		why:    "a SYN or SYN-ACK was lost, or what came back answered something else, and a timer had to send it again",
		next:   "see which, and who answered: tcptrace timeline; nstat TcpExtListenDrops at the server",
	}, {
		id: "opened-again", when: triedAgain, lies: OnNetwork,
		is:   [2]string{"sent a SYN or SYN-ACK again, and soon opened", "sent a SYN or SYN-ACK again, and soon opened"},
		why:  "the first was refused, or what came back answered something else, or the capture begins after it",
		next: "see what stands between the two: tcptrace timeline",
	}, {
		id: "path-mtu", when: has("icmp-too-big"), covers: []string{"loss"}, waited: spent(timing.Repair), again: true, lies: OnNetwork,
		is:   [2]string{"was told by a router to send smaller packets, and does", "were told by routers to send smaller packets, and do"},
		why:  "a link on the way takes less than the endpoints think: path MTU discovery at work, at the cost of the first large packet",
		next: "clamp the MSS at the tunnel, if it happens often",
	}, {
		id: "no-ack-flag", when: has("no-ack-flag"), covers: []string{"loss"}, waited: spent(timing.Repair), again: true, lies: NotKnown,
		is:   [2]string{"was sent segments without ACK, which no receiver takes", "were sent segments without ACK, which no receiver takes"},
		why:  "a device on the way that clears flags, a broken stack, or somebody who forges segments",
		next: "compare the segments at both ends: is the ACK flag cleared on the way?",
	}, {
		id: "sack-reneged", when: has("sack-reneged"), covers: []string{"loss"}, waited: spent(timing.Repair), again: true, lies: NotKnown,
		is:   [2]string{"had to send again what its receiver had said to have", "had to send again what their receivers had said to have"},
		why:  "memory pressure at the receiver, or a device on the way that changes sequence numbers but not SACK blocks",
		next: "nstat TcpExtTCPSACKReneging at the sender; memory at the receiver",
	}, {
		id: "overlap-conflict", when: has("overlap-conflict"), covers: []string{"loss"}, waited: spent(timing.Repair), again: true, lies: NotKnown,
		is:   [2]string{"has bytes that were sent twice, and not the same, or once with a wrong checksum", "have bytes that were sent twice, and not the same, or once with a wrong checksum"},
		why:  "a network card or device on the way that damages segments or their checksums, so that they are sent again; or somebody injects data, or hides it from an intrusion detection system",
		next: "compare the two copies, their TTLs and IP IDs (tcptrace timeline, tcptrace follow); another card or cable, or without offloading (ethtool -K), at who sends them",
	}, doubling(analyzer.Client, ClientOrWay), doubling(analyzer.Server, ServerOrWay), overflowing(analyzer.Server, NearClient), overflowing(analyzer.Client, NearServer), {
		id: "loss", when: one(warns("packet-loss"), has("retransmission-timeout"), has("fin-retransmit")), waited: spent(timing.Repair), again: true, stalls: true, lies: OnNetwork,
		speaks: []string{"fin-retransmit-in-time-wait"},
		is:     [2]string{"lost segments", "lost segments"},
		why:    "a full queue, a bad link or a rate limit on the way",
		next:   "look at the drop counters on the way",
	},
	receiver(analyzer.Client, AtClient), receiver(analyzer.Server, AtServer),
	limited(analyzer.Server, AtClient), limited(analyzer.Client, AtServer),
	{
		id: "slow-server", when: one(slowTurns, lasts(awaited, slow)), waited: spent(timing.Server), lies: AtApplication,
		is:   [2]string{"waited for its server to answer", "waited for their servers to answer"},
		why:  "the application thinks for more than a second; the network had delivered the request",
		next: "the server's log and what it asks in turn",
	},
	{
		id: outage, when: never, waited: stallingTime, again: true, fails: true, lies: OnNetwork,
		is:   [2]string{"stalled or failed with others", "stalled or failed at once"},
		why:  "for that time nothing came through to them: a link, a switch, a firewall or a host stood still, or a route changed",
		next: "what happened then: logs of the devices on the way and of the hosts",
	},
	longerPath, shortBuffer(analyzer.Client, AtClient), shortBuffer(analyzer.Server, AtServer),
	reordered(analyzer.Client, NearClient), reordered(analyzer.Server, NearServer),
	bloatedBy(analyzer.Server, NearClient), bloatedBy(analyzer.Client, NearServer),
	nagle(analyzer.Client, AtClient), nagle(analyzer.Server, AtServer),
	leak(analyzer.Client, AtClient), leak(analyzer.Server, AtServer), late(analyzer.Client, AtClient), late(analyzer.Server, AtServer),
	{
		id: "unfinished-close", when: warns("missing-final-ack"), lies: OnNetwork,
		is:   [2]string{"did not finish its close", "did not finish their close"},
		why:  "a firewall that removes connections at the first FIN, or a peer that is gone",
		next: "see whether the FIN was sent again: tcptrace timeline",
	},
})
