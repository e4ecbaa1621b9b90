package analyzer_test

import (
	"fmt"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// over is why a conversation is not followed any longer.
var over = map[analyzer.Over]string{
	analyzer.OverDone:  "nothing more can come",
	analyzer.OverIdle:  "it was silent for too long",
	analyzer.OverFull:  "there was no room",
	analyzer.OverEnded: "the capture ended",
}

// A monitor tells what happens while it happens.
func ExampleMonitor() {
	m := analyzer.NewMonitor(analyzer.Options{}, analyzer.Idle{Established: time.Hour}, func(e *analyzer.Event) {
		switch e.Kind {
		case analyzer.EventState:
			fmt.Println(e.Kind, e.Side, e.Step.State)
		case analyzer.EventConversation:
			fmt.Println(e.Kind, e.Conversation.Outcome, over[e.Over])
		default:
			fmt.Println(e.Kind)
		}
	})
	at := time.Date(2026, 11, 21, 1, 2, 3, 0, time.UTC)
	for _, data := range [][]byte{
		frame(true, layers.TCP{SYN: true, Seq: 100, Window: 64240}),
		frame(false, layers.TCP{SYN: true, ACK: true, Seq: 300, Ack: 101, Window: 64240}),
		frame(true, layers.TCP{ACK: true, Seq: 101, Ack: 301, Window: 64240}),
	} {
		at = at.Add(time.Millisecond)
		m.Frame(layers.LinkTypeRaw, gopacket.CaptureInfo{Timestamp: at, Length: len(data)}, data)
	}
	m.Flush(analyzer.Time(at.UnixNano()))
	fmt.Println(m.Finish().TCP, "packets")
	// Output:
	// opened
	// state client SYN_SENT
	// state client ESTABLISHED
	// state server LISTEN
	// state server SYN_RCVD
	// state server ESTABLISHED
	// conversation open the capture ended
	// 3 packets
}

// connections is a sink that keeps what is in flight.
type connections struct{ flights []analyzer.Flight }

func (k *connections) Conversation(c *analyzer.Conversation) error {
	k.flights = append(k.flights, analyzer.NewFlight(c))
	return nil
}

// A flight follows what was sent and not acknowledged: here a SYN that was sent twice, the timer of which runs.
func ExampleFlight() {
	var k connections
	a := analyzer.New(analyzer.Options{}, &k)
	var readings []analyzer.Reading
	var segments []analyzer.Segment
	a.Watch(func(r *analyzer.Reading) {
		readings, segments = append(readings, *r), append(segments, *r.Segment)
	})
	at := time.Date(2026, 11, 21, 1, 2, 3, 0, time.UTC)
	for range 2 {
		data := frame(true, layers.TCP{SYN: true, Seq: 100, Window: 64240})
		if err := a.Frame(layers.LinkTypeRaw, gopacket.CaptureInfo{Timestamp: at, Length: len(data)}, data); err != nil {
			fmt.Println(err)
		}
		at = at.Add(time.Second)
	}
	if _, err := a.Close(); err != nil {
		fmt.Println(err)
	}
	for i := range readings {
		readings[i].Segment = &segments[i]
		k.flights[0].Segment(&readings[i])
	}
	timer := k.flights[0].Timer(analyzer.Client, &analyzer.EndpointMoment{State: fsm.SynSent})
	if timer.Kind == analyzer.TimerRetransmission {
		fmt.Println(timer.Repeats, "time sent again")
	}
	// Output:
	// 1 time sent again
}
