package analyzer_test

import (
	"context"
	"errors"
	"fmt"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
	"tcptrace/analyzer/packet"
)

// opensAndCloses prints what opens and closes connections.
func opensAndCloses(r *analyzer.Reading) {
	var s *analyzer.Segment = r.Segment
	from := analyzer.Server
	if s.Dir == r.Client {
		from = analyzer.Client
	}
	switch r.Kind {
	case analyzer.KindSYN, analyzer.KindSYNACK, analyzer.KindFIN:
		fmt.Println(s.Frame, from, r.Kind, "seq", r.Seq)
	case analyzer.KindRetransmission:
		fmt.Println(s.Frame, from, r.Kind, r.Cause, s.Len, "bytes, with ACK:", s.Flags.Has(packet.ACK))
	}
}

// ignored is a sink that takes no notice.
type ignored struct{}

func (ignored) Conversation(*analyzer.Conversation) error { return nil }

// What each segment is, while the capture is read.
func ExampleAnalyzer_Watch() {
	a := analyzer.New(analyzer.Options{}, ignored{})
	a.Watch(opensAndCloses)
	file := capturefile.Open("../testdata/pcaps/fast-retransmit.pcap")
	defer file.Close()
	if _, err := a.Run(context.Background(), file); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 client syn seq 0
	// 2 server syn-ack seq 0
	// 13 server retransmission fast 1448 bytes, with ACK: true
	// 15 client fin seq 101
	// 16 server fin seq 7241
}

// chosen is the sink of a first pass that takes all conversations: their timelines and their followers.
type chosen struct {
	analyzer.Choice
	maker     analyzer.Timelines
	timelines []analyzer.Timeline
	followers []*analyzer.Follower
}

func (x *chosen) Conversation(c *analyzer.Conversation) error {
	x.Take(c)
	x.timelines = append(x.timelines, x.maker.New(c))
	x.followers = append(x.followers, analyzer.NewFollower(c, func(p *analyzer.Piece) error {
		if p.Kind == analyzer.PieceData {
			fmt.Printf("%s: %d bytes from %d on\n", p.From, p.Len, p.Offset)
		}
		return nil
	}))
	return nil
}

// A second pass over a capture shows the segments of conversations in the light of all that is known of them.
func ExampleTimeline() {
	var x chosen
	if _, err := x.Read(context.Background(), capturefile.Open("../testdata/pcaps/refused-retries.pcap"), &x); err != nil {
		fmt.Println(err)
	}
	var v analyzer.SegmentView
	err := x.Watch(context.Background(), capturefile.Open("../testdata/pcaps/refused-retries.pcap"), func(f *analyzer.Frame) error {
		x.timelines[f.Conversation].Segment(&f.Reading, &v)
		fmt.Println(v.Since, v.From, v.Flags, v.Kind, v.State, v.Notes)
		return nil
	})
	if errors.Is(err, analyzer.ErrChanged) {
		fmt.Println("somebody writes to the capture")
	}
	// Output:
	// 0s client S syn [SYN_SENT UNKNOWN] []
	// 20.1ms server RA rst [CLOSED CLOSED] [connection-refused]
	// 520.1ms client S retransmission [SYN_SENT CLOSED] [syn-retransmit]
	// 540.2ms server RA rst [CLOSED CLOSED] []
	// 1.0402s client S retransmission [SYN_SENT CLOSED] []
	// 1.0603s server RA rst [CLOSED CLOSED] [rst-in-handshake]
}

// bytesOf prints the account of a side's bytes.
func bytesOf(side analyzer.Side, s analyzer.FollowStats) {
	fmt.Println(side, s.Data, "bytes,", s.Missing, "missing")
}

// A follower puts the bytes in order that were sent.
func ExampleFollower() {
	var x chosen
	if _, err := x.Read(context.Background(), capturefile.Open("../testdata/pcaps/half-close.pcap"), &x); err != nil {
		fmt.Println(err)
	}
	err := x.Watch(context.Background(), capturefile.Open("../testdata/pcaps/half-close.pcap"), func(f *analyzer.Frame) error {
		return x.followers[f.Conversation].Segment(f.Segment, f.Payload)
	})
	if err != nil {
		fmt.Println(err)
	}
	follower := x.followers[0]
	if err := follower.Close(); err != nil {
		fmt.Println(err)
	}
	bytesOf(analyzer.Client, follower.Stats(analyzer.Client))
	bytesOf(analyzer.Server, follower.Stats(analyzer.Server))
	// Output:
	// client: 100 bytes from 0 on
	// server: 1448 bytes from 0 on
	// server: 1448 bytes from 1448 on
	// server: 404 bytes from 2896 on
	// client 100 bytes, 0 missing
	// server 3300 bytes, 0 missing
}
