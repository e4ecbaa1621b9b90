package reuse

import (
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// The connection of these tests: the client's numbers begin at 100 and the server's at 200. Each has sent some bytes, all of which were acknowledged.
const (
	clientISN, clientNext = 100, 151
	serverISN, serverNext = 200, 301
)

func at(seq uint32) reassembly.Pos { return 1<<32 + reassembly.Pos(seq) }

// opened is that connection.
func opened() *conn.Conn {
	c := &conn.Conn{}
	c.Half[conn.Client] = conn.Half{Start: at(clientISN + 1), End: at(clientNext), Acked: at(serverNext), Packets: 3, Flags: conn.ISNKnown | conn.SentSYN | conn.SentACK | conn.SentData}
	c.Half[conn.Server] = conn.Half{Start: at(serverISN + 1), End: at(serverNext), Acked: at(clientNext), Packets: 3, Flags: conn.ISNKnown | conn.SentSYNACK | conn.SentACK | conn.SentData}
	return c
}

// said is a segment of a side.
func said(side conn.Side, flags wire.Flags, seq, ack uint32) wire.Segment {
	return wire.Segment{Dir: uint8(side), Flags: flags, Seq: seq, Ack: ack}
}

func withData(s wire.Segment, n uint32) wire.Segment { s.Len = n; return s }
func inFrame(s wire.Segment, n uint64) wire.Segment  { s.Frame = n; return s }

// judgment is what a segment tells of those that are held.
type judgment struct {
	why  string
	c    *conn.Conn
	held []wire.Segment
	s    wire.Segment
	want Verdict
}

func judge(t *testing.T, kind Kind, list []judgment) {
	t.Helper()
	for _, j := range list {
		h := Held{Kind: kind, Copies: j.held}
		if got := h.Judge(j.c, &j.s); got != j.want {
			t.Errorf("%s: verdict %d, want %d", j.why, got, j.want)
		}
	}
}

// TestJudgeAgain: a SYN with the number of the connection, and what follows it.
func TestJudgeAgain(t *testing.T) {
	const (
		client, server = conn.Client, conn.Server
		newISN         = 900 // of the server
		synAck         = wire.SYN | wire.ACK
	)
	over, reset, deaf := opened(), opened(), opened()
	over.Flags |= conn.Ended
	reset.Flags |= conn.WasReset
	deaf.Half[client].Flags &^= conn.SentACK
	syn := []wire.Segment{said(client, wire.SYN, clientISN, 0)}
	answer := []wire.Segment{said(server, synAck, newISN, clientISN+1)}
	both := []wire.Segment{syn[0], answer[0]}
	judge(t, Again, []judgment{
		{"the SYN again", opened(), syn, said(client, wire.SYN, clientISN, 0), HoldToo},
		{"another SYN", opened(), syn, said(client, wire.SYN, clientISN+1, 0), Refuted},
		{"a SYN of its peer", opened(), syn, said(server, wire.SYN, clientISN, 0), Refuted},
		{"its SYN-ACK", opened(), syn, said(server, synAck, newISN, clientISN+1), HoldToo},
		{"a SYN-ACK to something else", opened(), syn, said(server, synAck, newISN, clientISN+2), Refuted},
		{"a SYN-ACK of its own", opened(), syn, said(client, synAck, newISN, clientISN+1), Refuted},
		{"an RST", opened(), syn, said(client, wire.RST, clientISN+1, 0), Refuted},

		{"its opener goes on, and the connection lives", opened(), syn, said(client, wire.ACK, clientISN+1, newISN+1), Refuted},
		{"and the connection is over", over, syn, said(client, wire.ACK, clientISN+1, newISN+1), Confirmed},
		{"and it was reset", reset, syn, said(client, wire.ACK, clientISN+1, newISN+1), Confirmed},
		{"elsewhere", over, syn, said(client, wire.ACK, clientISN+2, newISN+1), Refuted},
		{"its peer does", over, syn, said(server, wire.ACK, clientISN+1, newISN+1), Refuted},

		{"its opener takes the SYN-ACK", opened(), both, said(client, wire.ACK, clientISN+1, newISN+1), Confirmed},
		{"or acknowledges more", opened(), both, said(client, wire.ACK, clientISN+1, newISN+2), Refuted},
		{"or has gone on", opened(), both, said(client, wire.ACK, clientISN+2, newISN+1), Refuted},
		{"of the SYN-ACK alone", opened(), answer, said(client, wire.ACK, clientISN+1, newISN+1), Confirmed},

		{"its peer goes on, and acknowledges what it had", opened(), both, withData(said(server, wire.ACK, newISN+1, clientNext), 1), Refuted},
		{"and less", opened(), both, withData(said(server, wire.ACK, newISN+1, clientNext-1), 1), Confirmed},
		{"without data", opened(), both, said(server, wire.ACK, newISN+1, clientNext-1), Refuted},
		{"elsewhere", opened(), both, withData(said(server, wire.ACK, newISN+2, clientNext-1), 1), Refuted},
		{"no ACK of the opener was captured", deaf, both, said(server, wire.ACK, newISN+1, clientNext), Confirmed},
	})
}

// TestJudgeFar: numbers that are in no window, and those that go with them.
func TestJudgeFar(t *testing.T) {
	const seq, ack = 500e6, 600e6
	alone := opened()
	alone.Half[conn.Server].Packets = 0
	held := []wire.Segment{inFrame(withData(said(conn.Client, wire.ACK, seq, ack), 100), 7)}
	judge(t, FarOff, []judgment{
		{"its peer answers", opened(), held, said(conn.Server, wire.ACK, ack+conn.Slack, seq+conn.Slack), Confirmed},
		{"and acknowledges something far from that", opened(), held, said(conn.Server, wire.ACK, ack, seq+conn.Slack+1), HoldOn},
		{"or has a number far from what that acknowledged", opened(), held, said(conn.Server, wire.ACK, ack+conn.Slack+1, seq), HoldOn},
		{"or resets it", opened(), held, said(conn.Server, wire.RST|wire.ACK, ack, seq), HoldOn},
		{"or acknowledges nothing", opened(), held, said(conn.Server, 0, ack, seq), HoldOn},
		{"or says something in the connection", opened(), held, said(conn.Server, wire.ACK, serverNext, clientNext), HoldOn},

		{"its sender goes on", opened(), held, inFrame(said(conn.Client, wire.ACK, seq+100, ack), 9), HoldToo},
		{"far from that", opened(), held, inFrame(said(conn.Client, wire.ACK, seq+conn.Slack+1, ack), 9), HoldOn},
		{"or acknowledges something far from that", opened(), held, inFrame(said(conn.Client, wire.ACK, seq, ack+conn.Slack+1), 9), HoldOn},
		{"nothing of its peer is captured", alone, held, inFrame(withData(said(conn.Client, wire.ACK, seq+100, ack), 100), 9), Confirmed},
		{"but it only repeats that", alone, held, inFrame(withData(said(conn.Client, wire.ACK, seq, ack), 100), 9), HoldToo},
		{"or it is of the same frame", alone, held, inFrame(withData(said(conn.Client, wire.ACK, seq+100, ack), 100), 7), HoldToo},
	})
}

// TestJudgeReset: a SYN-ACK into a connection that is over, and who resets it.
func TestJudgeReset(t *testing.T) {
	const seq, ack = 7000, 8001 // of the SYN-ACK
	synAck := []wire.Segment{said(conn.Server, wire.SYN|wire.ACK, seq, ack)}
	fast := []wire.Segment{withData(synAck[0], 10)}
	syn := []wire.Segment{said(conn.Server, wire.SYN, seq, ack)} // what is in the field is no acknowledgment
	judge(t, Dying, []judgment{
		{"by what it acknowledges", opened(), synAck, said(conn.Client, wire.RST, ack, 0), Confirmed},
		{"by another number", opened(), synAck, said(conn.Client, wire.RST, ack+1, 0), HoldOn},
		{"with an ACK of it", opened(), synAck, said(conn.Client, wire.RST|wire.ACK, ack, seq+1), Confirmed},
		{"with another ACK", opened(), synAck, said(conn.Client, wire.RST|wire.ACK, ack, seq+2), HoldOn},
		{"with an ACK of its data", opened(), fast, said(conn.Client, wire.RST|wire.ACK, ack, seq+1+10), Confirmed},
		{"with an ACK of none", opened(), fast, said(conn.Client, wire.RST|wire.ACK, ack, seq+1), HoldOn},
		{"and begins something", opened(), synAck, said(conn.Client, wire.SYN|wire.RST, ack, 0), HoldOn},
		{"a SYN acknowledges nothing", opened(), syn, said(conn.Client, wire.RST, ack, 0), HoldOn},
	})
	judge(t, AnotherSYN, []judgment{{"into a connection that lives", opened(), synAck, said(conn.Client, wire.RST, ack, 0), HoldOn}})
}

// TestJudgeTaken: a SYN-ACK that acknowledges more than is known to have been sent with the SYN, and who goes on with it.
func TestJudgeTaken(t *testing.T) {
	const seq, data = 7000, 500 // of the SYN-ACK, and with the SYN
	dialing := func() *conn.Conn {
		c := &conn.Conn{}
		c.Half[conn.Client] = conn.Half{Start: at(clientISN + 1), End: at(clientISN + 1), Packets: 1, Flags: conn.ISNKnown | conn.SentSYN}
		return c
	}
	answered, known := dialing(), dialing()
	answered.Half[conn.Client].Flags |= conn.SentACK
	known.Half[conn.Server] = opened().Half[conn.Server]
	synAck := func(data uint32) []wire.Segment {
		return []wire.Segment{said(conn.Server, wire.SYN|wire.ACK, seq, clientISN+1+data)}
	}
	for _, test := range []struct {
		why  string
		c    *conn.Conn
		held []wire.Segment
		s    wire.Segment
		want bool
	}{
		{"the client", dialing(), synAck(data), said(conn.Client, wire.ACK, clientISN+1+data, seq+1), true},
		{"by another number", dialing(), synAck(data), said(conn.Client, wire.ACK, clientISN+2+data, seq+1), false},
		{"and acknowledges no SYN", dialing(), synAck(data), said(conn.Client, wire.ACK, clientISN+1+data, seq), false},
		{"and acknowledges much", dialing(), synAck(data), said(conn.Client, wire.ACK, clientISN+1+data, seq+1+conn.Slack), true},
		{"and too much", dialing(), synAck(data), said(conn.Client, wire.ACK, clientISN+1+data, seq+2+conn.Slack), false},
		{"the server", dialing(), synAck(data), said(conn.Server, wire.ACK, seq+1, clientISN+1+data), true},
		{"by another number", dialing(), synAck(data), said(conn.Server, wire.ACK, seq+2, clientISN+1+data), false},
		{"and acknowledges more", dialing(), synAck(data), said(conn.Server, wire.ACK, seq+1, clientISN+2+data), false},
		{"resets it", dialing(), synAck(data), said(conn.Client, wire.RST|wire.ACK, clientISN+1+data, seq+1), false},
		{"as much as a segment may have", dialing(), synAck(65535), said(conn.Client, wire.ACK, clientISN+1+65535, seq+1), true},
		{"and more", dialing(), synAck(65536), said(conn.Client, wire.ACK, clientISN+1+65536, seq+1), false},
		{"a client that has gone on", answered, synAck(data), said(conn.Client, wire.ACK, clientISN+1+data, seq+1), false},
		{"a server whose number is known", known, synAck(data), said(conn.Client, wire.ACK, clientISN+1+data, seq+1), false},
	} {
		h := Held{Kind: AnotherSYN, Copies: test.held}
		if got := h.Judge(test.c, &test.s) == Own; got != test.want {
			t.Errorf("%s: its own %v, want %v", test.why, got, test.want)
		}
	}
}

// TestJudgeAnswer: an ACK of the connection that a SYN came into is its answer to that, and what goes on with the SYN confirms it.
func TestJudgeAnswer(t *testing.T) {
	const ack = wire.ACK
	near, far := []wire.Segment{said(conn.Client, wire.SYN, clientNext+500, 0)}, []wire.Segment{said(conn.Client, wire.SYN, 900e6, 0)}
	for _, test := range []struct {
		why      string
		kind     Kind
		held     []wire.Segment
		s        wire.Segment
		want     Verdict
		answered bool
	}{
		{"an ACK of the connection", AnotherSYN, near, said(conn.Server, ack, serverNext, clientNext), HoldOn, true},
		{"data", AnotherSYN, near, withData(said(conn.Server, ack, serverNext, clientNext), 1), HoldOn, false},
		{"a FIN", AnotherSYN, near, said(conn.Server, ack|wire.FIN, serverNext, clientNext), HoldOn, false},
		{"no ACK", AnotherSYN, near, said(conn.Server, 0, serverNext, clientNext), HoldOn, false},
		{"an ACK of another connection", AnotherSYN, near, said(conn.Server, ack, 900e6, 900e6), HoldOn, false},
		{"its SYN-ACK", AnotherSYN, near, said(conn.Server, wire.SYN|ack, 77, clientNext+501), Confirmed, false},
		{"a SYN-ACK of something else", AnotherSYN, near, said(conn.Server, wire.SYN|ack, 77, clientNext+502), HoldOn, false},
		{"its refusal", AnotherSYN, near, said(conn.Server, wire.RST|ack, 0, clientNext+501), Confirmed, false},

		{"its sender goes on outside the connection", AnotherSYN, far, said(conn.Client, ack, 900e6+1, 78), Confirmed, false},
		{"or in it", AnotherSYN, near, said(conn.Client, ack, clientNext+501, serverNext), HoldOn, false},
		{"which is over, behind its end", Dying, near, said(conn.Client, ack, clientNext+501, serverNext), Confirmed, false},
		{"or resets", AnotherSYN, far, said(conn.Client, wire.RST, 900e6+1, 78), HoldOn, false},
		{"or elsewhere", AnotherSYN, far, said(conn.Client, ack, 900e6+2, 78), HoldOn, false},
	} {
		h := Held{Kind: test.kind, Copies: test.held}
		got := h.Judge(opened(), &test.s)
		if got != test.want || h.Answered != test.answered {
			t.Errorf("%s: verdict %d, want %d; answered %v, want %v", test.why, got, test.want, h.Answered, test.answered)
		}
	}
}

// TestJudgeSender: what the sender of the SYN that is held does next.
func TestJudgeSender(t *testing.T) {
	const isn = clientNext + 500
	later := func(s wire.Segment) wire.Segment { s.Time = int64(soonest); return s }
	over, reset := opened(), opened()
	over.Flags |= conn.Ended
	reset.Half[conn.Server].Flags |= conn.SentRST
	syn, synAck := []wire.Segment{said(conn.Client, wire.SYN, isn, 0)}, []wire.Segment{said(conn.Client, wire.SYN|wire.ACK, isn, 0)}
	judge(t, AnotherSYN, []judgment{
		{"repeats it", opened(), syn, later(said(conn.Client, wire.SYN, isn, 0)), HoldToo},
		{"into a connection that is over", over, syn, later(said(conn.Client, wire.SYN, isn, 0)), Confirmed},
		{"or that its peer reset", reset, syn, later(said(conn.Client, wire.SYN, isn, 0)), Confirmed},
		{"too soon for that", over, syn, said(conn.Client, wire.SYN, isn, 0), HoldToo},
		{"sends another SYN", over, syn, later(said(conn.Client, wire.SYN, isn+1, 0)), HoldOn},
		{"or a SYN-ACK", over, syn, later(said(conn.Client, wire.SYN|wire.ACK, isn, 0)), HoldOn},
	})
	judge(t, Dying, []judgment{
		{"repeats it", opened(), syn, later(said(conn.Client, wire.SYN, isn, 0)), Confirmed},
		{"goes on, and the first data were not captured", opened(), syn, said(conn.Client, wire.ACK, isn+1+conn.Slack, 0), Confirmed},
		{"too far on", opened(), syn, said(conn.Client, wire.ACK, isn+2+conn.Slack, 0), HoldOn},
		{"before it", opened(), syn, said(conn.Client, wire.ACK, isn, 0), HoldOn},
		{"resets", opened(), syn, said(conn.Client, wire.RST|wire.ACK, isn+10, 0), HoldOn},
	})
	for _, test := range []struct {
		why      string
		held     []wire.Segment
		answered bool
		s        wire.Segment
		want     Verdict
	}{
		{"resets the answer", syn, true, said(conn.Client, wire.RST, clientNext, 0), Disowned},
		{"with another number", syn, true, said(conn.Client, wire.RST, clientNext+1, 0), HoldOn},
		{"with an ACK", syn, true, said(conn.Client, wire.RST|wire.ACK, clientNext, 0), HoldOn},
		{"without one having been captured", syn, false, said(conn.Client, wire.RST, clientNext, 0), HoldOn},
		{"behind a SYN-ACK", synAck, true, said(conn.Client, wire.RST, clientNext, 0), HoldOn},
	} {
		h := Held{Kind: AnotherSYN, Copies: test.held, Answered: test.answered, Answer: said(conn.Server, wire.ACK, serverNext, clientNext)}
		if got := h.Judge(opened(), &test.s); got != test.want {
			t.Errorf("%s: verdict %d, want %d", test.why, got, test.want)
		}
	}
}

// TestJudgeUnasked: a SYN-ACK that does not acknowledge the SYN is reset by who is in SYN_SENT.
func TestJudgeUnasked(t *testing.T) {
	const ack = 8001
	dialing := &conn.Conn{}
	dialing.Half[conn.Client] = conn.Half{Start: at(clientISN + 1), End: at(clientISN + 1), Packets: 1, Flags: conn.ISNKnown | conn.SentSYN}
	synAck := []wire.Segment{said(conn.Server, wire.SYN|wire.ACK, 7000, ack)}
	judge(t, AnotherSYN, []judgment{
		{"it resets", dialing, synAck, said(conn.Client, wire.RST, ack, 0), Refuted},
		{"something else", dialing, synAck, said(conn.Client, wire.RST, ack+1, 0), HoldOn},
		{"or acknowledges what it resets", dialing, synAck, said(conn.Client, wire.RST|wire.ACK, ack, 7002), HoldOn},
		{"where there is a connection it resets that", opened(), synAck, said(conn.Client, wire.RST, ack, 0), HoldOn},
	})
}

// TestBeyond: no window reaches farther than 65,535 x 2^14 bytes, be it ahead or back.
func TestBeyond(t *testing.T) {
	const window = 65535 << 14
	h := &conn.Half{End: at(clientNext)}
	for seq, want := range map[uint32]bool{
		clientNext: false, clientNext + window: false, clientNext + window + 1: true, 1<<32 + clientNext - window: false, 1<<32 + clientNext - window - 1: true,
	} {
		if got := beyond(seq, h); got != want {
			t.Errorf("%d: beyond %v, want %v", seq, got, want)
		}
	}
}
